//! The floor: a bare Rocket route that takes a form and gives JSON as long as an introspection's, with nothing behind it.

use hallmark::front::{Front, Settings};
use rocket::form::{Form, FromForm};
use rocket::serde::json::Json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

#[rocket::post("/oauth/introspect", data = "<form>")]
fn introspect(form: Form<Introspect<'_>>) -> Json<Answer<'_>> {
    Json(Answer { active: true, token: form.token, rest: include_str!("floor.txt") })
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rocket = rocket::build().mount("/", rocket::routes![introspect]);
    let port: u16 = rocket.figment().extract_inner("port")?;
    if std::env::args().any(|argument| argument == "--stock") {
        return rocket.launch().await.map(drop).map_err(Into::into);
    }
    let front = Front::bind(rocket, ("127.0.0.1", port), Settings::default()).await?;
    front.serve(std::future::pending()).await;
    Ok(())
}
