//! What the decider told of a scenario.

use super::Scenario;
use crate::detect::Change;
use crate::model::{Happened, Incident, WarningKind};

impl Scenario {
    /// What happened so far, in words: `opened unreachable`.
    pub fn story(&self) -> Vec<String> {
        self.changes
            .iter()
            .filter(|change| change.kind != Happened::Updated)
            .map(|Change { kind, incident, .. }| {
                let kind = match kind {
                    Happened::Opened => "opened",
                    Happened::Updated => "updated",
                    Happened::Closed => "closed",
                };
                match incident.closed_because {
                    Some(because) => format!("{kind} {} {because}", incident.kind),
                    None => format!("{kind} {}", incident.kind),
                }
            })
            .collect()
    }

    /// The only open incident.
    pub fn incident(&self) -> Incident {
        let mut open = self.decider.open_incidents();
        assert_eq!(open.len(), 1, "{:?}", self.story());
        open.remove(0)
    }

    /// The only incident that opened, as it opened.
    pub fn opened(&self) -> Incident {
        let mut opened = self
            .changes
            .iter()
            .filter(|change| change.kind == Happened::Opened);
        let incident = opened.next().expect("none opened").incident.clone();
        assert!(opened.next().is_none(), "{:?}", self.story());
        incident
    }

    /// The only incident that closed, as it closed.
    pub fn closed(&self) -> Incident {
        let mut closed = self
            .changes
            .iter()
            .filter(|change| change.kind == Happened::Closed);
        let incident = closed.next().expect("none closed").incident.clone();
        assert!(closed.next().is_none(), "{:?}", self.story());
        incident
    }

    /// What the warnings are about.
    pub fn warnings(&self) -> &[WarningKind] {
        &self.warnings
    }
}
