//! What whoever logged the packets put in front of them of the date.

use std::collections::VecDeque;

use super::super::stamp::Stamp;

/// What the logger said last.
///
/// A packet gets its time when the next one begins, so the logger may have spoken of that one already.
#[derive(Debug, Default)]
pub struct Logger {
    said: VecDeque<Stamp>,
    /// Whether a packet has the first of these.
    is_taken: bool,
}

impl Logger {
    /// The logger says this of the packet that begins now.
    pub fn say(&mut self, stamp: Stamp) {
        if self.said.len() > 1 {
            self.said.pop_front();
        }
        self.is_taken &= self.said.len() == 1;
        self.said.push_back(stamp);
    }

    /// What it said of the packet that gets its time now. Where it said nothing of that, what it said of the one beside it, if
    /// anything.
    pub fn take(&mut self) -> Option<Stamp> {
        if self.said.len() > 1 {
            self.is_taken = false;
            return self.said.pop_front();
        }
        if self.is_taken {
            self.said.clear();
        }
        self.is_taken = !self.said.is_empty();
        self.said.front().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_what_the_logger_said_of_it() {
        let day = |day| Stamp::Date(jiff::civil::date(2024, 11, day));
        // What stands in front of each packet, and what each has then.
        let cases: &[(&[i8], &[i8])] = &[
            (&[1, 2, 3], &[1, 2, 3]),
            (&[1, 0, 0, 2, 3], &[1, 0, 2, 2, 3]),
            (&[0, 1, 2, 3], &[1, 1, 2, 3]),
            (&[0, 0], &[0, 0]),
            (&[1, 0, 0], &[1, 0, 0]),
            (&[1, 0, 2, 3], &[1, 1, 2, 3]),
        ];
        for (said, expected) in cases {
            let mut logger = Logger::default();
            let mut taken = Vec::new();
            for (place, said) in said.iter().enumerate() {
                if *said > 0 {
                    logger.say(day(*said));
                }
                if place > 0 {
                    taken.push(logger.take());
                }
            }
            taken.push(logger.take());
            let expected: Vec<_> = expected.iter().map(|of| (*of > 0).then(|| day(*of))).collect();
            assert_eq!(taken, expected, "{said:?}");
        }
    }

    #[test]
    fn what_belongs_to_no_packet_is_forgotten() {
        let day = |day| Stamp::Date(jiff::civil::date(2024, 11, day));
        let mut logger = Logger::default();
        for of in 1..=4 {
            logger.say(day(of));
        }
        assert_eq!(logger.take(), Some(day(3)));
        assert_eq!(logger.take(), Some(day(4)));
        assert_eq!(logger.take(), None);
    }
}
