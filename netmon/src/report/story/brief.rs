//! An incident in the fewest words: what, three facts, one command. For `--brief`, for `netmon run` and its outlets.

use super::facts::Facts;
use super::incident::Until;
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
    /// Three facts, each with its name.
    pub facts: [(&'static str, Text); 3],
    /// What to check next, and the command for it.
    pub next: Option<(Text, String)>,
}

impl Brief {
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
        let span = match until {
            Until::Now => facts.say("since {began_time}: {queries}, {answers}, {errors}"),
            Until::EndOfLog | Until::LastRecord => {
                Text::from(facts.clock.stretch(incident.began.0, incident.last_seen.0))
                    .then(facts.say(": {queries}, {answers}, {errors}"))
            }
        };
        let cause = incident.causes.first().map_or_else(
            || Text::from("unknown"),
            |found| {
                Text::from(format!(
                    "{} ({}): {}",
                    found.cause, found.likelihood, found.evidence
                ))
            },
        );
        let next = incident
            .cause()
            .map(|cause| facts.steps(knowledge::cause(cause).confirm))
            .into_iter()
            .flatten()
            .find_map(|step| Some((step.what, step.command?)));
        Self {
            word,
            headline: format!("{} {now}", service(incident)),
            facts: [
                ("when", span),
                ("whom", facts.say("{clients}{for_names}")),
                ("cause", cause),
            ],
            next: next.filter(|_| incident.state == State::Open),
        }
    }
}

/// `203.0.113.2 udp port 53`.
pub fn service(incident: &Incident) -> String {
    format!(
        "{} {} port {}",
        incident.server,
        incident.transport.name(),
        incident.port
    )
}
