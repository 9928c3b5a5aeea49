//! Numbers that look random and are the same each time: xorshift64* (S. Vigna, 2016).

/// A source of numbers.
pub struct Random(u64);

impl Random {
    /// The one that all start with.
    pub const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below this.
    pub fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }

    /// One of these.
    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let which = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(which)
    }

    /// Any port that clients use.
    pub fn port(&mut self) -> [u8; 2] {
        u16::try_from(32_768 + self.below(28_000))
            .unwrap_or(u16::MAX)
            .to_be_bytes()
    }
}
