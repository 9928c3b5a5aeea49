//! What the readers of both formats work on: a window on the file, the number of packets so far, and the trouble.

use crate::model::WarningKind;
use std::io;

use super::problems::{Place, Problems};
use super::window::Window;

/// A capture file that is being read.
pub struct Stream {
    /// Its bytes.
    pub window: Window,
    /// Packets so far, those that could not be read included.
    packets: u64,
    /// Where the record of the present packet starts.
    packet_at: u64,
    problems: Problems,
}

impl Stream {
    /// At its start.
    pub fn new(window: Window, problems: Problems) -> Self {
        Self {
            window,
            packets: 0,
            packet_at: 0,
            problems,
        }
    }

    /// The record that starts at the present byte is a packet: counts it.
    #[inline]
    pub fn packet(&mut self) {
        self.packets += 1;
        self.packet_at = self.window.offset();
    }

    /// How many packets there were so far, the present one included.
    #[inline]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// What could not be read so far.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Trouble at the present byte.
    pub fn problem(&mut self, word: WarningKind, sentence: impl FnOnce() -> String) {
        self.problems
            .add(word, Place::Byte(self.window.offset()), sentence);
    }

    /// Trouble with the present packet.
    pub fn packet_problem(&mut self, word: WarningKind, sentence: impl FnOnce() -> String) {
        let place = Place::Packet(self.packets, self.packet_at);
        self.problems.add(word, place, sentence);
    }

    /// Makes the next `len` bytes, which are `what`, available; says what is wrong where they are not to be had.
    /// `false` without a word when the file ends exactly here.
    pub fn fill(&mut self, len: usize, what: &str) -> bool {
        if self.window.fill(len) {
            return true;
        }
        self.ended(len, || what.to_string());
        false
    }

    /// The same for a packet's record.
    pub fn fill_packet(&mut self, len: usize) -> bool {
        if self.window.fill(len) {
            return true;
        }
        let number = self.packets + 1;
        self.ended(len, || format!("packet {number}"));
        false
    }

    /// Goes on behind the next `len` bytes, which are `what`.
    pub fn skip(&mut self, len: usize, what: &str) -> bool {
        if self.window.skip(len as u64) {
            return true;
        }
        self.add_end(|| format!("inside {what} of {len} bytes"));
        false
    }

    #[cold]
    fn ended(&mut self, len: usize, what: impl FnOnce() -> String) {
        let here = self.window.data().len();
        if here != 0 || self.window.failure().is_some() {
            self.add_end(|| format!("{here} bytes into {}, which has at least {len}", what()));
        }
    }

    /// Says that the stream ends too early, and why.
    fn add_end(&mut self, at: impl FnOnce() -> String) {
        let place = Place::Byte(self.window.offset());
        match self.window.failure() {
            None => {
                let sentence = || format!("the file ends {}", at());
                self.problems.add(WarningKind::TruncatedFile, place, sentence);
            }
            // So decompressors say that there should be more to decompress.
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let sentence = || format!("the compressed file ends {}", at());
                self.problems.add(WarningKind::TruncatedFile, place, sentence);
            }
            Some(error) => {
                let sentence = || format!("reading failed {}: {error}", at());
                self.problems.add(WarningKind::ReadError, place, sentence);
            }
        }
    }
}
