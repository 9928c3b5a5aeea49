//! An incident in the fewest words: what, three facts, one command. For `--brief`, for `netmon run` and its outlets.

use jiff::Timestamp;

use super::askers::askers;
use super::facts::Facts;
use super::incident::Until;
use super::numbers::Clock;
use super::resolver::resolver;
use super::rich::Text;
use crate::model::{Incident, State};
use crate::report::knowledge;

/// An incident in the fewest words.
#[derive(Clone, Debug)]
pub struct Brief {
    /// How bad it is, in a word: `DOWN`; or how it ended: `OVER`.
    pub word: &'static str,
    /// What the server does: `203.0.113.2 udp port 53 is unreachable`.
    pub headline: String,
    /// Which of this host's resolvers it is, and what that means for lookups.
    pub resolver: Option<String>,
    /// Which processes of this host ask.
    pub askers: Option<String>,
    /// Whose the server is, if the configuration says so.
    pub owner: Option<String>,
    /// Three facts, each with its name.
    pub facts: [(&'static str, Text); 3],
    /// What to check next: where, and the command for it.
    pub next: Option<(Text, String)>,
}

impl Brief {
    /// The fact that comes with evidence.
    pub const CAUSE: &str = "cause";

    /// Of an incident.
    pub fn new(facts: &Facts<'_>, until: Until) -> Self {
        let incident = facts.incident;
        let kind = knowledge::kind(incident.kind);
        let again = if incident.reopened > 0 { " again" } else { "" };
        let (word, now) = match (incident.state, incident.closed_because) {
            (State::Closed, Some(reason)) => {
                let close = knowledge::close(reason);
                (close.word, close.now.to_owned())
            }
            _ => (
                knowledge::severity(incident.severity),
                format!("{}{again}", kind.now),
            ),
        };
        let counts = facts.say(if facts.queries_unseen() {
            "{errors}, no query seen"
        } else {
            "{queries}, {answers}, {errors}"
        });
        let span = match until {
            _ if !facts.has_times => Text::from("no times in the log"),
            Until::Now => facts.say("since {began_time}"),
            Until::EndOfLog | Until::LastRecord => {
                Text::from(facts.clock.stretch(incident.began.0, facts.counted_to))
            }
        };
        let span = span.then(": ").then(counts);
        let cause = incident.causes.first().map_or_else(
            || Text::from("unknown"),
            |found| {
                Text::from(format!(
                    "{} ({}): {}",
                    found.cause, found.likelihood, found.evidence
                ))
            },
        );
        let next = incident.cause().map(knowledge::cause).and_then(|cause| {
            let first = facts.steps(cause.confirm).into_iter().next()?;
            Some((facts.say(cause.place), first.command?))
        });
        Self {
            word,
            headline: format!("{} {now}", service(incident)),
            resolver: resolver(incident),
            askers: askers(incident),
            owner: incident
                .server_info
                .as_ref()
                .map(ToString::to_string)
                .filter(|owner| !owner.is_empty()),
            facts: [
                ("when", span),
                ("whom", facts.say("{clients}{for_names}")),
                (Self::CAUSE, cause),
            ],
            next: next.filter(|_| incident.state == State::Open),
        }
    }
}

/// An incident that is open, in a line: `203.0.113.2 udp port 53 is unreachable, since 12:00:03 UTC`.
pub fn still(incident: &Incident, clock: &Clock, now: Timestamp) -> String {
    let facts = Facts::new(incident, clock);
    let brief = Brief::new(&facts, Until::Now);
    let began = incident.began.0;
    let day = if clock.day(began) == clock.day(now) {
        String::new()
    } else {
        format!(" on {}", clock.day(began))
    };
    format!(
        "{}  {}, since {} {}{day}",
        brief.word,
        brief.headline,
        clock.time(began),
        clock.name(began)
    )
}

/// `203.0.113.2 udp port 53`, or `203.0.113.2 (ns1) udp port 53`.
pub fn service(incident: &Incident) -> String {
    format!(
        "{} {} port {}",
        incident.server_title(),
        incident.transport.name(),
        incident.port
    )
}
