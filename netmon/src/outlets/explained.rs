//! Which open incidents nobody was told of, because another one explains them: who heard of the root need not hear of what
//! follows from it. One that its root no longer explains is told of then, as one that opens.

use std::collections::HashMap;

use crate::model::{Happened, Incident};

/// The open incidents, by id, each with whether it was told of.
#[derive(Debug, Default)]
pub(super) struct Explained(HashMap<String, bool>);

impl Explained {
    /// Takes what happened to an incident. What is to be told of it, if anything is.
    pub fn take(&mut self, happened: Happened, incident: &Incident) -> Option<Happened> {
        let told = self.0.get(&incident.id).copied();
        let is_explained = incident.because_of.is_some();
        let (tell, is_told) = match (happened, told) {
            (Happened::Closed, told) => {
                self.0.remove(&incident.id);
                return (told != Some(false)).then_some(Happened::Closed);
            }
            (Happened::Opened, _) | (Happened::Updated, None | Some(false)) if is_explained => (None, false),
            (Happened::Updated, Some(false)) => (Some(Happened::Opened), true),
            (Happened::Opened | Happened::Updated, _) => (Some(happened), true),
        };
        self.0.insert(incident.id.clone(), is_told);
        tell
    }
}

#[cfg(test)]
mod tests {
    use netmon_common::Address;

    use super::*;
    use crate::model::{Kind, Wall};

    #[test]
    fn what_another_incident_explains_is_told_of_only_once_it_does_not_any_more() {
        use Happened::{Closed, Opened, Updated};
        // What happens, whether it is explained then, and what is told.
        let cases: [&[(Happened, bool, Option<Happened>)]; 5] = [
            &[
                (Opened, false, Some(Opened)),
                (Updated, false, Some(Updated)),
                (Closed, false, Some(Closed)),
            ],
            &[(Opened, true, None), (Updated, true, None), (Closed, true, None)],
            &[
                (Opened, true, None),
                (Updated, false, Some(Opened)),
                (Updated, false, Some(Updated)),
                (Closed, false, Some(Closed)),
            ],
            // It opened first, and whoever heard of it hears of its end.
            &[
                (Opened, false, Some(Opened)),
                (Updated, true, Some(Updated)),
                (Closed, true, Some(Closed)),
            ],
            // After a restart.
            &[
                (Updated, true, None),
                (Updated, false, Some(Opened)),
                (Closed, false, Some(Closed)),
            ],
        ];
        let at = Wall(jiff::Timestamp::UNIX_EPOCH);
        for (number, events) in cases.into_iter().enumerate() {
            let mut explained = Explained::default();
            for (happened, is_explained, told) in events {
                let incident = Incident {
                    because_of: is_explained.then(|| "root".to_owned()),
                    ..Incident::opened("one", Address::UNSPECIFIED, Kind::Failing, at)
                };
                assert_eq!(
                    explained.take(*happened, &incident),
                    *told,
                    "{number}: {happened}"
                );
            }
            assert!(explained.0.is_empty(), "{number}");
        }
    }
}
