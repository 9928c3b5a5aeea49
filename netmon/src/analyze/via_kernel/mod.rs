//! `--via-kernel`: captures through the real XDP program of the kernel that runs now, as a field check that its
//! side is right.
//!
//! Each frame is run through the program (`BPF_PROG_TEST_RUN`) and through user space. **The kernel proves** what
//! each frame is (its outcome, whether it is about DNS, why it is unreadable), for which destination and with which
//! code or rcode it is counted, that full tables overflow as they must, that what it tells of a frame at once
//! (addresses, ports, name, rcode, code, reporter) is right, and that it passes the frame on unchanged: the totals and
//! destinations in the report are its maps'. **It cannot prove** what depends on time, because its clock cannot be
//! set to the capture's: which query an answer or an error belongs to, latencies, traces that are overwritten, and
//! limits a second. These, and with them `unsolicited`, come from user space's table of traces, which is the same
//! code with the capture's times. Nor does it prove the hooks themselves: no frame crosses an interface.
//!
//! An incident rests on those frames only that both sides take for the same. Where they differ the report says so
//! ([`DIFFERS`]). Frames that the kernel cannot run are left out on both sides, and listed ([`LEFT_OUT`]).

mod compare;
mod listed;

use std::collections::HashSet;
use std::fmt;

use netmon_common::records::Counters as _;
use netmon_common::wire::Captured;

use super::engine::Engine;
use super::progress::Bar;
use super::{Found, Options};
use crate::capture::{Door, DuplicateFrames, Frame, Frames, PacketFile, Tunnels, link};
use crate::counts::Counts;
use crate::kernel::{Event, FrameRunner, KernelError, NotRun, Observer, Settings};
use crate::model::{Warning, WarningKind};
use crate::observation::Observation;
use compare::{difference, differing, is_right};
use listed::Listed;

/// The warning when the two sides differ.
const DIFFERS: WarningKind = WarningKind::KernelDiffers;
/// The warning when frames were left out.
const LEFT_OUT: WarningKind = WarningKind::FramesLeftOut;

/// What the check came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Frames that the program ran over.
    pub ran: u64,
    /// Frames that it could not run over.
    pub left_out: u64,
    /// Whether the two sides differ anywhere.
    pub differs: bool,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.differs {
            "differs from"
        } else {
            "agrees with"
        };
        write!(
            f,
            "the XDP program in this kernel {verdict} user space; frames run: {}, left out: {}",
            self.ran, self.left_out
        )
    }
}

/// Analyses the packets of these files, each with its name, in the order of their times.
pub(super) fn analyze(
    files: Vec<(String, PacketFile)>,
    options: &Options,
    bar: &mut Bar,
) -> Result<(Found, Check), KernelError> {
    let (names, files): (Vec<String>, Vec<PacketFile>) = files.into_iter().unzip();
    let mut duplicates = DuplicateFrames::new(files.len());
    let mut tunnels = Tunnels::default();
    let mut frames = Frames::new(files);
    let mut sides = Sides::new(options)?;
    let mut engine = Engine::new(
        options.thresholds.clone(),
        options.scope.clone(),
        options.local.iter().copied(),
    );
    while let Some(frame) = frames.next() {
        let file = frame.file;
        let place = || {
            let name = names.get(file).map_or("?", String::as_str);
            format!("packet {} of {name}", frame.number)
        };
        if !duplicates.has(&frame) {
            tunnels.look(&frame);
            let observed = sides.take(&frame, &mut engine, place)?;
            engine.learn(sides.door.interfaces(), |interface| {
                frames.interface_name(file, interface)
            });
            for observation in &observed {
                engine.observe(observation);
            }
        }
        bar.packet();
    }
    let mut warnings = frames.warnings();
    warnings.extend(duplicates.warning());
    warnings.extend(tunnels.warning());
    sides.finish(engine, warnings)
}

/// The two sides, and where they differ.
struct Sides {
    kernel: FrameRunner,
    door: Door,
    /// Bytes of link headers on the wire, less those of the Ethernet headers that took their place.
    link_bytes: i64,
    frame: Vec<u8>,
    ran: u64,
    left_out: Listed,
    differ: Listed,
}

impl Sides {
    fn new(options: &Options) -> Result<Self, KernelError> {
        let settings = Settings {
            ports: options.ports,
            apart: false,
            ..Settings::default()
        };
        let mut door = Door::new(options.ports);
        door.set_local(options.local.iter().copied());
        Ok(Self {
            kernel: FrameRunner::load(&settings)?,
            door,
            link_bytes: 0,
            frame: Vec::new(),
            ran: 0,
            left_out: Listed::default(),
            differ: Listed::default(),
        })
    }

    /// Takes a frame through both sides. What it means, if they agree.
    fn take(
        &mut self,
        frame: &Frame<'_>,
        engine: &mut Engine,
        place: impl Fn() -> String,
    ) -> Result<Vec<Observation>, KernelError> {
        let (captured, on_the_wire) = (frame.bytes.len(), frame.wire_len.max(frame.bytes.len()));
        if captured < on_the_wire {
            let why = || format!("{} (cut to {captured} of {on_the_wire} bytes)", place());
            self.left_out.add(why);
            return Ok(Vec::new());
        }
        if link::is_for_another_host(frame.link, &Captured::whole(frame.bytes)) {
            // Ethernet has no place for what the cooked header says.
            self.left_out.add(|| format!("{} (for another host)", place()));
            return Ok(Vec::new());
        }
        if self.door.is_shown_again(frame) {
            // What the kernel knows of a host's interfaces, it is not told here.
            return Ok(self.pair(frame, engine));
        }
        let Some(ethernet) = link::as_ethernet(frame.link, &Captured::whole(frame.bytes), &mut self.frame)
        else {
            self.left_out
                .add(|| format!("{} (no whole link header in {captured} bytes)", place()));
            return Ok(Vec::new());
        };
        let mut told = Vec::new();
        let counted = match self
            .kernel
            .run(ethernet, |event| observations(&event, &mut told))?
        {
            Ok(counted) => counted,
            Err(NotRun::TooShort) => {
                self.left_out.add(|| format!("{} ({captured} bytes)", place()));
                return Ok(Vec::new());
            }
            Err(NotRun::TooLong) => {
                let why = || format!("{} ({captured} bytes are too many for this kernel)", place());
                self.left_out.add(why);
                return Ok(Vec::new());
            }
        };
        let bytes = ethernet.len() as u64;
        self.ran += 1;
        self.link_bytes += on_the_wire.cast_signed() as i64 - ethernet.len().cast_signed() as i64;

        let before = *self.door.totals();
        let observed = self.pair(frame, engine);
        // `unsolicited` may have shrunk: an error that is believed after all was in it.
        let mut expected = *self.door.totals();
        expected.take_off(&before);
        let is_told_right = |told| is_right(told, &observed);
        if let Some(difference) = difference(&counted, &expected, bytes) {
            self.differ.add(|| format!("{} ({difference})", place()));
        } else if !told.iter().all(is_told_right) {
            self.differ
                .add(|| format!("{} (the kernel tells it otherwise)", place()));
        } else {
            return Ok(observed);
        }
        Ok(Vec::new())
    }

    /// Takes a frame through user space. What it means.
    fn pair(&mut self, frame: &Frame<'_>, engine: &mut Engine) -> Vec<Observation> {
        engine.advance(frame.time, &|client| self.door.heard(client));
        let mut observed = Vec::new();
        self.door
            .take(frame, &mut |observation| observed.push(observation));
        observed
    }

    fn finish(mut self, engine: Engine, mut warnings: Vec<Warning>) -> Result<(Found, Check), KernelError> {
        let finished = engine.finish(&self.door.unseen());
        let expected = self.door.counts();
        let counts = self.counts(&expected)?;
        for address in differing(&counts, &expected) {
            self.differ.add(|| format!("the counts of {address}"));
        }
        warnings.extend(self.door.warnings());
        warnings.extend(self.left_out.warning(
            LEFT_OUT,
            "frames cannot be run by the kernel, and are left out on both sides",
        ));
        warnings.extend(self.differ.warning(
            DIFFERS,
            "differences between the kernel and user space: this kernel's side is not to be relied on; please report \
             them with the capture",
        ));
        let check = Check {
            ran: self.ran,
            left_out: self.left_out.count,
            differs: self.differ.count > 0,
        };
        let latency = counts
            .destinations
            .keys()
            .map(|address| (*address, self.door.latency(*address)))
            .collect();
        let found = Found {
            counts,
            latency,
            span: self.door.span(),
            finished,
            warnings,
            heard_late: HashSet::new(),
            assumed: super::text::Untold::default(),
        };
        Ok((found, check))
    }

    /// The kernel's counts, with those from user space that depend on time, and the bytes that were on the wire.
    fn counts(&mut self, expected: &Counts) -> Result<Counts, KernelError> {
        let mut counts = self.kernel.counts()?;
        let totals = &mut counts.totals;
        totals.bytes = totals.bytes.wrapping_add_signed(self.link_bytes);
        totals.unsolicited = expected.totals.unsolicited;
        totals.unmatched_responses = expected.totals.unmatched_responses;
        totals.traces_overwritten = expected.totals.traces_overwritten;
        for (address, counters) in &mut counts.destinations {
            let expected = expected.destinations.get(address);
            let expected = expected.copied().unwrap_or_default();
            counters.unsolicited = expected.unsolicited;
            counters.unmatched_responses = expected.unmatched_responses;
        }
        Ok(counts)
    }
}

/// What an event says. Nothing is kept from one to the next.
fn observations(event: &Event<'_>, told: &mut Vec<Observation>) {
    const TRACKING: bool = true;
    Observer::new(TRACKING, 0).event(event, 0, &mut |mut observation| {
        // The program runs at no interface of the capture.
        observation.service.interface = 0;
        told.push(observation);
    });
}
