//! What is lost and can touch a verdict, and outlets that drop what they should report: a warning when it starts, and one
//! when it is over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::model::{Warning, WarningKind, WarningState};
use crate::ongoing::Ongoing;
use crate::time::Time;

/// How those who scrape metrics are named.
pub(super) const SCRAPERS: &str = "scrapers";
/// How those who look at the views are named.
pub(super) const VIEWS: &str = "views";

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// The ring has no room for events.
    Events,
    /// Queries lose their traces while they wait.
    Traces,
    /// The kernel's tables are short of places.
    Places,
    /// An outlet drops what it should report.
    Outlet(&'static str),
}

impl Trouble {
    const fn kind(self) -> WarningKind {
        match self {
            Self::Events => WarningKind::EventsLost,
            Self::Traces => WarningKind::TracesOverwritten,
            Self::Places => WarningKind::TablePressure,
            Self::Outlet(_) => WarningKind::OutputDropped,
        }
    }

    /// What is said when it starts; so many were lost by now.
    fn starts(self, count: u64) -> String {
        match self {
            Self::Events => format!(
                "events find no place in the ring and are lost ({count} so far); all packets are counted, but an incident may \
                 open late"
            ),
            Self::Traces => format!(
                "queries lose their traces while they wait, because too many wait ({count} so far); all packets are counted, \
                 but errors about these queries verify nothing, and the silence of a server whose answers then match no \
                 query is not judged"
            ),
            Self::Places => {
                "the kernel's tables are short of places: those that were asked least recently lose theirs before they are \
                 idle; all packets are counted, but more of them together under `retired` and `overflow`. `--destinations` \
                 makes more places"
                    .to_owned()
            }
            Self::Outlet(outlet) => {
                let why = match outlet {
                    SCRAPERS | VIEWS => "have too many connections open: the oldest are closed",
                    _ => "is too slow or cannot be written: what it was to get is dropped",
                };
                format!("{outlet} {why} ({count} so far); monitoring goes on")
            }
        }
    }

    /// What is said when it is over.
    fn over(self, count: u64) -> String {
        match self {
            Self::Events => format!("no event is lost any more ({count} were lost in all)"),
            Self::Traces => {
                format!("no query loses its trace any more while it waits ({count} were lost in all)")
            }
            Self::Places => "the kernel's tables have places again".to_owned(),
            Self::Outlet(outlet) => {
                format!("{outlet}: nothing is dropped any more ({count} were dropped in all)")
            }
        }
    }
}

/// The troubles that go on, and what was counted of each.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    ongoing: Ongoing<Trouble>,
    counted: BTreeMap<Trouble, u64>,
    /// How long the trace of a query that waits lives at present.
    pub trace_lifetime: Option<Duration>,
    new: Vec<Warning>,
}

impl Troubles {
    /// So many were lost before: that is no news.
    pub fn begin(&mut self, trouble: Trouble, count: u64) {
        self.counted.insert(trouble, count);
    }

    /// So many are lost by now.
    pub fn count(&mut self, trouble: Trouble, count: u64, now: Time) {
        let before = self.counted.insert(trouble, count).unwrap_or(0);
        if count > before {
            self.see(trouble, now);
        }
    }

    /// It goes on.
    pub fn see(&mut self, trouble: Trouble, now: Time) {
        if self.ongoing.seen(trouble, now) {
            let mut message = trouble.starts(self.count_of(trouble));
            if let (Trouble::Traces, Some(lifetime)) = (trouble, self.trace_lifetime) {
                let _cannot_fail = write!(
                    message,
                    "; at present a trace lives for {:.1} s",
                    lifetime.as_secs_f64()
                );
            }
            self.say(trouble, message, WarningState::Started);
        }
    }

    /// The warnings that have come up by now.
    pub fn take(&mut self, now: Time) -> Vec<Warning> {
        for trouble in self.ongoing.quiet(now) {
            let message = trouble.over(self.count_of(trouble));
            self.say(trouble, message, WarningState::Over);
        }
        std::mem::take(&mut self.new)
    }

    fn count_of(&self, trouble: Trouble) -> u64 {
        self.counted.get(&trouble).copied().unwrap_or(0)
    }

    fn say(&mut self, trouble: Trouble, message: String, state: WarningState) {
        self.new
            .push(Warning::new(trouble.kind(), message).in_state(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losing_is_reported_when_it_starts_and_when_it_is_over() {
        for (trouble, kind) in [
            (Trouble::Events, WarningKind::EventsLost),
            (Trouble::Traces, WarningKind::TracesOverwritten),
            (Trouble::Outlet("stdout"), WarningKind::OutputDropped),
        ] {
            let mut troubles = Troubles::default();
            troubles.begin(trouble, 2);
            let mut told = Vec::new();
            for (second, count) in [
                (0, 2),
                (1, 3),
                (2, 5),
                (8, 5),
                (9, 6),
                (18, 6),
                (19, 6),
                (40, 6),
                (41, 7),
            ] {
                let now = Time::at_second(second);
                troubles.count(trouble, count, now);
                for warning in troubles.take(now) {
                    assert_eq!(warning.warning, kind);
                    let says = warning.message.contains(&format!("({count} "));
                    told.push((second, warning.state, says));
                }
            }
            let expected = [
                (1, Some(WarningState::Started), true),
                (19, Some(WarningState::Over), true),
                (41, Some(WarningState::Started), true),
            ];
            assert_eq!(told, expected, "{trouble:?}");
        }
    }
}
