//! Reads what the kernel reports at once, through its ring buffer.

use std::io;

use aya::maps::{MapData, RingBuf};
use netmon_common::records::EventHeader;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::error::KernelError;
use super::load::Kernel;

pub(super) const EVENTS: &str = "EVENTS";

/// The ring's reader.
pub struct Events {
    ring: AsyncFd<RingBuf<MapData>>,
    /// Whether some were left in the ring: the kernel does not announce them again.
    are_left: bool,
}

/// One event: the header, and the bytes of the packet that follow it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What stands before.
    pub header: EventHeader,
    /// The quoted packet of an error, the message of a query or answer.
    pub payload: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads a record of the ring; `None` if it is none of ours.
    pub fn parse(record: &'a [u8]) -> Option<Self> {
        let header = record.get(..size_of::<EventHeader>())?;
        let payload = record.get(size_of::<EventHeader>()..)?;
        // SAFETY: as many bytes as a header has are there, and any bytes make one.
        let header = unsafe { header.as_ptr().cast::<EventHeader>().read_unaligned() };
        let payload = payload.get(..usize::from(header.payload_len)).unwrap_or(payload);
        Some(Self { header, payload })
    }
}

impl Kernel {
    /// Takes the ring, to read it. Can be had once, inside a tokio runtime.
    pub fn events(&mut self) -> Result<Events, KernelError> {
        let map = self.take(EVENTS)?;
        let ring = RingBuf::try_from(map).map_err(|error| KernelError::map("open", EVENTS, error))?;
        // SAFETY: the file descriptor is the ring's own, and lives as long as it.
        let ring = unsafe { AsyncFd::register_with_interest(ring, Interest::READABLE) }
            .map_err(|error| KernelError::map("open", EVENTS, aya::maps::MapError::IoError(error.into())))?;
        Ok(Events {
            ring,
            are_left: false,
        })
    }
}

impl Events {
    /// Waits until there is something to read.
    pub async fn ready(&mut self) -> io::Result<()> {
        if self.are_left {
            return Ok(());
        }
        let mut guard = self.ring.readable_mut().await?;
        // What comes from now on wakes us again; what is there is read next.
        guard.clear_ready();
        Ok(())
    }

    /// Reads at most `most` of the events that are there now; `false` when there may be more.
    pub fn drain(&mut self, most: usize, mut visit: impl FnMut(Event<'_>)) -> bool {
        let ring = self.ring.get_mut();
        self.are_left = false;
        for _ in 0..most {
            let Some(record) = ring.next() else { return true };
            if let Some(event) = Event::parse(&record) {
                visit(event);
            }
        }
        self.are_left = true;
        false
    }
}
