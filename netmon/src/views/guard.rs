//! Who may look at what is served by HTTP. On a loopback address: whoever is on this host. Elsewhere: whoever has the token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use ring::hmac;

use super::page;

/// The cookie that a browser keeps the token in.
const NAME: &str = "netmon-token";
/// No token is shorter.
pub const SHORTEST: usize = 16;
/// No form that hands in a token is longer.
const LONGEST: usize = 4_096;

/// Scripts, styles and data from here, and nothing else from anywhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a reader must know.
#[derive(Debug)]
pub struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    /// From the text of its file: letters, digits, `-` and `_`, which neither a cookie nor a form changes.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_plain || text.len() < SHORTEST {
            return Err(format!(
                "a token is at least {SHORTEST} letters, digits, - or _; `openssl rand -hex 24` makes one"
            ));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random);
        let tag = hmac::sign(&key, text.as_bytes());
        Ok(Self { key, tag })
    }

    /// Whether this is it. How long that takes says nothing of how much of it is right.
    fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

/// The guard of a listener.
#[derive(Clone, Debug)]
pub struct Guard {
    token: Option<Arc<Token>>,
}

impl Guard {
    /// Of a listener at this address; `None` where it would be open to strangers.
    pub fn new(address: SocketAddr, token: Option<Arc<Token>>) -> Option<Self> {
        (address.ip().is_loopback() || token.is_some()).then_some(Self { token })
    }

    /// Guards these routes.
    pub fn over(self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(Arc::new(self), guard))
    }

    /// Whether a reader has shown the token, where one is needed.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let bearer = headers.get(AUTHORIZATION).map(text);
        if bearer.and_then(|bearer| bearer.strip_prefix("Bearer ").map(|given| token.is(given))) == Some(true)
        {
            return true;
        }
        let cookies: Vec<String> = headers.get_all(COOKIE).iter().map(text).collect();
        let mut cookies = cookies.iter().flat_map(|cookies| cookies.split(';'));
        cookies.any(|cookie| {
            let given = cookie
                .trim()
                .strip_prefix(NAME)
                .and_then(|rest| rest.strip_prefix('='));
            given.is_some_and(|given| token.is(given))
        })
    }

    /// Takes the token from the form, and has the browser keep it.
    async fn log_in(&self, request: Request) -> Response {
        let form = to_bytes(request.into_body(), LONGEST).await.unwrap_or_default();
        let given = std::str::from_utf8(&form)
            .ok()
            .and_then(|form| form.strip_prefix("token="));
        match (&self.token, given) {
            (Some(token), Some(given)) if token.is(given) => {
                let cookie = format!("{NAME}={given}; HttpOnly; SameSite=Strict; Path=/");
                (
                    StatusCode::SEE_OTHER,
                    [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())],
                )
                    .into_response()
            }
            _ => (StatusCode::UNAUTHORIZED, page::token()).into_response(),
        }
    }
}

async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // What programs ask for, which have no use for a page.
    let is_api = path.starts_with("/api/") || path == "/events" || path == "/metrics";
    // Whether netmon is well may everybody know.
    let is_probe = path == "/healthz" || path == "/readyz";
    let mut response = if request.method() == Method::POST && path == "/login" {
        guard.log_in(request).await
    } else if is_probe || guard.admits(request.headers()) {
        next.run(request).await
    } else if is_api {
        (
            StatusCode::UNAUTHORIZED,
            "Authorization: Bearer TOKEN is needed\n",
        )
            .into_response()
    } else {
        (StatusCode::UNAUTHORIZED, page::token()).into_response()
    };
    let headers = response.headers_mut();
    // A report has a policy of its own, and is shown in a frame of the page.
    let policy = headers.entry(CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let kind = headers.entry(CONTENT_TYPE);
    kind.or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(axum::http::HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        pairs.collect()
    }

    #[test]
    fn elsewhere_a_token_is_needed() {
        let address = ([192, 0, 2, 1], 80).into();
        assert!(Guard::new(address, None).is_none());
        assert!(Guard::new(([127, 0, 0, 1], 80).into(), None).is_some());
        assert!(Token::new("short").is_err());
        assert!(Token::new("0123456789abcdef; Path=/").is_err());
        let token = Arc::new(Token::new("0123456789abcdef\n").unwrap());
        let guard = Guard::new(address, Some(token)).unwrap();
        for (name, value, is_right) in [
            (AUTHORIZATION, "Bearer 0123456789abcdef", true),
            (AUTHORIZATION, "Bearer 0123456789abcdee", false),
            (AUTHORIZATION, "0123456789abcdef", false),
            (COOKIE, "a=b; netmon-token=0123456789abcdef", true),
            (COOKIE, "netmon-token=", false),
            (COOKIE, "xnetmon-token=0123456789abcdef", false),
        ] {
            assert_eq!(guard.admits(&headers(&[(name, value)])), is_right, "{value}");
        }
        assert!(!guard.admits(&HeaderMap::new()));
    }
}
