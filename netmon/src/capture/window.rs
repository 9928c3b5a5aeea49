//! A bounded window on a stream of bytes that is read once, from front to end.

use std::io::{self, Read};

use super::limits::{BUFFER_BYTES, RECORD_BYTES};

/// Where bytes come from.
pub type Source = Box<dyn Read + Send>;

/// The bytes of a stream that are looked at now. It never holds more than [`RECORD_BYTES`], and reads no more
/// from its source than it must to have what was asked for, so that a growing capture is read as it grows.
pub struct Window {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How many bytes of the stream lie before `start`.
    offset: u64,
    state: State,
}

enum State {
    Open,
    Ended,
    Failed(io::Error),
}

impl Window {
    /// On the whole of this source.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            state: State::Open,
        }
    }

    /// The bytes that are here.
    #[inline]
    pub fn data(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Bytes at a place that [`position`](Self::position) told since the last [`fill`](Self::fill).
    #[inline]
    pub fn slice(&self, start: usize, len: usize) -> &[u8] {
        self.buffer
            .get(start..)
            .and_then(|rest| rest.get(..len))
            .unwrap_or_default()
    }

    /// Where in the buffer [`data`](Self::data) starts.
    #[inline]
    pub fn position(&self) -> usize {
        self.start
    }

    /// Where in the stream [`data`](Self::data) starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes on behind the next `len` bytes of [`data`](Self::data).
    #[inline]
    pub fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Reads on until at least `len` bytes are here. `false` when the stream ends before, or there is no room.
    #[inline]
    pub fn fill(&mut self, len: usize) -> bool {
        self.end - self.start >= len || self.read_more(len)
    }

    #[cold]
    fn read_more(&mut self, len: usize) -> bool {
        if len > RECORD_BYTES {
            return false;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if len > self.buffer.len() {
            self.buffer.resize(RECORD_BYTES, 0);
        }
        while self.end < len && matches!(self.state, State::Open) {
            let space = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(space) {
                Ok(0) => self.state = State::Ended,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.state = State::Failed(error),
            }
        }
        self.end >= len
    }

    /// Goes on behind the next `len` bytes of the stream, however many, without keeping them. `false` when the
    /// stream ends before.
    pub fn skip(&mut self, mut len: u64) -> bool {
        loop {
            let here = (self.end - self.start) as u64;
            if len <= here {
                // Not more than what is here, which is a `usize`.
                self.consume(usize::try_from(len).unwrap_or(usize::MAX));
                return true;
            }
            len -= here;
            self.consume(usize::MAX);
            if !self.fill(1) {
                return false;
            }
        }
    }

    /// Why the stream could not be read to its end.
    pub fn failure(&self) -> Option<&io::Error> {
        match &self.state {
            State::Open | State::Ended => None,
            State::Failed(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that hands out its bytes in pieces of this size.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(to.len());
            let rest = self.0.split_off(len);
            to[..len].copy_from_slice(&self.0);
            self.0 = rest;
            Ok(len)
        }
    }

    /// Bytes that repeat after 251 only, which divides no size in here.
    fn numbers(len: usize) -> Vec<u8> {
        (0..251).cycle().take(len).collect()
    }

    #[test]
    fn a_window_reads_no_more_than_it_must() {
        let mut window = Window::new(Box::new(Pieces(numbers(100), 10)));
        assert!(window.fill(1));
        assert_eq!(window.data().len(), 10);
        assert!(window.fill(11));
        assert_eq!(window.data().len(), 20);
    }

    #[test]
    fn records_that_cross_the_end_of_the_buffer_stay_whole() {
        let bytes = numbers(3 * BUFFER_BYTES);
        let mut window = Window::new(Box::new(Pieces(bytes.clone(), 4_096)));
        let mut offset = 0;
        while window.fill(1_000) {
            assert_eq!(window.offset(), offset as u64);
            assert_eq!(window.data()[..1_000], bytes[offset..offset + 1_000]);
            window.consume(1_000);
            offset += 1_000;
        }
        assert_eq!(window.data(), &bytes[offset..]);
    }

    #[test]
    fn a_window_never_grows_beyond_its_bound() {
        let mut window = Window::new(Box::new(io::repeat(7)));
        assert!(window.fill(RECORD_BYTES));
        assert!(!window.fill(RECORD_BYTES + 1));
        assert!(!window.fill(usize::MAX));
        assert_eq!(window.buffer.len(), RECORD_BYTES);
    }

    #[test]
    fn bytes_are_skipped_without_being_kept() {
        let len = 10 * RECORD_BYTES;
        let mut window = Window::new(Box::new(Pieces(numbers(len), 60_000)));
        assert!(window.skip(len as u64 - 1));
        assert_eq!(window.buffer.len(), BUFFER_BYTES);
        assert!(window.fill(1));
        assert_eq!(window.data(), &numbers(len)[len - 1..]);
        assert!(!window.skip(u64::from(u32::MAX)));
        assert_eq!(window.offset(), len as u64);
    }
}
