//! Posts notifications to an address, signed if there is a secret.
//!
//! A 2xx answer takes a notification. 408, 425, 429 and 5xx, and no answer, are tried again; every other answer says
//! that trying again is useless. Redirections are not followed: what is signed for one receiver is not for another.
//! The system's certificate store decides whom to trust, and `HTTPS_PROXY` and its like are followed.

use std::fmt;
use std::time::{Duration, Instant};

use ring::hmac;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::{RootCerts, TlsConfig};

use super::WebhookSettings;
use super::notice::Notice;
use super::outbox::{Attempt, Courier};

/// What carries the signature.
pub const SIGNATURE: &str = "X-Netmon-Signature";

/// Posts to one address.
pub struct Webhook {
    agent: Agent,
    url: String,
    key: Option<hmac::Key>,
    retry: Duration,
}

impl Webhook {
    /// To that address.
    pub fn new(settings: &WebhookSettings) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // A connection is seldom needed twice, and one that was kept has often gone.
            .max_idle_connections(0)
            .user_agent(concat!("netmon/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        let secret = settings.secret.as_ref();
        Self {
            agent: config.into(),
            url: settings.url.clone(),
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, &secret.bytes)),
            retry: settings.retry,
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Courier for Webhook {
    fn deliver(&self, notice: &Notice, _end: &dyn Fn() -> Option<Instant>) -> Attempt {
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json");
        if let Some(key) = &self.key {
            request = request.header(SIGNATURE, signature(key, &notice.body));
        }
        match request.send(&*notice.body) {
            Ok(response) => {
                let wanted = response.headers().get("Retry-After");
                let seconds = wanted.and_then(|wanted| wanted.to_str().ok()?.parse().ok());
                judge(response.status(), seconds.map(Duration::from_secs))
            }
            Err(error) => Attempt::Again(error.to_string(), None),
        }
    }

    fn patience(&self) -> Duration {
        self.retry
    }
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of the body in hexadecimal digits.
fn signature(key: &hmac::Key, body: &[u8]) -> String {
    let tag = hmac::sign(key, body);
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("sha256={}", digits.collect::<String>())
}

fn judge(status: StatusCode, wanted: Option<Duration>) -> Attempt {
    const LATER: [StatusCode; 3] = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    let why = || format!("it answered {status}");
    if status.is_success() {
        Attempt::Delivered
    } else if status.is_server_error() || LATER.contains(&status) {
        Attempt::Again(why(), wanted)
    } else if status.is_redirection() {
        Attempt::Failed(format!("{}; redirections are not followed", why()))
    } else {
        Attempt::Failed(why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2 there.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        assert_eq!(
            signature(&key, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn an_answer_tells_whether_trying_again_is_of_use() {
        let minute = Some(Duration::from_mins(1));
        for (status, again) in [
            (408, Some(true)),
            (425, Some(true)),
            (429, Some(true)),
            (500, Some(true)),
            (503, Some(true)),
            (200, None),
            (204, None),
            (302, Some(false)),
            (400, Some(false)),
            (401, Some(false)),
            (404, Some(false)),
        ] {
            let judged = judge(StatusCode::from_u16(status).unwrap(), minute);
            let is_as_expected = match &judged {
                Attempt::Delivered => again.is_none(),
                Attempt::Again(_, wanted) => again == Some(true) && *wanted == minute,
                Attempt::Failed(_) => again == Some(false),
            };
            assert!(is_as_expected, "{status}: {judged:?}");
        }
    }
}
