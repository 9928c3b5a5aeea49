//! The names of the last queries, by when each was sent and by whom: some servers refuse with nothing but a header, and some
//! routers quote eight bytes. Then the query itself says what was asked.

use netmon_common::Address;

use super::limits::ASKED_NAMES;
use crate::observation::Name;
use crate::time::Time;

/// Names of the last queries. Of two in one place the newer one stays.
#[derive(Debug)]
pub(super) struct AskedNames(Vec<Option<(Time, Address, Name)>>);

impl AskedNames {
    /// None yet.
    pub fn new() -> Self {
        Self(vec![None; ASKED_NAMES])
    }

    /// A query was sent.
    pub fn note(&mut self, sent: Time, client: Address, name: &Name) {
        if let Some(place) = self.0.get_mut(place(sent)) {
            *place = Some((sent, client, name.clone()));
        }
    }

    /// What the query asked for that was sent then.
    pub fn of(&self, sent: Time, client: Address) -> Option<Name> {
        let (known, by, name) = self.0.get(place(sent))?.as_ref()?;
        (*known == sent && *by == client).then(|| name.clone())
    }
}

const fn place(sent: Time) -> usize {
    (sent.nanos().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % ASKED_NAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_known_by_its_time_and_its_client() {
        let [one, other] = [1, 2].map(|last| Address::v4([192, 0, 2, last]));
        let mut names = AskedNames::new();
        names.note(Time::at_second(1), one, &Name::new("a.test"));
        assert_eq!(names.of(Time::at_second(1), one), Some(Name::new("a.test")));
        assert_eq!(names.of(Time::at_second(1), other), None);
        assert_eq!(names.of(Time::at_second(2), one), None);
        (2..100_000).for_each(|second| names.note(Time::at_second(second), one, &Name::new("b.test")));
        assert_eq!(names.of(Time::at_second(1), one), None);
    }
}
