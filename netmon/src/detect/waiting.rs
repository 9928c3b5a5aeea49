//! Clients and names of queries of which it is not known yet whether they belong to an incident: those that a silent server got
//! until they are old enough to have failed; those that a failing one answered until it can have recovered no more before them.

use std::collections::VecDeque;

use netmon_common::Address;

use crate::observation::Name;
use crate::time::Time;

use super::limits::WAITING;

/// What waits, at most [`WAITING`] of them, in the order in which they were asked.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<Asked>);

/// A client, a name, or both.
#[derive(Debug)]
pub(super) struct Asked {
    /// When it was asked.
    pub since: Time,
    /// Who asked.
    pub client: Option<Address>,
    /// For what.
    pub name: Option<Name>,
}

impl Waiting {
    /// Takes a client and a name, where there are any and they do not wait already since then or longer. Of too many, gives
    /// back the first.
    pub fn add(&mut self, since: Time, client: Option<&Address>, name: Option<&Name>) -> Option<Asked> {
        let same = |asked: &Asked| asked.client.as_ref() == client && asked.name.as_ref() == name;
        if client.is_none() && name.is_none() {
            return None;
        }
        if let Some((place, known)) = self.0.iter().enumerate().find(|(_, asked)| same(asked)) {
            if known.since <= since {
                return None;
            }
            self.0.remove(place);
        }
        let first = (self.0.len() == WAITING).then(|| self.0.pop_front());
        let place = self.0.partition_point(|asked| asked.since <= since);
        let (client, name) = (client.copied(), name.cloned());
        self.0.insert(place, Asked { since, client, name });
        first.flatten()
    }

    /// Those that waited since `by` or longer, in the order in which they were asked.
    pub fn take_until(&mut self, by: Time) -> Vec<Asked> {
        let end = self.0.partition_point(|asked| asked.since <= by);
        self.0.drain(..end).collect()
    }

    /// Forgets what was asked then by that client: it is not silent.
    pub fn forget(&mut self, since: Time, client: Address) {
        let is_it = |asked: &Asked| asked.since == since && asked.client.is_none_or(|by| by == client);
        self.0.retain(|asked| !is_it(asked));
    }

    /// All of them, in the order in which they were asked.
    pub fn iter(&self) -> impl Iterator<Item = &Asked> {
        self.0.iter()
    }

    /// Forgets all: the server answered.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn what_is_told_late_stands_where_it_was_asked_first() {
        let client = Address::from(Ipv4Addr::new(192, 0, 2, 1));
        let [early, late] = ["early.test", "late.test"].map(Name::new);
        let mut waiting = Waiting::default();
        for (second, name) in [(5, &late), (6, &early), (4, &early), (7, &late)] {
            let first = waiting.add(Time::at_second(second), Some(&client), Some(name));
            assert!(first.is_none());
        }
        let asked = waiting
            .iter()
            .map(|asked| (asked.since.second(), asked.name.clone()));
        let asked: Vec<_> = asked.collect();
        assert_eq!(asked, [(4, Some(early)), (5, Some(late))]);
    }
}
