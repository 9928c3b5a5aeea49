//! What an incident lists, and how many more there were: the first 32 exactly, the rest by estimate.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;

use super::limits::LISTED;

/// Distinct values in the order of their first appearance, the first [`LISTED`] of them.
#[derive(Clone, Debug)]
pub(super) struct Distinct<T> {
    listed: Vec<T>,
    beyond: Option<Box<Sketch>>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            beyond: None,
        }
    }
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    /// Takes a value. Whether what is told changed by it.
    pub fn note(&mut self, value: &T) -> bool {
        if self.may_have(value) {
            return false;
        }
        if self.listed.len() < LISTED {
            self.listed.push(value.clone());
            return true;
        }
        self.note_mark(Mark::of(value))
    }

    /// The value was not there after all. One that is not listed stays counted.
    pub fn take_back(&mut self, value: &T) {
        self.listed.retain(|listed| listed != value);
    }

    /// Takes the values of another one, none of which was taken before: they are not listed.
    pub fn absorb(&mut self, other: &Self) {
        for value in &other.listed {
            self.note_mark(Mark::of(value));
        }
        if let Some(beyond) = &other.beyond {
            self.beyond.get_or_insert_default().add(beyond);
        }
    }

    /// Takes a value of which only the mark is known: it is not listed.
    pub fn note_mark(&mut self, mark: Mark) -> bool {
        self.beyond.get_or_insert_default().note(mark)
    }

    /// Whether the value was taken before; among those not listed it may be mistaken for another one.
    pub fn may_have(&self, value: &T) -> bool {
        self.listed.contains(value)
            || self
                .beyond
                .as_ref()
                .is_some_and(|beyond| beyond.has(Mark::of(value)))
    }

    /// With what was known in an earlier run: the listed values, and a [`Self::sketch`] of the rest.
    pub fn restore(mut listed: Vec<T>, sketch: &str) -> Self {
        listed.truncate(LISTED);
        Self {
            listed,
            beyond: Sketch::from_hex(sketch).map(Box::new),
        }
    }

    /// The values that are not listed, as a text for [`Self::restore`]; empty if there are none.
    pub fn sketch(&self) -> String {
        self.beyond
            .as_ref()
            .map_or_else(String::new, |beyond| beyond.to_hex())
    }

    /// The first values.
    pub fn listed(&self) -> &[T] {
        &self.listed
    }

    /// How many distinct values are not listed: exact while they are few, within some percent up to about
    /// 20,000, and never less than before.
    pub fn more(&self) -> u64 {
        self.beyond.as_ref().map_or(0, |beyond| beyond.estimate())
    }
}

/// Bits of a sketch: 1 KiB.
const BITS: u32 = 8_192;

/// What a sketch knows of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(u16);

impl Mark {
    /// The mark of a value. The seed is fixed: the same packets give the same estimate.
    pub fn of<T: Hash>(value: &T) -> Self {
        let hash = FixedState::with_seed(0).hash_one(value);
        Self(u16::try_from(hash % u64::from(BITS)).unwrap_or(0))
    }

    const fn place(self) -> (usize, u64) {
        (self.0 as usize / 64, 1 << (self.0 % 64))
    }
}

/// How many distinct values were seen, by linear counting (Whang, Vander-Zanden and Taylor 1990): each value
/// sets one bit, and the bits left at zero tell how many values there were.
#[derive(Clone, Debug)]
struct Sketch {
    words: [u64; BITS as usize / 64],
    zeros: u32,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            words: [0; BITS as usize / 64],
            zeros: BITS,
        }
    }
}

impl Sketch {
    /// The words, 16 hexadecimal digits each.
    fn to_hex(&self) -> String {
        use std::fmt::Write as _;
        self.words.iter().fold(String::new(), |mut text, word| {
            let _infallible = write!(text, "{word:016x}");
            text
        })
    }

    /// The sketch of that text; `None` if it is none.
    fn from_hex(text: &str) -> Option<Self> {
        let mut sketch = Self::default();
        let mut digits = text.as_bytes().chunks_exact(16);
        for word in &mut sketch.words {
            let digits = std::str::from_utf8(digits.next()?).ok()?;
            *word = u64::from_str_radix(digits, 16).ok()?;
            sketch.zeros -= word.count_ones();
        }
        Some(sketch)
    }

    fn note(&mut self, mark: Mark) -> bool {
        let (word, bit) = mark.place();
        match self.words.get_mut(word) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                self.zeros -= 1;
                true
            }
            _ => false,
        }
    }

    fn has(&self, mark: Mark) -> bool {
        let (word, bit) = mark.place();
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn add(&mut self, other: &Self) {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            self.zeros -= (more & !*word).count_ones();
            *word |= more;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 0, at most 8,192 * ln 8,192"
    )]
    fn estimate(&self) -> u64 {
        let bits = f64::from(BITS);
        (bits * (bits / f64::from(self.zeros.max(1))).ln()).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(values: u64) -> Distinct<u64> {
        let mut distinct = Distinct::default();
        for value in 0..values {
            distinct.note(&value);
            distinct.note(&value);
        }
        distinct
    }

    #[test]
    fn the_first_values_are_listed_in_the_order_of_their_appearance() {
        let mut distinct = Distinct::default();
        for value in [7, 3, 7, 5, 3] {
            distinct.note(&value);
        }
        assert_eq!((distinct.listed(), distinct.more()), ([7, 3, 5].as_slice(), 0));
    }

    #[test]
    fn a_33rd_value_is_not_listed_but_counted() {
        assert_eq!((with(32).listed().len(), with(32).more()), (32, 0));
        assert_eq!((with(33).listed().len(), with(33).more()), (32, 1));
    }

    #[test]
    fn many_more_are_counted_within_some_percent() {
        for more in [10, 100, 1_000, 10_000, 20_000] {
            let estimate = with(32 + more).more();
            assert!(estimate.abs_diff(more) * 100 <= more * 5, "{estimate} for {more}");
        }
    }

    #[test]
    fn what_is_beyond_the_list_is_known_after_a_restart() {
        for values in [0, 3, 32, 100, 5_000] {
            let before = with(values);
            let mut after = Distinct::restore(before.listed().to_vec(), &before.sketch());
            assert_eq!(
                (after.listed(), after.more()),
                (before.listed(), before.more()),
                "{values}"
            );
            for value in 0..values {
                assert!(!after.note(&value), "{value} of {values} is not new");
            }
        }
    }

    #[test]
    fn a_text_that_is_no_sketch_is_not_taken_for_one() {
        for text in ["", "00", &"g".repeat(2_048), &"0".repeat(2_047)] {
            assert_eq!(Distinct::<u64>::restore(Vec::new(), text).more(), 0);
        }
    }

    #[test]
    fn a_value_beyond_the_list_is_known_again() {
        let distinct = with(100);
        assert!(distinct.may_have(&99));
        assert!(!distinct.may_have(&100));
    }
}
