//! Searches. Whoever holds a role on anything may search; what they hold none on is left out of the answer.

use hallmark::resource_server::{Allowed, Caller};
use rocket::form::FromForm;
use rocket::serde::Deserialize;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, get, post, routes};

use super::answer::{Answer, Fault, Page};
use super::aql::Query;
use super::here::Here;

/// What is searched for; `iql` is what AQL was called before.
#[derive(Deserialize)]
#[serde(crate = "rocket::serde")]
struct Search {
    #[serde(rename = "qlQuery", alias = "iql")]
    query: String,
}

#[derive(FromForm)]
struct Listed {
    #[field(default = 1)]
    page: usize,
    #[field(name = "resultPerPage", default = 25)]
    most: usize,
}

#[derive(FromForm)]
struct Asked {
    #[field(name = "qlQuery")]
    #[field(name = "iql")]
    query: String,
    #[field(default = 1)]
    page: usize,
    #[field(name = "resultPerPage", default = 25)]
    most: usize,
}

/// The objects that match and that the caller may see.
async fn found(text: &str, here: &Here<'_>, (allowed, caller): (&Allowed, &Caller<'_>)) -> Result<Vec<Value>, Fault> {
    let query = Query::parse(text)?;
    let visible = caller.those_of("object_type", allowed.operation()).await?;
    here.read(|workspace| {
        let all = workspace.objects.iter().filter(|(_, object)| visible.contains(&object.object_type.to_string()));
        let matching = all.filter(|(id, object)| query.matches(workspace, (**id, object)));
        Ok(matching.map(|(id, object)| object.json(workspace, *id)).collect())
    })
}

/// The form of the older searches.
fn listed(query: &str, objects: Vec<Value>, Listed { page, most }: Listed) -> Answer {
    let (total, most, page) = (objects.len(), most.clamp(1, 1000), page.max(1));
    let start = (page - 1).saturating_mul(most);
    let entries: Vec<Value> = objects.into_iter().skip(start).take(most).collect();
    Ok(Json(json!({
        "startIndex": start, "toIndex": start.saturating_add(entries.len()), "pageNumber": page, "pageSize": most,
        "totalFilterCount": total, "qlQuery": query, "qlQuerySearchResult": true, "objectEntries": entries,
    })))
}

#[post("/object/aql?<page..>", data = "<search>")]
async fn by_aql(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, page: Page, search: Json<Search>) -> Answer {
    Ok(Json(page.of(found(&search.query, &here, (&allowed, &caller)).await?)))
}

#[post("/object/aql/totalcount", data = "<search>")]
async fn count(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, search: Json<Search>) -> Answer {
    Ok(Json(json!({ "totalCount": found(&search.query, &here, (&allowed, &caller)).await?.len() })))
}

#[post("/object/navlist/aql?<part..>", data = "<search>")]
async fn navigate(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, part: Listed, search: Json<Search>) -> Answer {
    listed(&search.query, found(&search.query, &here, (&allowed, &caller)).await?, part)
}

#[post("/object/navlist/iql?<part..>", data = "<search>")]
async fn navigate_by_iql(
    allowed: Allowed,
    caller: Caller<'_>,
    here: Here<'_>,
    part: Listed,
    search: Json<Search>,
) -> Answer {
    listed(&search.query, found(&search.query, &here, (&allowed, &caller)).await?, part)
}

#[get("/aql/objects?<asked..>")]
async fn objects(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, asked: Asked) -> Answer {
    let part = Listed { page: asked.page, most: asked.most };
    listed(&asked.query, found(&asked.query, &here, (&allowed, &caller)).await?, part)
}

#[get("/iql/objects?<asked..>")]
async fn objects_by_iql(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, asked: Asked) -> Answer {
    objects(allowed, caller, here, asked).await
}

pub fn routes() -> Vec<Route> {
    routes![by_aql, count, navigate, navigate_by_iql, objects, objects_by_iql]
}
