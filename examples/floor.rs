//! The floor: a bare Rocket route that takes a form and gives JSON as long as an introspection's, with nothing behind it.

use rocket::form::{Form, FromForm};
use rocket::serde::json::Json;

#[derive(FromForm)]
struct Introspect<'r> {
    token: &'r str,
}

#[derive(serde::Serialize)]
struct Answer<'r> {
    active: bool,
    token: &'r str,
    rest: &'static str,
}

/// With the rest of this length the answer is as long as that about a live token of a person.
const REST: &str = include_str!("floor.txt");

#[rocket::post("/oauth/introspect", data = "<form>")]
fn introspect(form: Form<Introspect<'_>>) -> Json<Answer<'_>> {
    Json(Answer { active: true, token: form.token, rest: REST })
}

#[rocket::main]
async fn main() -> Result<(), Box<rocket::Error>> {
    rocket::build().mount("/", rocket::routes![introspect]).launch().await.map(drop).map_err(Box::new)
}
