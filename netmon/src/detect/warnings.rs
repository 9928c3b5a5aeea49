//! What limits the decisions: each warning once, with the first server that it was about.

use crate::model::{Warning, WarningKind};
use crate::observation::Service;

/// The warnings so far, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<Warning>);

impl Warnings {
    /// Queries to a server have no answers, but no packet toward those clients was ever seen either.
    pub fn one_direction(&mut self, service: Service) {
        self.once(WarningKind::OneDirection, || {
            format!(
                "no packet toward the clients of {} was seen, so answers may have come unseen: the capture seems \
                 to have one direction only, and unanswered queries open no incident for such clients",
                name(service)
            )
        });
    }

    /// An incident opened on an error whose query could not be seen.
    pub fn queries_unseen(&mut self, service: Service) {
        self.once(WarningKind::QueriesUnseen, || {
            format!(
                "queries to {} are not seen, so its errors cannot be verified against them: they are believed, \
                 although anybody could have forged them",
                name(service)
            )
        });
    }

    fn once(&mut self, warning: WarningKind, message: impl FnOnce() -> String) {
        if self.0.iter().all(|known| known.warning != warning) {
            self.0.push(Warning::new(warning, message()));
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Warning> {
        self.0.clone()
    }
}

/// A server as people say it: `203.0.113.2 udp port 53`.
fn name(service: Service) -> String {
    let Service {
        server,
        port,
        transport,
    } = service;
    format!("{server} {} port {port}", transport.name())
}
