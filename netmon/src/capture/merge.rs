//! Packets of several files in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::file::PacketFile;
use super::frame::{Found, Frame};
use crate::model::Warning;
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

impl Head {
    /// Finds the file's next packet, and tells the time that it is merged by.
    #[inline]
    fn advance(&mut self) -> Option<Time> {
        self.next = self.file.advance();
        let found = self.next.as_ref()?;
        self.latest = self.latest.max(found.time);
        Some(self.latest)
    }
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
    #[inline]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        let index = if let [only] = self.files.as_mut_slice() {
            only.advance()?;
            0
        } else {
            self.earliest()?
        };
        let head = self.files.get(index)?;
        let found = head.next.as_ref()?;
        Some(Frame {
            time: found.time,
            link: found.link,
            bytes: head.file.bytes(found),
            wire_len: found.wire_len,
            number: head.file.number(),
            file: index,
            interface: found.interface,
        })
    }

    /// The file whose next packet is the earliest of several.
    fn earliest(&mut self) -> Option<usize> {
        while let Some(index) = self.behind.pop() {
            if let Some(time) = self.files.get_mut(index)?.advance() {
                self.queue.push(Reverse((time, index)));
            }
        }
        let Reverse((_, index)) = self.queue.pop()?;
        self.behind.push(index);
        Some(index)
    }

    /// What the file calls an interface of its last packet's section.
    pub fn interface_name(&self, file: usize, interface: u32) -> Option<&str> {
        self.files.get(file)?.file.interface_name(interface)
    }

    /// What could not be read so far, file by file.
    pub fn warnings(&self) -> Vec<Warning> {
        self.files.iter().flat_map(|head| head.file.warnings()).collect()
    }
}
