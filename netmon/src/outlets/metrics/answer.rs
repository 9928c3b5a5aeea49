//! What each path answers.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use super::Options;
use super::exposition::Exposition;
use super::shared::{Answer, Shared};
use crate::outlets::limits::{FRESH, PATIENCE};

/// What the paths answer from.
struct Site {
    shared: Arc<Shared>,
    options: Options,
    current: Mutex<Option<Current>>,
}

/// The latest answer, and the page that was written of it.
struct Current {
    answer: Arc<Answer>,
    page: Bytes,
}

/// The paths, of a site that has answered nothing. The body of a request is never read.
pub fn routes(shared: Arc<Shared>, options: Options) -> Router {
    let site = Site {
        shared,
        options,
        current: Mutex::new(None),
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .with_state(Arc::new(site))
}

async fn readiness(State(site): State<Arc<Site>>) -> Response {
    if site.shared.is_attached() {
        plain(StatusCode::OK, "ready: interfaces are watched")
    } else {
        plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: no interface is watched",
        )
    }
}

/// Whether the event loop is alive.
async fn health(State(site): State<Arc<Site>>) -> Response {
    let since = site.shared.since_poll();
    let (status, word) = if since > site.options.interval * 3 + FRESH {
        (StatusCode::SERVICE_UNAVAILABLE, "stuck")
    } else {
        (StatusCode::OK, "alive")
    };
    plain(
        status,
        &format!("{word}: counts were read {:.1} s ago", since.as_secs_f64()),
    )
}

async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let Some(answer) = site.shared.ask(FRESH, PATIENCE).await else {
        let busy = plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "no counts: the monitor is starting, or stuck",
        );
        return ([(RETRY_AFTER, "1")], busy).into_response();
    };
    match page(&mut *site.current.lock().await, answer, site.options.max_servers) {
        Ok(page) => ([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], page).into_response(),
        Err(error) => {
            tracing::warn!("cannot write metrics: {error}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "metrics cannot be written")
        }
    }
}

/// The page of an answer, written once.
fn page(current: &mut Option<Current>, answer: Arc<Answer>, places: usize) -> Result<Bytes, fmt::Error> {
    if let Some(current) = current
        // An older answer than the current one: two scrapes overtook each other.
        && answer.at.time <= current.answer.at.time
    {
        return Ok(current.page.clone());
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition {
        answer: Arc::clone(&answer),
        places,
    }));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    let page = Bytes::from(text);
    *current = Some(Current {
        answer,
        page: page.clone(),
    });
    Ok(page)
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}
