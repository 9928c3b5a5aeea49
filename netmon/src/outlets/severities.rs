//! The severity that each open incident was reported with last. Whoever heard of an opening hears of each change of severity
//! too, whatever else is to be reported: an outage that began in part and becomes whole must wake somebody.

use std::collections::HashMap;

use crate::model::{Happened, Incident, Severity};

/// The open incidents, by id, each with its severity.
#[derive(Debug, Default)]
pub(super) struct Severities(HashMap<String, Severity>);

impl Severities {
    /// Takes what happened to an incident. Whether its severity is another one than before.
    pub fn changes(&mut self, happened: Happened, incident: &Incident) -> bool {
        match happened {
            Happened::Opened | Happened::Updated => {
                let before = self.0.insert(incident.id.clone(), incident.severity);
                before.is_some_and(|before| before != incident.severity)
            }
            Happened::Closed => {
                self.0.remove(&incident.id);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use netmon_common::Address;

    use super::*;
    use crate::model::{Kind, Wall};

    #[test]
    fn a_change_of_severity_is_one_until_the_incident_closes() {
        let at = Wall(jiff::Timestamp::UNIX_EPOCH);
        let down = Incident::opened("one", Address::UNSPECIFIED, Kind::Unreachable, at);
        let degraded = Incident {
            severity: Severity::Degraded,
            ..down.clone()
        };
        let mut severities = Severities::default();
        let cases = [
            (Happened::Opened, &degraded, false),
            (Happened::Updated, &degraded, false),
            (Happened::Updated, &down, true),
            (Happened::Updated, &down, false),
            (Happened::Closed, &degraded, false),
            // One of an earlier run: nobody heard of it in this one.
            (Happened::Updated, &degraded, false),
            (Happened::Updated, &down, true),
        ];
        for (number, (happened, incident, expected)) in cases.into_iter().enumerate() {
            assert_eq!(severities.changes(happened, incident), expected, "{number}");
        }
    }
}
