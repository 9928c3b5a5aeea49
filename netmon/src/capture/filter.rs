//! Which addresses play which part, remembered in a fixed number of bits (a Bloom filter).

use netmon_common::Address;

use super::limits::ADDRESS_BITS;

/// The part that an address plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An IP packet was sent to it.
    Heard,
    /// It sent a query.
    Asker,
    /// It was sent a query.
    Asked,
}

/// A set of addresses and their parts. It never forgets one, and may take another one for one of them.
pub struct AddressFilter {
    lines: Vec<Line>,
    /// The last one that was put in: most packets go where the one before them went.
    last: Option<(Part, Address)>,
}

/// A cache line of bits. All bits of an address are in one, so that it costs one access to memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u64; 8]);

const WORD_BITS: usize = 64;
const LINE_BITS: usize = 8 * size_of::<Line>();
const LINES: usize = ADDRESS_BITS / LINE_BITS;
const _: () = assert!(LINES.is_power_of_two() && LINES * LINE_BITS == ADDRESS_BITS);

impl AddressFilter {
    /// The empty set.
    pub fn new() -> Self {
        Self {
            lines: vec![Line([0; 8]); LINES],
            last: None,
        }
    }

    /// Puts an address in.
    #[inline]
    pub fn insert(&mut self, part: Part, address: Address) {
        if self.last == Some((part, address)) {
            return;
        }
        self.last = Some((part, address));
        let (line, bits) = place(part, address);
        if let Some(Line(words)) = self.lines.get_mut(line) {
            for bit in bits {
                if let Some(word) = words.get_mut(bit / WORD_BITS) {
                    *word |= 1 << (bit % WORD_BITS);
                }
            }
        }
    }

    /// Whether the address is in it.
    pub fn contains(&self, part: Part, address: Address) -> bool {
        let (line, bits) = place(part, address);
        let Some(Line(words)) = self.lines.get(line) else {
            return false;
        };
        bits.into_iter().all(|bit| {
            let word = words.get(bit / WORD_BITS);
            word.is_some_and(|word| word & 1 << (bit % WORD_BITS) != 0)
        })
    }
}

/// The line of an address, and its two bits there. They come of a hash whose every bit depends on the whole address.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "masked")]
fn place(part: Part, address: Address) -> (usize, [usize; 2]) {
    let [a, b, c, d] = address.parts().map(u64::from);
    let mut hash = (a | b << 32) ^ (part as u64) << 56;
    for word in [c | d << 32, 0] {
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    }
    let line = (hash >> 32) as usize & (LINES - 1);
    let bits = [hash, hash >> 16].map(|choice| choice as usize & (LINE_BITS - 1));
    (line, bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_it_and_little_else() {
        let mut filter = AddressFilter::new();
        let address = |n: u32| Address::v4(n.wrapping_mul(7_919).to_be_bytes());
        for n in 0..100_000 {
            filter.insert(Part::Heard, address(n));
        }
        assert!((0..100_000).all(|n| filter.contains(Part::Heard, address(n))));
        let wrong = (100_000..200_000).filter(|n| filter.contains(Part::Heard, address(*n)));
        let wrong = wrong.count();
        assert!(
            wrong < 1_100,
            "{wrong} of 100,000 are taken for one of 100,000 others"
        );
    }

    #[test]
    fn parts_are_told_apart() {
        let mut filter = AddressFilter::new();
        let address = Address::v4([192, 0, 2, 1]);
        filter.insert(Part::Asker, address);
        assert!(filter.contains(Part::Asker, address));
        assert!(!filter.contains(Part::Asked, address) && !filter.contains(Part::Heard, address));
    }
}
