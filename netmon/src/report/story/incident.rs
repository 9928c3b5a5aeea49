//! Sentences about one incident: its name, what, why, whether it is over; and a table to look things up in.

use std::fmt::Display;
use std::time::Duration;

use netmon_common::Transport;

use super::facts::Facts;
use super::numbers::{count, duration, number};
use super::rich::Text;
use crate::model::{Cause, CloseReason, Likelihood, Wall};
use crate::report::knowledge;

/// What the end of the data says of an incident that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The log is read to its end; what came after, nobody knows.
    EndOfLog,
    /// The history says how it stood when it was last written.
    LastRecord,
    /// The traffic is still being watched.
    Now,
}

impl Facts<'_> {
    /// The incident, in a heading: ``server `203.0.113.2` unreachable on UDP port 53``.
    pub fn name(&self) -> Text {
        self.say(knowledge::kind(self.incident.kind).name)
    }

    /// A cause, as a clause that begins small.
    pub fn clause(&self, cause: Cause) -> Text {
        self.say(knowledge::cause(cause).clause)
    }

    /// The problem in three sentences: what, why, and whether it is over.
    pub fn lead(&self, until: Until) -> Text {
        let kind = knowledge::kind(self.incident.kind);
        let what = if self.incident.is_down() {
            kind.down
        } else {
            kind.degraded
        };
        let mut text = self.say(what).emphasised();
        if let Some(diagnosis) = self.incident.causes.first() {
            let sure = match diagnosis.likelihood {
                Likelihood::Likely => " Most likely, ",
                Likelihood::Possible => " Possibly, ",
            };
            text = text.then(sure).then(self.clause(diagnosis.cause)).then(".");
        }
        text.then(" ").then(self.end(until))
    }

    /// Whether it is over, and why it counts as over.
    pub fn end(&self, until: Until) -> Text {
        self.say(match (self.incident.closed_because, until) {
            // No client that failed is known to have been answered again: when that was, is not known either.
            (Some(CloseReason::Answered), _) if self.incident.recovered.is_none() => {
                "The incident was closed at {closed}, because the server had given answers again."
            }
            (Some(reason), _) => knowledge::close(reason).ended,
            (None, _) if !self.has_times => {
                "Whether the problem has ended is not known, because the log has no times."
            }
            (None, Until::Now) => "The problem persists.",
            (None, Until::EndOfLog) => "The problem had not ended when the log did.",
            (None, Until::LastRecord) => "The problem had not ended when the history was last written.",
        })
    }

    /// All that is known of it, to look up.
    pub fn rows(&self, until: Until, from_text: bool) -> Vec<(String, Text)> {
        let incident = self.incident;
        let mut rows: Vec<(&str, Text)> = vec![("Server", self.named_server())];
        let owner = incident.info(|info| info.owner.as_deref());
        let note = incident.info(|info| info.note.as_deref());
        let known = [("Owner", owner), ("Note", note)].into_iter();
        rows.extend(
            known
                .filter(|(_, words)| !words.is_empty())
                .map(|(name, words)| (name, Text::from(words.to_owned()))),
        );
        rows.extend([
            ("Port", self.say("{transport} {port}")),
            (
                "Problem",
                format!("{} ({})", knowledge::kind(incident.kind).short, incident.severity).into(),
            ),
        ]);
        rows.extend(self.times(until));
        if self.queries_unseen() {
            rows.push(("Queries", "not seen".into()));
        } else {
            rows.push(("Queries", number(incident.queries).into()));
            rows.push(("Answers", number(incident.answers).into()));
        }
        rows.push(("ICMP errors", self.icmp_errors()));
        if self.errors() > 0 {
            rows.push(("Verified", self.verified(from_text)));
            let accepted = incident
                .accepted
                .map(|accepted| count(accepted, "error", "errors"));
            rows.extend(accepted.map(|accepted| ("Handed to the asking sockets", accepted.into())));
        }
        if !incident.reporters.is_empty() {
            let which = if self.some_are_unproven() {
                "Verified errors sent by"
            } else {
                "Errors sent by"
            };
            rows.push((which, self.say("{reporters}")));
        }
        let (clients, names) = (self.clients(), self.names());
        rows.push((
            if clients == 1 { "Client" } else { "Clients" },
            all(&incident.clients, clients),
        ));
        rows.push((
            if names == 1 { "Name" } else { "Names" },
            all(&incident.names, names),
        ));
        let root = self.incident.because_of.as_ref();
        rows.extend(root.map(|root| ("Explained by", Text::from("the incident ").then(Text::code(root)))));
        rows.extend(
            incident
                .probe
                .map(|probe| ("Own queries", Text::from(probe.to_string()))),
        );
        rows.extend(self.failover().map(|asked| ("Asked again elsewhere", asked)));
        rows.into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect()
    }

    /// When it began, was seen and ended.
    fn times(&self, until: Until) -> Vec<(&'static str, Text)> {
        let incident = self.incident;
        if !self.has_times {
            return vec![("Times", "not in the log".into())];
        }
        let exact = |wall: Wall| Text::from(self.clock.exact(wall.0));
        let mut rows = vec![
            (self.first_failure(), exact(incident.began)),
            ("Detected", exact(incident.opened)),
            ("Last failure", exact(incident.last_seen)),
        ];
        rows.extend(
            incident
                .recovered
                .map(|recovered| ("Answered again", exact(recovered))),
        );
        rows.push(match (incident.closed, incident.closed_because) {
            (Some(closed), Some(reason)) => ("Closed", exact(closed).then(format!(" ({reason})"))),
            (Some(closed), None) => ("Closed", exact(closed)),
            (None, _) => (
                "State",
                match until {
                    Until::Now => "open",
                    Until::EndOfLog => "open: not ended when the log did",
                    Until::LastRecord => "open: not ended when the history was last written",
                }
                .into(),
            ),
        });
        rows
    }

    /// What began it.
    fn first_failure(&self) -> &'static str {
        match self.incident.transport {
            _ if self.queries_unseen() => "First error",
            Transport::Udp => "First failed query",
            Transport::Tcp => "First failed attempt",
        }
    }

    /// The server with what people call it.
    pub(super) fn named_server(&self) -> Text {
        let address = Text::code(self.incident.server);
        match self.incident.info(|info| info.name.as_deref()) {
            "" => address,
            name => address.then(format!(" ({name})")),
        }
    }

    /// How many lookups were asked again elsewhere, and after how long.
    fn failover(&self) -> Option<Text> {
        let failover = self.incident.failover.filter(|failover| failover.lookups > 0)?;
        let lookups = count(failover.lookups, "lookup", "lookups");
        let waited = |millis: u64| duration(Duration::from_millis(millis));
        let after = match (failover.waited_p50_ms, failover.waited_max_ms) {
            (Some(median), Some(longest)) if failover.lookups > 1 => {
                format!(" after {} (median; at most {})", waited(median), waited(longest))
            }
            (_, Some(longest)) => format!(" after {}", waited(longest)),
            _ => String::new(),
        };
        let sample = if failover.sample {
            ", and perhaps more: not all names were looked at"
        } else {
            ""
        };
        Some(format!("{lookups}{after}{sample}").into())
    }

    /// How many errors are verified.
    fn verified(&self, from_text: bool) -> Text {
        let errors = count(self.errors(), "error", "errors");
        let by = if from_text && self.incident.verified > 0 {
            ", as far as text shows it"
        } else {
            ""
        };
        format!("{} of {errors}{by}", number(self.incident.verified)).into()
    }

    fn icmp_errors(&self) -> Text {
        let errors = self.errors();
        if errors == 0 {
            return "0".into();
        }
        let codes = self.by_code().into_iter().map(|(code, count)| {
            let name = self.say(knowledge::code(code).words);
            if count == errors {
                name
            } else {
                Text::from(format!("{} × ", number(count))).then(name)
            }
        });
        Text::from(format!("{} (", number(errors)))
            .then(Text::list(codes.collect()))
            .then(")")
    }
}

/// Those that are listed, and how many more there are.
fn all(known: &[impl Display], in_all: u64) -> Text {
    let mut items: Vec<Text> = known.iter().map(Text::code).collect();
    let more = in_all.saturating_sub(items.len() as u64);
    if more > 0 {
        items.push(format!("{} more", number(more)).into());
    }
    match items.as_slice() {
        [] => "not in the log".into(),
        _ => Text::list(items),
    }
}
