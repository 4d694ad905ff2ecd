//! The imports of the API: a mapping, then runs that take data. It is kept in memory, behind the guard of import sources.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, delete, get, post, put, routes};

use crate::domain::id::ContainerId;
use crate::resource_server::Importer;
use crate::secrets::digest::base64url;
use crate::secrets::random;

/// Every import source that was called.
pub struct Imports {
    api_url: String,
    sources: Mutex<HashMap<ContainerId, Import>>,
}

#[derive(Default)]
struct Import {
    mapping: Option<Value>,
    run: Option<Run>,
}

struct Run {
    id: String,
    state: RunState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RunState {
    Ingesting,
    Done,
    Cancelled,
}

type Answer = (Status, Value);

#[get("/jsm/assets/workspace/<_>/v1/importsource/<_>/configstatus")]
async fn config_status(caller: Importer, imports: &State<Imports>) -> Answer {
    imports.at(&caller, |import| done(json!({ "status": import.status() })))
}

#[put("/jsm/assets/workspace/<_>/v1/importsource/<_>/mapping", data = "<mapping>")]
async fn map(caller: Importer, imports: &State<Imports>, mapping: Json<Value>) -> Answer {
    imports.at(&caller, |import| {
        import.mapping = Some(mapping.into_inner());
        done(json!({ "result": "success" }))
    })
}

#[post("/jsm/assets/workspace/<_>/v1/importsource/<_>/executions")]
async fn start(caller: Importer, imports: &State<Imports>) -> Answer {
    imports.at(&caller, |import| match import.status() {
        "IDLE" => {
            let id = base64url(&random::salt());
            let links = imports.links(&caller, &id);
            import.run = Some(Run { id, state: RunState::Ingesting });
            done(json!({ "links": links, "result": "success" }))
        }
        "RUNNING" => (Status::Conflict, json!({ "result": "error", "errorCode": "IN_PROGRESS" })),
        code => (Status::Conflict, json!({ "result": "error", "errorCode": code })),
    })
}

#[put("/jsm/assets/workspace/<_>/v1/importsource/<_>/executions/<run>/progress", data = "<_progress>")]
async fn progress(caller: Importer, imports: &State<Imports>, run: &str, _progress: Json<Value>) -> Answer {
    imports.run(&caller, run, |_| json!({ "result": "success" }))
}

#[post("/jsm/assets/workspace/<_>/v1/importsource/<_>/executions/<run>/data", data = "<sent>")]
async fn submit(caller: Importer, imports: &State<Imports>, run: &str, sent: Json<Value>) -> Answer {
    imports.run(&caller, run, |run| {
        if sent["completed"] == true {
            run.end(RunState::Done);
        }
        json!({ "result": "success" })
    })
}

#[get("/jsm/assets/workspace/<_>/v1/importsource/<_>/executions/<run>/status")]
async fn run_status(caller: Importer, imports: &State<Imports>, run: &str) -> Answer {
    imports.run(&caller, run, |run| json!({ "status": run.state.as_str() }))
}

#[delete("/jsm/assets/workspace/<_>/v1/importsource/<_>/executions/<run>")]
async fn cancel(caller: Importer, imports: &State<Imports>, run: &str) -> Answer {
    imports.run(&caller, run, |run| {
        run.end(RunState::Cancelled);
        json!({ "result": "success" })
    })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![config_status, map, start, progress, submit, run_status, cancel]
}

impl Imports {
    /// None yet, at the API of that address.
    pub fn new(api_url: &str) -> Self {
        Self { api_url: api_url.to_owned(), sources: Mutex::default() }
    }

    fn at(&self, caller: &Importer, answer: impl FnOnce(&mut Import) -> Answer) -> Answer {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        answer(sources.entry(caller.source.id).or_default())
    }

    fn run(&self, caller: &Importer, id: &str, answer: impl FnOnce(&mut Run) -> Value) -> Answer {
        self.at(caller, |import| match import.run.as_mut().filter(|run| run.id == id) {
            Some(run) => done(answer(run)),
            None => not_found("there is no such execution"),
        })
    }

    fn links(&self, caller: &Importer, run: &str) -> Value {
        let (workspace, id) = (caller.source.workspace, caller.source.id);
        let run = format!("{}/jsm/assets/workspace/{workspace}/v1/importsource/{id}/executions/{run}", self.api_url);
        json!({
            "submitProgress": format!("{run}/progress"), "submitResults": format!("{run}/data"),
            "getExecutionStatus": format!("{run}/status"), "cancel": run,
        })
    }
}

impl Import {
    fn status(&self) -> &'static str {
        match (&self.mapping, &self.run) {
            (None, _) => "MISSING_MAPPING",
            (Some(_), Some(Run { state: RunState::Ingesting, .. })) => "RUNNING",
            (Some(_), _) => "IDLE",
        }
    }
}

impl Run {
    /// Ends it, if nothing ended it before.
    fn end(&mut self, state: RunState) {
        if self.state == RunState::Ingesting {
            self.state = state;
        }
    }
}

impl RunState {
    fn as_str(self) -> &'static str {
        match self {
            RunState::Ingesting => "INGESTING",
            RunState::Done => "DONE",
            RunState::Cancelled => "CANCELLED",
        }
    }
}

fn done(body: Value) -> Answer {
    (Status::Ok, body)
}

/// That nothing is there, in the form that scripts of the Assets API read.
pub fn not_found(why: &str) -> Answer {
    (Status::NotFound, json!({ "errorMessages": [why], "errors": {} }))
}
