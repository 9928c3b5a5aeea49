//! The second witness: the real XDP program, run by the kernel over the same frames.
//!
//! Packets that were captured behind another link header than Ethernet's get one of Ethernet that announces the
//! same.

use anyhow::{Result, bail};
use netmon::capture::link;
use netmon::counts::Counts;
use netmon::kernel::{FrameRunner, NotRun, Settings};
use netmon_common::limits::{DESTINATIONS, EVENTS_PER_SERVER, UNVERIFIED_PER_CPU};
use netmon_common::records::{Counters as _, EventHeader, EventKind};
use netmon_common::wire::Captured;

use super::reading::{Field, Reading};
use super::user_space::{Frame, conversation};

/// What the counters tell of a frame, and at last what an event tells.
const FIELDS: [Field; 8] = [
    Field::Outcome,
    Field::Reason,
    Field::Destination,
    Field::LateResponse,
    Field::Rcode,
    Field::Code,
    Field::DnsUnreachable,
    Field::Quoted,
];

/// How many errors a newly loaded program tells of, whatever they are about. Further ones it may only count.
const ALWAYS_TOLD: u16 = if EVENTS_PER_SERVER < UNVERIFIED_PER_CPU {
    EVENTS_PER_SERVER
} else {
    UNVERIFIED_PER_CPU
};

/// The loaded program, and what it has counted so far.
pub struct Program {
    runner: FrameRunner,
    counts: Counts,
    told: u16,
}

/// With so many destinations the kernel side is loaded anew, so that its table is never full.
const HALF_FULL: usize = DESTINATIONS as usize / 2;

/// What the program says of a frame, and the fields that it has a say in; or why it cannot be run over it.
pub type Said = Result<(Reading, &'static [Field]), &'static str>;

impl Program {
    /// Loads the kernel side, with nothing counted.
    pub fn load() -> Result<Self> {
        Ok(Self {
            runner: FrameRunner::load(&Settings {
                apart: false,
                ..Settings::default()
            })?,
            counts: Counts::default(),
            told: 0,
        })
    }

    /// Runs the program over a frame.
    pub fn read(&mut self, frame: &Frame) -> Result<Said> {
        if frame.bytes.len() < frame.wire_len {
            return Ok(Err("cut by the snap length"));
        }
        let mut buffer = Vec::new();
        let captured = Captured::whole(&frame.bytes);
        let Some(bytes) = link::as_ethernet(frame.link, &captured, &mut buffer) else {
            return Ok(Err("without a whole link header"));
        };
        if self.told == ALWAYS_TOLD || self.counts.destinations.len() >= HALF_FULL {
            self.check()?;
            *self = Self::load()?;
        }
        let mut failure = None;
        let ran = self.runner.run(bytes, |event| {
            if event.header.kind == EventKind::Failure as u8 {
                failure = Some(event.header);
            }
        })?;
        let counted = match ran {
            Ok(counted) => counted,
            Err(NotRun::TooShort) => return Ok(Err("shorter than an Ethernet header")),
            Err(NotRun::TooLong) => return Ok(Err("longer than this kernel takes")),
        };
        let mut after = self.counts.clone();
        after.totals.merge(&counted);
        // They are only read if the totals say that one was counted.
        if counted.counted() > 0 {
            after.destinations = self.runner.counts()?.destinations;
        }
        let reading = Reading::counted(&self.counts, &after);
        self.counts = after;
        Ok(Ok(match failure {
            Some(event) => {
                self.told += 1;
                (reading.with(Field::Quoted, quoted(&event)), &FIELDS)
            }
            // Each error about DNS is told, and nothing of others.
            None if reading.get(Field::DnsUnreachable).is_empty() => (reading, without_quoted(&FIELDS)),
            None => (reading, &FIELDS),
        }))
    }

    /// Makes sure that nothing was counted that no frame accounts for.
    pub fn check(&mut self) -> Result<()> {
        let counts = self.runner.counts()?;
        if counts.destinations != self.counts.destinations || !counts.add_up() {
            bail!("the kernel's counters do not add up: {:?}", counts.totals);
        }
        Ok(())
    }
}

fn without_quoted(fields: &[Field]) -> &[Field] {
    fields.split_last().map_or(fields, |(_, others)| others)
}

fn quoted(event: &EventHeader) -> String {
    let transport = match event.transport {
        0 => "udp",
        1 => "tcp",
        _ => "unknown",
    };
    let ports = (transport, event.client_port, event.server_port);
    conversation(event.client, event.server, Some(ports))
}
