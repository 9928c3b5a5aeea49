//! Runs the XDP program over frames that no interface ever saw (`BPF_PROG_TEST_RUN`), and reads what it made of
//! each.
//!
//! It is the very program that is attached to interfaces, in its normal object, compiled by this kernel's own
//! compiler; but it sees its own clock's time, and every frame as one that came in by `lo`.

use aya::TestRun as _;
use aya::maps::{MapData, RingBuf};
use aya::programs::TestRunOptions;
use netmon_common::records::{Counters as _, Totals};
use netmon_common::wire::ethernet;

use super::error::{KernelError, chain, os_error};
use super::events::{EVENTS, Event};
use super::load::{Kernel, Settings};
use super::poll::Poller;
use super::programs::Program;
use crate::counts::Counts;

/// `XDP_PASS`, in `include/uapi/linux/bpf.h`.
const XDP_PASS: u32 = 2;

/// A frame of at most so many bytes fits into a page with what the kernel puts around it
/// (`bpf_prog_test_run_xdp` in `net/bpf/test_run.c`, Linux 6.18); longer ones lie in pieces, which not all
/// kernels make of them, and at most 17 more pages of them.
const FITS_INTO_A_PAGE: usize = 3_500;

/// The program and its maps, with nothing attached.
pub struct FrameRunner {
    kernel: Kernel,
    poller: Poller,
    ring: RingBuf<MapData>,
    counted: Totals,
    /// The frame as it comes out.
    out: Vec<u8>,
}

/// Why the kernel does not run the program over a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// It has no whole Ethernet header.
    TooShort,
    /// It is longer than this kernel takes.
    TooLong,
}

impl FrameRunner {
    /// Loads the programs.
    pub fn load(settings: &Settings) -> Result<Self, KernelError> {
        let mut kernel = Kernel::load(settings)?;
        kernel.load_programs(&[Program::Xdp])?;
        let ring = kernel.take(EVENTS)?;
        Ok(Self {
            poller: kernel.poller()?,
            ring: RingBuf::try_from(ring).map_err(|error| KernelError::map("open", EVENTS, error))?,
            kernel,
            counted: Totals::default(),
            out: Vec::new(),
        })
    }

    /// Runs the program over a frame, and gives back what it has counted for it. What it tells of it goes to
    /// `told`.
    pub fn run(
        &mut self,
        frame: &[u8],
        mut told: impl FnMut(Event<'_>),
    ) -> Result<Result<Totals, NotRun>, KernelError> {
        if frame.len() < ethernet::HEADER_LEN {
            return Ok(Err(NotRun::TooShort));
        }
        if !self.test_run(frame)? {
            return Ok(Err(NotRun::TooLong));
        }
        while let Some(record) = self.ring.next() {
            Event::parse(&record).into_iter().for_each(&mut told);
        }
        let before = std::mem::replace(&mut self.counted, self.poller.totals()?);
        let mut counted = self.counted;
        counted.take_off(&before);
        Ok(Ok(counted))
    }

    /// `false` where the kernel does not take a frame of that length.
    fn test_run(&mut self, frame: &[u8]) -> Result<bool, KernelError> {
        let len = frame.len();
        self.out.clear();
        self.out.resize(len, 0);
        let options = TestRunOptions {
            data_in: Some(frame),
            data_out: Some(&mut self.out),
            ..TestRunOptions::new()
        };
        let result = match self.kernel.xdp()?.test_run(options) {
            Ok(result) => result,
            Err(error) => {
                let refused = matches!(os_error(&error), Some(libc::EINVAL | libc::ENOMEM | libc::E2BIG));
                if refused && len > FITS_INTO_A_PAGE {
                    return Ok(false);
                }
                let reason = chain(&error);
                return Err(KernelError::TestRun { len, reason });
            }
        };
        let why = if result.return_value != XDP_PASS {
            format!("it answered {}", result.return_value)
        } else if result.data_size_out as usize != len || self.out != frame {
            "it came out changed".to_owned()
        } else {
            return Ok(true);
        };
        Err(KernelError::NotPassedOn { len, why })
    }

    /// All that was counted so far.
    pub fn counts(&mut self) -> Result<Counts, KernelError> {
        self.poller.counts()
    }
}
