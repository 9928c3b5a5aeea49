//! Random frames and mutations of those in the table, from a seed: the same seed gives the same frames.

use super::Case;

/// A source of frames.
pub struct Mutator<'a> {
    random: Random,
    originals: &'a [Vec<u8>],
    longest: usize,
}

/// The frames of these cases that are worth mutating: none that is longer than `longest` bytes, and none that is
/// the beginning of another one, because mutations cut frames themselves.
pub fn originals(cases: &[Case], longest: usize) -> Vec<Vec<u8>> {
    let mut frames: Vec<&[u8]> = cases.iter().map(|case| case.frame.as_slice()).collect();
    frames.sort_unstable();
    // In this order the beginning of a frame stands right before it.
    frames.dedup_by(|next, kept| {
        let begins = next.starts_with(kept);
        if begins {
            *kept = next;
        }
        begins
    });
    let frames = frames.into_iter().filter(|frame| frame.len() <= longest);
    frames.map(<[u8]>::to_vec).collect()
}

impl<'a> Mutator<'a> {
    /// Mutates these frames ([`originals`] picks them); none gets longer than `longest` bytes.
    pub fn new(seed: u64, originals: &'a [Vec<u8>], longest: usize) -> Self {
        Self {
            random: Random(seed),
            originals,
            longest,
        }
    }

    /// The next frame. It has at least the 14 bytes of an Ethernet header, as every frame has in the kernel.
    pub fn frame(&mut self) -> Vec<u8> {
        let mut frame = if self.random.one_in(20) {
            self.noise()
        } else {
            let mut frame = self.original();
            for _ in 0..self.random.below(4) {
                self.mutate(&mut frame);
            }
            frame
        };
        frame.truncate(self.longest);
        if frame.len() < ETHERNET {
            frame.resize(ETHERNET, 0);
        }
        frame
    }

    fn original(&mut self) -> Vec<u8> {
        let place = self.random.below(self.originals.len());
        self.originals.get(place).cloned().unwrap_or_default()
    }

    /// Random bytes behind an Ethernet header that mostly announces IP.
    fn noise(&mut self) -> Vec<u8> {
        let len = ETHERNET + self.random.below(200);
        let mut frame: Vec<u8> = (0..len).map(|_| self.random.byte()).collect();
        let types = [[0x08, 0x00], [0x86, 0xdd], [0x81, 0x00], [0x88, 0xa8]];
        if let (Some(place), Some(kind)) = (frame.get_mut(12..14), types.get(self.random.below(5))) {
            place.copy_from_slice(kind);
        }
        frame
    }

    fn mutate(&mut self, frame: &mut Vec<u8>) {
        match self.random.below(7) {
            0 => self.flip_bit(frame),
            1 => self.set_byte(frame),
            2 => self.set_length(frame),
            3 => frame.truncate(self.random.below(frame.len() + 1)),
            4 => self.pad(frame),
            5 => self.splice(frame),
            _ => self.remove(frame),
        }
    }

    fn flip_bit(&mut self, frame: &mut [u8]) {
        let place = self.random.below(frame.len());
        let bit = self.random.below(8);
        if let Some(byte) = frame.get_mut(place) {
            *byte ^= 1 << bit;
        }
    }

    /// Values that mean something somewhere: protocols, extension headers, types, versions with lengths.
    fn set_byte(&mut self, frame: &mut [u8]) {
        const VALUES: [u8; 24] = [
            0, 1, 2, 3, 4, 5, 6, 17, 43, 44, 51, 53, 58, 60, 64, 0x45, 0x46, 0x4f, 0x60, 0x7f, 0x80, 0x81,
            0xfe, 0xff,
        ];
        let place = self.random.below(frame.len());
        let value = VALUES.get(self.random.below(VALUES.len() + 4)).copied();
        let value = value.unwrap_or_else(|| self.random.byte());
        if let Some(byte) = frame.get_mut(place) {
            *byte = value;
        }
    }

    /// Two bytes, anywhere: a length near what is left of the frame from there, or near a limit.
    fn set_length(&mut self, frame: &mut [u8]) {
        const LIMITS: [usize; 6] = [0, 8, 12, 20, 40, 0xffff];
        let place = self.random.below(frame.len());
        let rest = frame.len() - place.min(frame.len());
        let around = LIMITS
            .get(self.random.below(LIMITS.len() * 2))
            .copied()
            .unwrap_or(rest);
        let length = (around + self.random.below(9)).saturating_sub(4);
        let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(bytes) = frame.get_mut(place..place + 2) {
            bytes.copy_from_slice(&length);
        }
    }

    fn pad(&mut self, frame: &mut Vec<u8>) {
        let count = self.random.below(64);
        let byte = self.random.byte();
        frame.resize(frame.len() + count, byte);
    }

    /// The start of one frame, then the end of another.
    fn splice(&mut self, frame: &mut Vec<u8>) {
        frame.truncate(self.random.below(frame.len() + 1));
        let other = self.original();
        let from = self.random.below(other.len() + 1);
        frame.extend(other.get(from..).unwrap_or_default());
    }

    fn remove(&mut self, frame: &mut Vec<u8>) {
        let from = self.random.below(frame.len() + 1);
        let upto = (from + self.random.below(16)).min(frame.len());
        frame.drain(from..upto);
    }
}

const ETHERNET: usize = 14;

/// The generator `SplitMix64` (Steele, Lea, Flood 2014): small, and good enough to choose by.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::table;

    #[test]
    fn the_beginnings_of_frames_are_not_mutated_but_the_frames_are() {
        let cases = table();
        let originals = originals(&cases, usize::MAX);
        for case in &cases {
            let begun = originals.iter().filter(|frame| frame.starts_with(&case.frame));
            assert!(begun.count() >= 1, "{:?} is left out", case.name);
        }
        assert!(originals.len() < cases.len() / 2);
    }

    #[test]
    fn a_seed_gives_the_same_frames_again_and_another_one_gives_others() {
        let originals = originals(&table(), 3_000);
        let frames = |seed| {
            let mut mutator = Mutator::new(seed, &originals, 3_000);
            (0..100).map(|_| mutator.frame()).collect::<Vec<_>>()
        };
        assert_eq!(frames(1), frames(1));
        assert_ne!(frames(1), frames(2));
    }
}
