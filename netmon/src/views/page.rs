//! The web page: files that are part of the program. They are written by hand, as modules that a browser takes as they are.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";
const STYLE: &str = "text/css; charset=utf-8";

/// Each file: its path, its type, what is in it.
macro_rules! files {
    ($($path:literal $kind:ident $file:literal;)+) => {
        const FILES: &[(&str, &str, &str)] = &[$(($path, $kind, include_str!(concat!("web/", $file)))),+];
    };
}

files! {
    "/" HTML "index.html";
    "/web/style.css" STYLE "style.css";
    "/web/icon.svg" ICON "icon.svg";
    "/web/main.js" SCRIPT "main.js";
    "/web/dom.js" SCRIPT "dom.js";
    "/web/chart.js" SCRIPT "chart.js";
    "/web/overview.js" SCRIPT "overview.js";
    "/web/pages.js" SCRIPT "pages.js";
    "/web/replay.js" SCRIPT "replay.js";
}

/// The page and what it needs.
pub fn routes() -> Router {
    // The guard takes the token; who comes here without having to is shown the form all the same.
    let form = || async { token() };
    let mut routes = Router::new().route("/login", get(form).post(form));
    for (path, kind, text) in FILES {
        let file = move || async move {
            ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "no-cache")], *text).into_response()
        };
        routes = routes.route(path, get(file));
    }
    routes
}

/// What is shown to those who have no token yet.
pub fn token() -> Response {
    Html(include_str!("web/token.html")).into_response()
}
