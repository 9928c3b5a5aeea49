//! Packets of several files in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::file::PacketFile;
use super::frame::{Found, Frame};
use crate::report::model::Warning;
use crate::time::Time;

/// The packets of one file or several, merged by time. The packets of each file stay in its order: one with an
/// earlier time than the one before it follows that at once.
pub struct Frames {
    files: Vec<Head>,
    /// The files that have a next packet, by its time; files with the same time in their order.
    queue: BinaryHeap<Reverse<(Time, usize)>>,
    /// Files whose next packet must be found: all at first, then the one whose packet was handed out.
    behind: Vec<usize>,
}

struct Head {
    file: PacketFile,
    next: Option<Found>,
    /// The latest time in the file so far.
    latest: Time,
}

impl Frames {
    /// The packets of these files.
    pub fn new(files: Vec<PacketFile>) -> Self {
        let behind = (0..files.len()).collect();
        let head = |file| Head {
            file,
            next: None,
            latest: Time::default(),
        };
        Self {
            files: files.into_iter().map(head).collect(),
            queue: BinaryHeap::new(),
            behind,
        }
    }

    /// The next packet; `None` at the end of all files. Waits for a file that is still growing, when its turn
    /// cannot be known without it.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator cannot lend what it will overwrite"
    )]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        while let Some(index) = self.behind.pop() {
            let head = self.files.get_mut(index)?;
            head.next = head.file.advance();
            if let Some(found) = &head.next {
                head.latest = head.latest.max(found.time);
                self.queue.push(Reverse((head.latest, index)));
            }
        }
        let Reverse((_, index)) = self.queue.pop()?;
        self.behind.push(index);
        let head = self.files.get(index)?;
        let found = head.next.as_ref()?;
        Some(Frame {
            time: found.time,
            link: found.link,
            bytes: head.file.bytes(found),
            wire_len: found.wire_len,
            number: head.file.number(),
            file: index,
        })
    }

    /// What could not be read so far, file by file.
    pub fn warnings(&self) -> Vec<Warning> {
        self.files.iter().flat_map(|head| head.file.warnings()).collect()
    }
}
