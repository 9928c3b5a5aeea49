//! One incident: all times are wall time.

use netmon_common::{Address, Transport};
use serde::{Deserialize, Serialize};

use super::asker::Asker;
use super::counts::ByCode;
use super::failover::Failover;
use super::probe::Probe;
use super::resolver::WhichResolver;
use super::server::{ServerInfo, title};
use super::wall::Wall;
use super::words::words;

words! {
    /// What is wrong.
    ///
    /// In the order in which they are judged: one that absorbs another stands before it.
    pub enum Kind {
        /// ICMP errors say that the server cannot be reached.
        Unreachable = "unreachable",
        /// Nothing at all comes back.
        Unanswered = "unanswered",
        /// The answers are failures.
        Failing = "failing",
    }
}

words! {
    /// Whether an incident goes on.
    pub enum State {
        /// It goes on.
        Open = "open",
        /// It is over.
        Closed = "closed",
    }
}

words! {
    /// How bad it is.
    pub enum Severity {
        /// Nobody gets answers.
        Down = "down",
        /// Some do.
        Degraded = "degraded",
    }
}

words! {
    /// Why an incident closed.
    pub enum CloseReason {
        /// The server answers again.
        Answered = "answered",
        /// Its answers are good again.
        Recovered = "recovered",
        /// Another kind of incident says more.
        Superseded = "superseded",
        /// Nobody asks it any more.
        Idle = "idle",
        /// Its failures were those of a client that scans, or that has lost its network.
        Scan = "scan",
    }
}

words! {
    /// What may be the cause.
    pub enum Cause {
        /// The host is there, and nothing listens at the port.
        ServiceDown = "service-down",
        /// The address is a service's, and nobody stands behind it.
        NoEndpoints = "no-endpoints",
        /// A firewall turns queries away.
        FirewallReject = "firewall-reject",
        /// The host is not there.
        HostDown = "host-down",
        /// No way leads to the host's network.
        NoRoute = "no-route",
        /// Something discards queries or answers without a word.
        SilentDrop = "silent-drop",
        /// More queries come than the server can take.
        Overload = "overload",
        /// The server itself reports that it fails.
        ServerFailure = "server-failure",
    }
}

words! {
    /// How much speaks for a cause.
    pub enum Likelihood {
        /// Most failures support it.
        Likely = "likely",
        /// Some failures do.
        Possible = "possible",
    }
}

words! {
    /// What happened to an incident; the word is the event's name.
    pub enum Happened {
        /// It opened, or opened again.
        Opened = "incident_opened",
        /// It goes on, and something that is reported has changed. At most once a second.
        Updated = "incident_updated",
        /// It closed.
        Closed = "incident_closed",
    }
}

/// An incident; section 4 of docs/contract.md explains each field.
///
/// Fields that an older netmon did not write are read as `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of docs/contract.md, section 4")]
pub struct Incident {
    /// `<opened>-<kind>-<server>-<port>-<transport>`.
    pub id: String,
    pub server: Address,
    pub port: u16,
    pub transport: Transport,
    /// That of a link-local server.
    pub interface: Option<String>,
    pub kind: Kind,
    pub state: State,
    pub severity: Severity,
    pub began: Wall,
    pub opened: Wall,
    pub last_seen: Wall,
    /// When the answer came that ended it.
    pub recovered: Option<Wall>,
    pub closed: Option<Wall>,
    pub closed_because: Option<CloseReason>,
    pub reopened: u64,
    pub queries: u64,
    pub answers: u64,
    pub errors: ByCode,
    pub verified: u64,
    /// Of the errors that netmon looked at, those that the kernel handed to the socket that asked; `None` where that cannot be
    /// known.
    pub accepted: Option<u64>,
    pub reporters: Vec<Address>,
    pub clients: Vec<Address>,
    pub clients_more: u64,
    pub names: Vec<String>,
    pub names_more: u64,
    pub causes: Vec<Diagnosis>,
    /// The id of the incident that explains it: that of the servers which this host's stub or forwarder asks.
    pub because_of: Option<String>,
    /// What it costs lookups.
    pub failover: Option<Failover>,
    /// What the configuration says of the server.
    pub server_info: Option<Box<ServerInfo>>,
    /// Which of this host's resolvers the server is; `None` in captures, which do not say.
    pub resolver: Option<Box<WhichResolver>>,
    /// The processes of this host whose queries it hits, at most 16; `None` where that is not noted.
    pub askers: Option<Vec<Asker>>,
    pub askers_more: Option<u64>,
    /// What netmon's own queries to the server came to, where it sends any.
    pub probe: Option<Probe>,
}

impl Incident {
    /// One that has opened, and of which nothing else is known. What tests make incidents of.
    #[doc(hidden)]
    pub fn opened(id: impl Into<String>, server: Address, kind: Kind, at: Wall) -> Self {
        Self {
            id: id.into(),
            server,
            port: 53,
            transport: Transport::Udp,
            interface: None,
            kind,
            state: State::Open,
            severity: Severity::Down,
            began: at,
            opened: at,
            last_seen: at,
            recovered: None,
            closed: None,
            closed_because: None,
            reopened: 0,
            queries: 0,
            answers: 0,
            errors: ByCode::default(),
            verified: 0,
            accepted: None,
            reporters: Vec::new(),
            clients: Vec::new(),
            clients_more: 0,
            names: Vec::new(),
            names_more: 0,
            causes: Vec::new(),
            because_of: None,
            failover: None,
            server_info: None,
            resolver: None,
            askers: None,
            askers_more: None,
            probe: None,
        }
    }

    /// The most likely cause.
    pub fn cause(&self) -> Option<Cause> {
        self.causes.first().map(|found| found.cause)
    }

    /// The server's address, with what people call it: `203.0.113.2 (ns1)`.
    pub fn server_title(&self) -> String {
        title(self.server, self.server_info.as_deref())
    }

    /// What the configuration says of the server, or nothing.
    pub fn info<'a>(&'a self, of: impl Fn(&'a ServerInfo) -> Option<&'a str>) -> &'a str {
        self.server_info.as_deref().and_then(of).unwrap_or_default()
    }

    /// What is known of the process that asks most, or nothing.
    pub fn first_asker<'a>(&'a self, of: impl Fn(&'a Asker) -> Option<&'a str>) -> &'a str {
        self.askers
            .iter()
            .flatten()
            .next()
            .and_then(of)
            .unwrap_or_default()
    }

    /// Whether nobody gets answers.
    pub fn is_down(&self) -> bool {
        self.severity == Severity::Down
    }
}

/// A cause that something supports; the most likely one is the first in its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of docs/contract.md, section 3")]
pub struct Diagnosis {
    pub cause: Cause,
    pub likelihood: Likelihood,
    /// A sentence that cites numbers.
    pub evidence: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// As the first netmon with a history wrote it.
    fn old() -> Value {
        json!({
            "id": "2026-11-24T13:24:36.098564Z-unreachable-2001:db8::53-53-udp", "server": "2001:db8::53", "port": 53,
            "transport": "udp", "kind": "unreachable", "state": "closed", "severity": "degraded",
            "began": "2026-11-24T13:24:32.192571Z", "opened": "2026-11-24T13:24:36.098564Z",
            "last_seen": "2026-11-24T13:28:50.022967Z", "closed": "2026-11-24T13:29:50.000000Z",
            "closed_because": "answered", "reopened": 1, "queries": 3, "answers": 1,
            "errors": {"net": 0, "host": 1, "protocol": 0, "port": 2, "admin": 0, "other": 0}, "verified": 3,
            "reporters": ["192.0.2.1"], "clients": ["192.51.100.15"], "clients_more": 4, "names": ["a.test"],
            "names_more": 0, "causes": [{"cause": "service-down", "likelihood": "likely", "evidence": "2 of 3"}]
        })
    }

    #[test]
    fn what_an_older_netmon_wrote_is_read_and_written_again_with_the_new_fields_unknown() {
        let incident: Incident = serde_json::from_value(old()).unwrap();
        let mut written = serde_json::to_value(&incident).unwrap();
        for new in [
            "interface",
            "recovered",
            "accepted",
            "because_of",
            "failover",
            "server_info",
            "resolver",
            "askers",
            "askers_more",
            "probe",
        ] {
            assert_eq!(
                written.as_object_mut().unwrap().remove(new),
                Some(Value::Null),
                "{new}"
            );
        }
        assert_eq!(written, old());
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error_and_never_a_guess() {
        for field in ["transport", "kind", "state", "severity", "closed_because"] {
            let mut text = old();
            text[field] = "gremlins".into();
            let error = serde_json::from_value::<Incident>(text).unwrap_err().to_string();
            assert!(error.contains("gremlins"), "{field}: {error}");
        }
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(serde_json::from_value::<Kind>(kind.name().into()).unwrap(), kind);
        }
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
            assert_eq!(
                serde_json::from_value::<Cause>(cause.name().into()).unwrap(),
                cause
            );
        }
    }
}
