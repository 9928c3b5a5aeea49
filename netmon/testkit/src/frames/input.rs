//! A frame and its circumstances as one piece of bytes: what the fuzz target `frame` is given.

use netmon_common::{DnsPorts, Offload};

use super::Case;

/// What stands before the frame: the snap length (two bytes, network order), the tags taken off (the lowest two
/// bits) and the place in [`PORTS`] (the others), and the size of a super-packet's segments.
const CIRCUMSTANCES: usize = 4;

/// The DNS ports that there are to choose from: those of the table of frames.
const PORTS: [&[u16]; 3] = [
    &[53],
    &[5_353],
    &[53, 5_353, 8_053, 1_053, 2_053, 3_053, 4_053, 65_535],
];

/// A frame and its circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The whole frame.
    pub frame: &'a [u8],
    /// How much of it is captured, when it is captured once more.
    pub snap: usize,
    /// What was done to it before.
    pub offload: Offload,
    /// The DNS ports.
    pub ports: DnsPorts,
}

impl<'a> Input<'a> {
    /// Any bytes are an input.
    pub fn read(bytes: &'a [u8]) -> Self {
        let (circumstances, frame) = bytes
            .split_first_chunk::<CIRCUMSTANCES>()
            .unwrap_or((&[0; CIRCUMSTANCES], bytes));
        let [high, low, tags_and_ports, segment_size] = *circumstances;
        let ports = PORTS.get(usize::from(tags_and_ports >> 2) % PORTS.len());
        Self {
            frame,
            snap: usize::from(u16::from_be_bytes([high, low])),
            offload: Offload {
                tags_removed: tags_and_ports & 3,
                segment_size: u32::from(segment_size),
            },
            ports: ports
                .and_then(|ports| DnsPorts::new(ports))
                .unwrap_or(DnsPorts::DEFAULT),
        }
    }

    /// The input that a case of the table makes, captured with a snap length of half of it.
    pub fn bytes(case: &Case) -> Vec<u8> {
        let place = PORTS.iter().position(|ports| *ports == case.ports).unwrap_or(0);
        let [high, low] = u16::try_from(case.frame.len() / 2)
            .unwrap_or(u16::MAX)
            .to_be_bytes();
        let ports = u8::try_from(place << 2).unwrap_or(0);
        [&[high, low, ports, 0], case.frame.as_slice()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::table;

    #[test]
    fn every_case_of_the_table_comes_back_from_its_bytes() {
        for case in table() {
            let bytes = Input::bytes(&case);
            let input = Input::read(&bytes);
            assert_eq!(input.frame, case.frame);
            assert_eq!(input.offload, Offload::default());
            assert_eq!(Some(input.ports), DnsPorts::new(case.ports), "{}", case.name);
        }
    }
}
