//! The second witness: the real XDP program, run by the kernel over the same frames (`BPF_PROG_TEST_RUN`).
//!
//! Ethernet frames are run as they are. Packets that were captured behind another link header get one of
//! Ethernet with the EtherType that theirs announces.

use anyhow::{Context as _, Result, bail, ensure};
use aya::TestRun as _;
use aya::programs::TestRunOptions;
use netmon::capture::LinkType;
use netmon::counts::Counts;
use netmon::kernel::{Events, Kernel, Poller, Settings};
use netmon_common::limits::{EVENTS_PER_SERVER, UNVERIFIED_PER_CPU};
use netmon_common::records::{EventHeader, EventKind};
use netmon_common::wire::ethernet::{self, Payload};
use tokio::runtime::{Builder, Runtime};

use super::reading::{Field, Reading};
use super::user_space::{Frame, conversation};

/// What the counters tell of a frame.
const COUNTED: [Field; 7] = [
    Field::Outcome,
    Field::Reason,
    Field::Destination,
    Field::LateResponse,
    Field::Rcode,
    Field::Code,
    Field::DnsUnreachable,
];

/// The same, and what an event tells.
const REPORTED: [Field; 8] = [
    Field::Outcome,
    Field::Reason,
    Field::Destination,
    Field::LateResponse,
    Field::Rcode,
    Field::Code,
    Field::DnsUnreachable,
    Field::Quoted,
];

/// How many errors a newly loaded program reports, whatever they are about. Further ones it may only count.
const ALWAYS_REPORTED: u32 = if EVENTS_PER_SERVER < UNVERIFIED_PER_CPU {
    EVENTS_PER_SERVER
} else {
    UNVERIFIED_PER_CPU
};

/// The longest frame that can surely be run: as many pages as a packet may have fragments. What fits into the
/// first page comes on top.
const LONGEST: usize = 17 * 4_096;

/// The answer of a program that passes the packet on.
const XDP_PASS: u32 = 2;

/// The loaded program, and what it has counted so far.
pub struct Program {
    kernel: Kernel,
    poller: Poller,
    events: Events,
    counts: Counts,
    reported: u32,
    /// The events' reader wants one.
    _runtime: Runtime,
}

impl Program {
    /// Loads the kernel side, with nothing counted.
    pub fn load() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let mut kernel = Kernel::load(&Settings::default())?;
        let poller = kernel.poller()?;
        let events = {
            let _inside = runtime.enter();
            kernel.events()?
        };
        Ok(Self {
            kernel,
            poller,
            events,
            counts: Counts::default(),
            reported: 0,
            _runtime: runtime,
        })
    }

    /// What the program says of a frame, and the fields that it has a say in; or why it cannot be run over it.
    pub fn read(&mut self, frame: &Frame) -> Result<Result<(Reading, &'static [Field]), &'static str>> {
        let bytes = match on_ethernet(frame) {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(Err(reason)),
        };
        if self.reported == ALWAYS_REPORTED {
            *self = Self::load()?;
        }
        self.run(&bytes)?;
        let after = self.counts()?;
        let reading = Reading::counted(&self.counts, &after);
        self.counts = after;
        let Some(event) = self.failure() else {
            // Only errors about DNS are reported, and each of these.
            let fields: &[_] = if reading.get(Field::DnsUnreachable).is_empty() {
                &COUNTED
            } else {
                &REPORTED
            };
            return Ok(Ok((reading, fields)));
        };
        self.reported += 1;
        Ok(Ok((reading.with(Field::Quoted, quoted(&event)), &REPORTED)))
    }

    /// Runs the program once, and makes sure that it passes the frame on unchanged.
    fn run(&mut self, bytes: &[u8]) -> Result<()> {
        let mut out = vec![0; bytes.len()];
        let options = TestRunOptions {
            data_in: Some(bytes),
            data_out: Some(&mut out),
            ..TestRunOptions::new()
        };
        let result = self
            .kernel
            .xdp()?
            .test_run(options)
            .with_context(|| format!("cannot run the program over {} bytes", bytes.len()))?;
        ensure!(
            result.return_value == XDP_PASS,
            "the program does not pass the frame on: it returns {}",
            result.return_value
        );
        ensure!(
            result.data_size_out as usize == bytes.len() && out == bytes,
            "the program changes the frame"
        );
        Ok(())
    }

    /// All counts so far. Destinations are only read if the totals say that one was counted.
    fn counts(&mut self) -> Result<Counts> {
        let totals = self.poller.totals()?;
        if totals.counted() != self.counts.totals.counted() {
            return Ok(self.poller.counts()?);
        }
        Ok(Counts {
            totals,
            destinations: self.counts.destinations.clone(),
        })
    }

    /// The error about DNS that was reported, if one was.
    fn failure(&mut self) -> Option<EventHeader> {
        let mut failure = None;
        self.events.drain(usize::MAX, |event| {
            if event.header.kind == EventKind::Failure as u8 {
                failure = Some(event.header);
            }
        });
        failure
    }

    /// Makes sure that the counters add up: that all packets are at their destinations.
    pub fn finish(mut self) -> Result<()> {
        let counts = self.poller.counts()?;
        if !counts.add_up() {
            bail!("the kernel's counters do not add up: {:?}", counts.totals);
        }
        Ok(())
    }
}

/// The frame as it stands on an Ethernet, or why the program cannot be run over it.
fn on_ethernet(frame: &Frame) -> Result<Vec<u8>, &'static str> {
    if !frame.is_whole() {
        return Err("cut by the snap length");
    }
    let bytes = if frame.link == LinkType::Ethernet {
        frame.bytes.clone()
    } else {
        let (ether_type, offset) = match frame.payload {
            Some(Payload::Ipv4(offset)) => (ethernet::IPV4, offset),
            Some(Payload::Ipv6(offset)) => (ethernet::IPV6, offset),
            Some(Payload::NotIp) | None => return Err("of other link types without IP"),
        };
        let addresses = [0; 12];
        let packet = frame.bytes.get(offset..).unwrap_or_default();
        [&addresses[..], &ether_type.to_be_bytes(), packet].concat()
    };
    // What `BPF_PROG_TEST_RUN` takes (`net/bpf/test_run.c` in Linux 6.18).
    if bytes.len() < ethernet::HEADER_LEN {
        Err("shorter than an Ethernet header")
    } else if bytes.len() > LONGEST {
        Err("too long for a test run")
    } else {
        Ok(bytes)
    }
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
