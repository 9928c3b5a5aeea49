//! Names, shared: the same name again costs no memory.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use netmon_common::wire::name::{self, NameBuffer};

use super::limits::SHARED_NAMES;
use crate::observation::Name;

/// The names that came up lately, each at the place that its hash gives.
pub struct Names {
    places: Vec<Option<Name>>,
    hasher: RandomState,
}

impl Names {
    /// None yet.
    pub fn new() -> Self {
        Self {
            places: vec![None; SHARED_NAMES],
            hasher: RandomState::default(),
        }
    }

    /// The name that a DNS message asks for, if it can be read.
    pub fn of_question(&mut self, message: &[u8]) -> Option<Name> {
        let buffer: NameBuffer = name::read_question(message)?;
        let text = buffer.as_str();
        #[expect(clippy::cast_possible_truncation, reason = "reduced to the number of places")]
        let index = self.hasher.hash_one(text) as usize % SHARED_NAMES;
        let place = self.places.get_mut(index)?;
        match place {
            Some(name) if name.as_str() == text => {}
            Some(_) | None => *place = Some(Name::new(text)),
        }
        place.clone()
    }
}
