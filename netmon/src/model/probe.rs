//! What netmon's own queries to a server came to (`--probe`).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::wall::Wall;
use super::words::words;
use netmon_common::Transport;

words! {
    /// What came of one query.
    pub enum ProbeOutcome {
        /// The server answered it.
        Answered = "answered",
        /// The server answered that it fails: SERVFAIL, REFUSED, FORMERR or NOTIMP.
        Fault = "fault",
        /// An error came: nobody listens, no way leads there, or somebody forbids it.
        Error = "error",
        /// Nothing came in 5 s.
        Silent = "silent",
    }
}

/// What netmon's own queries to the server of an incident came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// When the first one was sent.
    pub at: Wall,
    /// Whether they fail as the incident says.
    pub confirmed: bool,
    /// Over UDP.
    pub udp: ProbeOutcome,
    /// Over TCP.
    pub tcp: ProbeOutcome,
}

impl Probe {
    /// What they say of an incident of that transport; `failing` says whether it is one of answers that say that the server fails.
    pub const fn of(
        at: Wall,
        udp: ProbeOutcome,
        tcp: ProbeOutcome,
        transport: Transport,
        failing: bool,
    ) -> Self {
        let outcome = match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
        };
        let confirmed = match outcome {
            ProbeOutcome::Answered => false,
            ProbeOutcome::Fault => failing,
            ProbeOutcome::Error | ProbeOutcome::Silent => true,
        };
        Self {
            at,
            confirmed,
            udp,
            tcp,
        }
    }

    /// `confirmed` or `not confirmed from this host`.
    pub const fn verdict(self) -> &'static str {
        if self.confirmed {
            "confirmed"
        } else {
            "not confirmed from this host"
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} over UDP, {} over TCP",
            self.verdict(),
            self.udp,
            self.tcp
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_confirmed_by_what_fails_as_it_does() {
        use ProbeOutcome::{Answered, Error, Fault, Silent};
        let cases = [
            (false, Transport::Udp, Error, Answered, true),
            (false, Transport::Udp, Silent, Answered, true),
            (false, Transport::Udp, Fault, Error, false),
            (false, Transport::Tcp, Answered, Error, true),
            (false, Transport::Udp, Answered, Silent, false),
            (true, Transport::Udp, Fault, Answered, true),
            (true, Transport::Udp, Answered, Fault, false),
        ];
        for (failing, transport, udp, tcp, confirmed) in cases {
            let at = Wall(jiff::Timestamp::UNIX_EPOCH);
            let probe = Probe::of(at, udp, tcp, transport, failing);
            assert_eq!(probe.confirmed, confirmed, "{failing} {transport:?} {udp} {tcp}");
        }
    }
}
