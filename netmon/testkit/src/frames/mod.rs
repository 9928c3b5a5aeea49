//! Named frames, and what netmon must count for each: the table that its tests, its benchmark and the seeds of
//! its fuzz targets share.
//!
//! What is expected is written by hand, from section 1 of docs/contract.md. Nothing here asks the code under test.

pub mod build;
mod cases;
mod counted;
mod expect;
pub mod input;
pub mod laws;
pub mod mutate;

use std::borrow::Cow;

pub use counted::Counted;
pub use expect::Expect;

/// A frame and what must be counted for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is special about it: a sentence.
    pub name: Cow<'static, str>,
    /// Its bytes, from the Ethernet header on, without the checksum of the link.
    pub frame: Vec<u8>,
    /// The DNS ports, at most [`MAX_DNS_PORTS`](netmon_common::limits::MAX_DNS_PORTS).
    pub ports: &'static [u16],
    /// What must be counted.
    pub expect: Expect,
}

/// All cases. Their names differ.
pub fn table() -> Vec<Case> {
    cases::ALL.iter().flat_map(|cases| cases()).collect()
}

/// A frame that is looked at with port 53 alone as DNS port.
fn case(name: impl Into<Cow<'static, str>>, frame: impl Into<Vec<u8>>, expect: Expect) -> Case {
    Case {
        name: name.into(),
        frame: frame.into(),
        ports: &[53],
        expect,
    }
}

impl Case {
    /// With these DNS ports instead.
    fn ports(mut self, ports: &'static [u16]) -> Self {
        self.ports = ports;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for case in table() {
            assert!(
                names.insert(case.name.clone()),
                "two cases are named {:?}",
                case.name
            );
        }
    }

    #[test]
    fn every_frame_with_the_same_ports_stands_in_the_table_once() {
        let mut frames = BTreeMap::new();
        let mut twice = Vec::new();
        for case in table() {
            if let Some(other) = frames.insert((case.frame, case.ports), case.name.clone()) {
                twice.push((other, case.name));
            }
        }
        assert!(twice.is_empty(), "the same bytes: {twice:#?}");
    }
}
