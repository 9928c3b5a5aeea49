//! The question of a message, as a mark that tells most questions apart.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::observation;

/// A name on the wire, at most (RFC 1035 section 3.1), and the type and the class behind it.
const LONGEST_NAME: usize = 255;
const TYPE_AND_CLASS: usize = 4;

/// The mark of the first question: of the whole name, whatever its capitals, its type and its class. 0 where the message has none,
/// or not all of it was captured; that fits any. (The kernel programs, which have no time for all of it, mark the beginning of the
/// name.)
pub(super) fn mark(message: &[u8]) -> u16 {
    hash(message).map_or(0, |hash| {
        let [high, low, ..] = hash.to_be_bytes();
        u16::from_be_bytes([high, low]) | 1
    })
}

fn hash(message: &[u8]) -> Option<u64> {
    let (name, behind) = observation::question(message)?;
    let type_and_class: &[u8; TYPE_AND_CLASS] = behind.first_chunk()?;
    let mut lowercase = [0; LONGEST_NAME];
    let lowercase = lowercase.get_mut(..name.len())?;
    lowercase.copy_from_slice(name);
    // The lengths of labels are no letters.
    lowercase.make_ascii_lowercase();
    Some(FixedState::with_seed(0).hash_one((&*lowercase, type_and_class)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(question: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat()
    }

    #[test]
    fn a_question_is_known_by_all_of_its_name_and_its_type_whatever_its_capitals_and_what_follows() {
        let long = b"\x1eaveryveryverylongname-000000-0\x04test\0\0\x01\0\x01";
        let asked = mark(&message(long));
        assert_ne!(asked, 0);
        let mut capitals = long.to_vec();
        capitals[5..9].make_ascii_uppercase();
        assert_eq!(mark(&message(&capitals)), asked);
        assert_eq!(mark(&message(&[&long[..], b"\xc0\x0c"].concat())), asked);
        for at in [30, 32, long.len() - 3] {
            let mut other = long.to_vec();
            other[at] ^= 0x10;
            assert_ne!(mark(&message(&other)), asked, "{at}");
        }
    }

    #[test]
    fn a_question_that_is_not_all_there_fits_any() {
        let whole = message(b"\x01a\0\0\x01\0\x01");
        assert_ne!(mark(&whole), 0);
        for len in 0..whole.len() {
            assert_eq!(mark(&whole[..len]), 0, "{len}");
        }
        assert_eq!(mark(&message(b"\xc0\x0c\0\x01\0\x01")), 0, "a pointer");
        let mut none = whole;
        none[5] = 0;
        assert_eq!(mark(&none), 0, "no question");
    }
}
