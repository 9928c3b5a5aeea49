//! How readers may call this host (RFC 9110, section 7.2: `Host`). A page of another site whose name its owner has resolve to
//! this host sends that name, and is turned away: else a browser would show it what it shows the reader.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

/// Any address, `localhost`, and these names.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    /// With these names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_lowercase());
        Self(Arc::new(names.collect()))
    }

    /// Answers at these routes only those who call this host so.
    pub fn over(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), check))
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
            return false;
        };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_matches(['[', ']']).to_lowercase();
        name.parse::<IpAddr>().is_ok() || name == "localhost" || self.0.contains(&name)
    }
}

async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    if hosts.knows(request.headers()) {
        return next.run(request).await;
    }
    let why = "this is not a name of this host: use its address, or allow the name with --allowed-host (allowed-host)\n";
    (StatusCode::MISDIRECTED_REQUEST, why).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_localhost_and_names_that_are_configured_are_known() {
        let hosts = Hosts::new(["NS1".to_owned(), "monitor.example".to_owned()]);
        for (host, is_known) in [
            ("127.0.0.1:80", true),
            ("192.0.2.1", true),
            ("[::1]:80", true),
            ("localhost", true),
            ("ns1:19053", true),
            ("Monitor.Example", true),
            ("ns1.evil.example", false),
            ("evil.example:80", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(hosts.knows(&headers), is_known, "{host}");
        }
        assert!(!hosts.knows(&HeaderMap::new()));
    }
}
