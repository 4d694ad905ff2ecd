//! When an import source imports by itself. The times are kept, and nothing more.

use hallmark::resource_server::Allowed;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, post, put, routes};

use super::answer::{Answer, Fault};
use super::here::Here;

const NO_SCHEDULE: Fault = Fault::NotFound("there is no such schedule");

fn told((id, written): &(u64, Value)) -> Value {
    json!({ "id": id.to_string(), "schedule": written })
}

#[get("/importsource/<id>/schedule")]
async fn list(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| Ok(Json(source.schedules.iter().map(told).collect())))
}

#[post("/importsource/<id>/importschedule", data = "<written>")]
async fn add(_allowed: Allowed, here: Here<'_>, id: &str, written: Json<Value>) -> Answer {
    let schedule = (here.change(|workspace| Ok(workspace.next_id()))?, written.into_inner());
    here.source(id, |source| {
        let told = told(&schedule);
        source.schedules.push(schedule);
        Ok(Json(told))
    })
}

#[get("/importsource/<id>/importschedule/<schedule>")]
async fn read(_allowed: Allowed, here: Here<'_>, id: &str, schedule: u64) -> Answer {
    here.source(id, |source| {
        source.schedules.iter().find(|(known, _)| *known == schedule).map(|known| Json(told(known))).ok_or(NO_SCHEDULE)
    })
}

#[put("/importsource/<id>/importschedule/<schedule>", data = "<written>")]
async fn change(_allowed: Allowed, here: Here<'_>, id: &str, schedule: u64, written: Json<Value>) -> Answer {
    here.source(id, |source| {
        let known = source.schedules.iter_mut().find(|(known, _)| *known == schedule).ok_or(NO_SCHEDULE)?;
        known.1 = written.into_inner();
        Ok(Json(told(known)))
    })
}

#[delete("/importsource/<id>/importschedule/<schedule>")]
async fn remove(_allowed: Allowed, here: Here<'_>, id: &str, schedule: u64) -> Answer {
    here.source(id, |source| {
        let at = source.schedules.iter().position(|(known, _)| *known == schedule).ok_or(NO_SCHEDULE)?;
        Ok(Json(told(&source.schedules.remove(at))))
    })
}

pub fn routes() -> Vec<Route> {
    routes![list, add, read, change, remove]
}
