//! Reads what the kernel reports at once, through its ring buffer.

use std::io;
use std::time::Duration;

use aya::maps::{MapData, RingBuf};
use netmon_common::records::EventHeader;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep_until};

use super::error::KernelError;
use super::load::Kernel;
use crate::clock;

pub(super) const EVENTS: &str = "EVENTS";

/// Events that come so soon after others are read together: to wake for each takes longer than to read it. Less than a person sees, and
/// than an incident waits before it is reported.
const TOGETHER: Duration = Duration::from_millis(10);

/// The ring's reader.
pub struct Events {
    ring: AsyncFd<RingBuf<MapData>>,
    /// Until when those that come are left to be read together.
    together_until: Instant,
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
            together_until: now(),
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
        let until = self.together_until;
        let mut guard = self.ring.readable_mut().await?;
        sleep_until(until).await;
        // What comes from now on wakes us again; what is there is read next.
        guard.clear_ready();
        self.together_until = now() + TOGETHER;
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

fn now() -> Instant {
    Instant::from_std(clock::instant())
}
