//! What each path answers.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use super::Options;
use super::book::Book;
use super::exposition::Exposition;
use super::shared::{Answer, Shared};
use crate::outlets::limits::{FRESH, PATIENCE};

/// What the paths answer from.
pub struct Site {
    shared: Arc<Shared>,
    options: Options,
    pages: Mutex<Pages>,
}

struct Pages {
    book: Book,
    current: Option<Current>,
}

/// The latest answer, and the page that was written of it.
struct Current {
    answer: Arc<Answer>,
    page: Bytes,
}

impl Site {
    /// A site that has answered nothing.
    pub fn new(shared: Arc<Shared>, options: Options) -> Self {
        let book = Book::new(options.max_servers);
        Self {
            shared,
            options,
            pages: Mutex::new(Pages { book, current: None }),
        }
    }

    /// A connection gave way to a newer one.
    pub fn gave_way(&self) {
        self.shared.gave_way();
    }

    /// Answers a request. Its body is never read.
    pub async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(response);
        }
        Ok(match request.uri().path() {
            "/metrics" => self.metrics().await,
            "/healthz" => self.health(),
            "/readyz" if self.shared.is_attached() => plain(StatusCode::OK, "ready: interfaces are watched"),
            "/readyz" => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: no interface is watched",
            ),
            _ => plain(StatusCode::NOT_FOUND, "here are /metrics, /healthz and /readyz"),
        })
    }

    /// Whether the event loop is alive.
    fn health(&self) -> Response<Full<Bytes>> {
        let since = self.shared.since_poll();
        let (status, word) = if since > self.options.interval * 3 + FRESH {
            (StatusCode::SERVICE_UNAVAILABLE, "stuck")
        } else {
            (StatusCode::OK, "alive")
        };
        plain(
            status,
            &format!("{word}: counts were read {:.1} s ago", since.as_secs_f64()),
        )
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        let Some(answer) = self.shared.ask(FRESH, PATIENCE).await else {
            let mut response = plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "no counts: the monitor is starting, or stuck",
            );
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return response;
        };
        match self.pages.lock().await.page(answer, self.options.max_servers) {
            Ok(page) => respond(StatusCode::OK, prometheus_text::CONTENT_TYPE, page),
            Err(error) => {
                tracing::warn!("cannot write metrics: {error}");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "metrics cannot be written")
            }
        }
    }
}

impl Pages {
    /// The page of an answer, written once.
    fn page(&mut self, answer: Arc<Answer>, places: usize) -> Result<Bytes, fmt::Error> {
        if let Some(current) = &self.current
            // An older answer than the current one: two scrapes overtook each other.
            && answer.at.time <= current.answer.at.time
        {
            return Ok(current.page.clone());
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Exposition {
            answer: Arc::clone(&answer),
            page: self.book.update(answer.polled, &answer.counted),
            places,
        }));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        let page = Bytes::from(text);
        self.current = Some(Current {
            answer,
            page: page.clone(),
        });
        Ok(page)
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    respond(
        status,
        "text/plain; charset=utf-8",
        Bytes::from(format!("{text}\n")),
    )
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
