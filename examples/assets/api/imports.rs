//! Imports: a mapping, then runs that take data. The token of an import source opens its own, by the guard.

use hallmark::domain::label::Label;
use hallmark::resource_server::Allowed;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, patch, post, put, routes};

use super::answer::{Answer, Fault};
use super::here::Here;

/// An import source, its mapping and its last run.
pub struct ImportSource {
    pub schema: u64,
    pub name: Label,
    pub schedules: Vec<(u64, Value)>,
    mapping: Option<Value>,
    run: Option<Run>,
}

struct Run {
    id: String,
    state: &'static str,
    progress: Value,
    chunks: usize,
    failed: Vec<Value>,
}

const INGESTING: &str = "INGESTING";
const NO_RUN: Fault = Fault::NotFound("there is no such execution");

impl ImportSource {
    /// Without a mapping.
    pub fn new(schema: u64, name: Label) -> Self {
        Self { schema, name, schedules: Vec::new(), mapping: None, run: None }
    }

    fn status(&self) -> &'static str {
        match (&self.mapping, &self.run) {
            (None, _) => "MISSING_MAPPING",
            (Some(_), Some(Run { state: INGESTING, .. })) => "RUNNING",
            (Some(_), _) => "IDLE",
        }
    }

    fn begin(&mut self, id: String) -> Result<(), Fault> {
        match self.status() {
            "IDLE" => {
                let run = Run { id, state: INGESTING, progress: json!({}), chunks: 0, failed: Vec::new() };
                self.run = Some(run);
                Ok(())
            }
            "RUNNING" => Err(Fault::Conflict("IN_PROGRESS")),
            status => Err(Fault::Conflict(status)),
        }
    }

    fn run(&mut self, id: &str) -> Result<&mut Run, Fault> {
        self.run.as_mut().filter(|run| run.id == id).ok_or(NO_RUN)
    }
}

impl Run {
    /// Ends it, if nothing ended it before.
    fn end(&mut self, state: &'static str) {
        if self.state == INGESTING {
            self.state = state;
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "status": self.state, "progress": self.progress, "chunks": self.chunks, "failed": self.failed,
        })
    }
}

impl Here<'_> {
    /// Whatever is done at an import source.
    pub fn source<T>(&self, id: &str, work: impl FnOnce(&mut ImportSource) -> Result<T, Fault>) -> Result<T, Fault> {
        self.change(|workspace| {
            work(workspace.sources.get_mut(id).ok_or(Fault::NotFound("there is no such import source"))?)
        })
    }

    fn start(&self, source: &str) -> Result<String, Fault> {
        let id = self.change(|workspace| Ok(workspace.next_id().to_string()))?;
        self.source(source, |source| source.begin(id.clone()))?;
        Ok(id)
    }
}

fn done() -> Json<Value> {
    Json(json!({ "result": "success" }))
}

#[get("/importsource/<id>")]
async fn read(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| {
        Ok(Json(json!({
            "id": id, "name": source.name, "objectSchemaId": source.schema.to_string(), "status": source.status(),
        })))
    })
}

#[post("/import/start/<id>")]
async fn start(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    let run = here.start(id)?;
    Ok(Json(json!({ "result": "success", "resourceId": run })))
}

#[get("/progress/category/imports/<id>")]
async fn progress_of(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| {
        let run = source.run.as_ref().map(Run::json);
        Ok(Json(json!({ "category": "imports", "resourceId": id, "status": source.status(), "result": run })))
    })
}

#[put("/importsource/<id>/mapping", data = "<mapping>")]
async fn map(_allowed: Allowed, here: Here<'_>, id: &str, mapping: Json<Value>) -> Answer {
    here.source(id, |source| {
        source.mapping = Some(mapping.into_inner());
        Ok(done())
    })
}

/// What is not written stays as it was.
#[patch("/importsource/<id>/mapping", data = "<changes>")]
async fn map_more(_allowed: Allowed, here: Here<'_>, id: &str, changes: Json<Value>) -> Answer {
    here.source(id, |source| {
        let mut changes = changes.into_inner();
        let mapping = source.mapping.get_or_insert_with(|| json!({}));
        if let (Some(mapping), Some(changes)) = (mapping.as_object_mut(), changes.as_object_mut()) {
            mapping.append(changes);
        }
        Ok(done())
    })
}

/// A mapping is taken at once.
#[get("/importsource/<id>/mapping/progress/<_resource>")]
async fn mapping_progress(_allowed: Allowed, here: Here<'_>, id: &str, _resource: &str) -> Answer {
    here.source(id, |_| Ok(Json(json!({ "status": "DONE", "progressInPercent": 100 }))))
}

#[get("/importsource/<id>/configstatus")]
async fn config_status(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| Ok(Json(json!({ "status": source.status() }))))
}

#[get("/importsource/<id>/schema-and-mapping")]
async fn schema_and_mapping(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| Ok(Json(source.mapping.clone().unwrap_or_else(|| json!({ "schema": {}, "mapping": {} })))))
}

#[post("/importsource/<id>/executions")]
async fn execute(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    let run = here.start(id)?;
    let run = format!("{}/executions/{run}", here.url(&format!("importsource/{id}")));
    Ok(Json(json!({
        "result": "success",
        "links": {
            "submitProgress": format!("{run}/progress"), "submitResults": format!("{run}/data"),
            "getExecutionStatus": format!("{run}/status"), "cancel": run,
        },
    })))
}

#[put("/importsource/<id>/executions/<run>/progress", data = "<progress>")]
async fn progress(_allowed: Allowed, here: Here<'_>, id: &str, run: &str, progress: Json<Value>) -> Answer {
    here.source(id, |source| {
        source.run(run)?.progress = progress.into_inner();
        Ok(done())
    })
}

#[post("/importsource/<id>/executions/<run>/data", data = "<sent>")]
async fn submit(_allowed: Allowed, here: Here<'_>, id: &str, run: &str, sent: Json<Value>) -> Answer {
    here.source(id, |source| {
        let run = source.run(run)?;
        run.chunks += 1;
        if sent["completed"] == true {
            run.end("DONE");
        }
        Ok(done())
    })
}

#[get("/importsource/<id>/executions/<run>/status", rank = 2)]
async fn run_status(_allowed: Allowed, here: Here<'_>, id: &str, run: &str) -> Answer {
    here.source(id, |source| Ok(Json(json!({ "status": source.run(run)?.state }))))
}

#[get("/importsource/<id>/executions/status")]
async fn last_status(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |source| source.run.as_ref().map(|run| Json(run.json())).ok_or(NO_RUN))
}

#[delete("/importsource/<id>/executions/<run>")]
async fn cancel(_allowed: Allowed, here: Here<'_>, id: &str, run: &str) -> Answer {
    here.source(id, |source| {
        source.run(run)?.end("CANCELLED");
        Ok(done())
    })
}

#[post("/importsource/<id>/executions/<run>/history/failed", data = "<failed>")]
async fn fail(_allowed: Allowed, here: Here<'_>, id: &str, run: &str, failed: Json<Value>) -> Answer {
    here.source(id, |source| {
        source.run(run)?.failed.push(failed.into_inner());
        Ok(done())
    })
}

/// Tokens are Hallmark's; a gateway sends this path there.
#[post("/importsource/<id>/token")]
async fn token(_allowed: Allowed, here: Here<'_>, id: &str) -> Answer {
    here.source(id, |_| Err(Fault::Elsewhere("the tokens of import sources are made by Hallmark, at this same path")))
}

pub fn routes() -> Vec<Route> {
    routes![
        read,
        start,
        progress_of,
        map,
        map_more,
        mapping_progress,
        config_status,
        schema_and_mapping,
        execute,
        progress,
        submit,
        run_status,
        last_status,
        cancel,
        fail,
        token
    ]
}
