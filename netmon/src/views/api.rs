//! What each path of `/api/v1` answers. `openapi.json` describes it, and is served too; a test compares both.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use netmon_common::Address;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::controls::Controls;
use super::feed::Feed;
use super::limits::SUMMARY_PAUSE;
use super::looks::Looks;
use super::state::{self, State as Shown, write_report};
use super::stream::Messages;
use crate::clock;
use crate::history::{Reader, past};
use crate::model::view::{Flow, IncidentPage, Incidents, ReplayOrder, ServerPage, Servers, Summary};
use crate::model::{self, Event, Incident, Moment};
use crate::outlets::Outlet as _;
use crate::outlets::http::Pulse;
use crate::outlets::lines::Lines;
use crate::report::forms::{Form, Style, form};
use crate::report::story::numbers::Clock;

/// What the paths answer from.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    state: Mutex<Shown>,
    messages: Messages,
    looks: Looks,
    history: Option<PathBuf>,
    clock: Clock,
    controls: Option<Controls>,
}

/// Nothing to show, and why.
#[derive(Debug, Serialize)]
struct Missing {
    error: String,
}

type Fault = (StatusCode, Json<Missing>);
type Answer<T> = Result<Json<T>, Fault>;

fn missing(error: impl Into<String>) -> Fault {
    let error = error.into();
    (StatusCode::NOT_FOUND, Json(Missing { error }))
}

fn refused(error: impl Into<String>) -> Fault {
    let error = error.into();
    (StatusCode::BAD_REQUEST, Json(Missing { error }))
}

/// What was asked for; or what is wrong with it.
fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Fault> {
    query
        .map(|Query(query)| query)
        .map_err(|error| refused(error.body_text()))
}

impl Api {
    /// Knows incidents of earlier runs, the newest first.
    pub fn remember(&self, earlier: Vec<Incident>) {
        self.state().remember(earlier);
    }

    /// Of a state.
    pub fn new(state: Shown, history: Option<PathBuf>, clock: Clock, controls: Option<Controls>) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            messages: Messages::default(),
            looks: Looks::default(),
            history,
            clock,
            controls,
        }))
    }

    /// Those who look.
    pub fn looks(&self) -> &Looks {
        &self.0.looks
    }

    /// Those who read the event stream.
    pub fn messages(&self) -> &Messages {
        &self.0.messages
    }

    /// The paths.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/api/v1/summary", get(summary))
            .route("/api/v1/servers", get(servers))
            .route("/api/v1/servers/{address}", get(server))
            .route("/api/v1/incidents", get(incidents))
            .route("/api/v1/incidents/{id}", get(incident))
            .route("/api/v1/incidents/{id}/report", get(report))
            .route("/api/v1/timeline", get(timeline))
            .route("/api/v1/events", get(events))
            .route("/events", get(events))
            .route("/api/v1/replay", post(replay))
            .route("/api/v1/openapi.json", get(openapi))
            .layer(from_fn_with_state(self.clone(), look))
            .layer(map_response(fresh))
            .with_state(self.clone())
    }

    /// Feeds the state, and the event stream with it, until nothing more comes.
    pub async fn follow(self, mut fed: mpsc::Receiver<Feed>) {
        let mut told: Option<Instant> = None;
        while let Some(feed) = fed.recv().await {
            match feed {
                Feed::Event(at, event) => {
                    self.state().event(at, &event);
                    self.tell(at, &event);
                }
                Feed::Reading(reading) => {
                    self.state().reading(*reading);
                    if self.state().is_complete() {
                        self.looks().came();
                    }
                    if told.is_none_or(|told| clock::since(told) >= SUMMARY_PAUSE) {
                        self.tell_summary("summary");
                        told = Some(clock::instant());
                    }
                }
                Feed::Replay(replay) => {
                    let waiting = self.0.controls.as_ref().map(Controls::waiting);
                    let mut state = self.state();
                    state.set_replay(replay);
                    // What was asked since is newer.
                    state.order(waiting.unwrap_or_default());
                    drop(state);
                    self.tell_summary("summary");
                }
                Feed::Again(at) => self.state().begin_again(at),
                Feed::Gone(servers) => self.state().gone(&servers),
                Feed::Names(names) => self.state().set_names(names),
            }
            // Those who ask have their turn, however much comes.
            tokio::task::yield_now().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, Shown> {
        // Nothing that is done with it can leave it half done for a reader.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, at: Moment, event: &Event) {
        let name = match event {
            Event::Started(_) => "started",
            Event::Incident(happened, _) => happened.name(),
            Event::Warning(_) => "warning",
            Event::Reloaded(_) => "reloaded",
            // Its counts are in the summary.
            Event::Stopped(..) => return self.tell_summary("stopped"),
            Event::Watching(_) | Event::Snapshot(_) => return,
        };
        if self.0.messages.are_read() {
            let mut line = Vec::new();
            Lines::new(&mut line).emit(at, event);
            self.0.messages.send(name, &line);
        }
    }

    fn tell_summary(&self, name: &str) {
        if self.0.messages.are_read()
            && let Ok(summary) = serde_json::to_vec(&self.state().summary())
        {
            self.0.messages.send(name, &summary);
        }
    }
}

/// Whoever looks sees all that there is, also who looks first.
async fn look(State(api): State<Api>, request: Request, next: Next) -> Response {
    let looks = api.looks();
    looks.look();
    let is_complete = api.state().is_complete();
    if !is_complete {
        looks.wait().await;
    }
    next.run(request).await
}

/// What is shown is of now, and of nobody else's.
async fn fresh(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn summary(State(api): State<Api>) -> Json<Summary> {
    Json(api.state().summary())
}

async fn servers(
    State(api): State<Api>,
    query: Result<Query<state::Query>, QueryRejection>,
) -> Answer<Servers> {
    let query = asked(query)?;
    Ok(Json(api.state().servers(&query)))
}

async fn server(State(api): State<Api>, Path(address): Path<String>) -> Answer<ServerPage> {
    let ip: IpAddr = address
        .parse()
        .map_err(|_| refused("an address is needed, such as 192.0.2.53"))?;
    let page = api.state().server(Address::from(ip));
    page.map(Json)
        .ok_or_else(|| missing(format!("no packet to or from {ip} was seen")))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Which {
    state: Option<model::State>,
}

async fn incidents(State(api): State<Api>, query: Result<Query<Which>, QueryRejection>) -> Answer<Incidents> {
    let Which { state } = asked(query)?;
    let mut all = api.state().all_incidents();
    all.incidents
        .retain(|incident| state.is_none_or(|state| incident.state == state));
    Ok(Json(all))
}

/// How a report is written.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    format: String,
    width: usize,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            width: 80,
        }
    }
}

async fn incident(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Result<Query<Written>, QueryRejection>,
) -> Answer<IncidentPage> {
    let text = api.report(&id, &asked(query)?).await?;
    let page = api.state().incident_page(&id, text.0);
    page.map(Json).ok_or_else(|| unknown(&id))
}

fn unknown(id: &str) -> Fault {
    missing(format!("no incident {id} is remembered"))
}

async fn report(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Result<Query<Written>, QueryRejection>,
) -> Result<Response, Fault> {
    let (text, form) = api.report(&id, &asked(query)?).await?;
    let content_type = match form.name {
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    // The page brings its style with it, and nothing else.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";
    let headers = [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, policy)];
    Ok((headers, text).into_response())
}

impl Api {
    /// The report of an incident: from the history, which knows the minutes around it; else from what is remembered.
    async fn report(&self, id: &str, written: &Written) -> Result<(String, &'static Form), Fault> {
        let Some(form) = form(&written.format) else {
            return Err(refused(format!("there is no format {}", written.format)));
        };
        let style = Style {
            colour: false,
            // Wide enough for every word, and no wider than anybody reads.
            width: written.width.clamp(40, 200),
        };
        if let Some(text) = self.report_from_history(id, form, style).await {
            return Ok((text, form));
        }
        let text = self.state().report(id, form, style, &self.0.clock);
        Ok((text.ok_or_else(|| unknown(id))?, form))
    }

    async fn report_from_history(&self, id: &str, form: &'static Form, style: Style) -> Option<String> {
        let history = self.0.history.clone()?;
        let (id, clock) = (id.to_owned(), self.0.clock.clone());
        let names = self.state().names().clone();
        let text = tokio::task::spawn_blocking(move || {
            let mut past = past(&Reader::open(&history).ok()?, &id).ok()?;
            past.document.name_servers(&names);
            let is_it = past.document.incidents.iter().any(|incident| incident.id == id);
            is_it.then(|| {
                write_report(
                    &past.document,
                    &past.timeline,
                    &past.close_ups,
                    &clock,
                    form,
                    style,
                )
            })?
        });
        text.await.ok().flatten()
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Span {
    hours: usize,
}

impl Default for Span {
    fn default() -> Self {
        Self { hours: 1 }
    }
}

async fn timeline(State(api): State<Api>, query: Result<Query<Span>, QueryRejection>) -> Answer<Flow> {
    let Span { hours } = asked(query)?;
    Ok(Json(api.state().flow(hours)))
}

async fn events(State(api): State<Api>, Extension(pulse): Extension<Pulse>) -> Response {
    let summary = api.state().summary();
    api.0.messages.answer("summary", &summary, pulse)
}

/// Has a replay wait, go faster, or go elsewhere. It takes JSON only: what a browser sends for a page of another site without
/// asking is none.
async fn replay(
    State(api): State<Api>,
    order: Result<Json<ReplayOrder>, JsonRejection>,
) -> Result<StatusCode, Fault> {
    let Some(controls) = &api.0.controls else {
        return Err(missing("this netmon watches, and replays nothing"));
    };
    let Json(order) = order.map_err(|error| refused(error.body_text()))?;
    if [order.speed, order.times]
        .into_iter()
        .flatten()
        .any(|speed| !ReplayOrder::is_speed(speed))
    {
        return Err(refused("a speed is from 0.01 to 100000"));
    }
    controls.order(order);
    api.state().order(order);
    Ok(StatusCode::ACCEPTED)
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
