//! The kernel's side of the comparison: the real programs, run over frames by `BPF_PROG_TEST_RUN`.

use std::fmt;

use aya::TestRun as _;
use aya::programs::TestRunOptions;
use netmon::kernel::{Attachments, Choice, Events, HookChoice, Kernel, Poller, Program, Settings};
use netmon_common::records::{AGAIN, Destination, EventHeader, EventKind, NOT_IN_SECONDS};
use netmon_common::{Address, DnsPorts, Transport, limits};
use netmon_testkit::frames::Counted;

/// The loaded programs, and what they have counted.
pub struct Side {
    attachments: Attachments,
    kernel: Kernel,
    poller: Poller,
    events: Events,
    /// The ring's reader wants one.
    _runtime: tokio::runtime::Runtime,
}

/// What an ICMP error about DNS was reported as, as far as the frame alone decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    header: EventHeader,
    quote: Vec<u8>,
}

impl Failure {
    /// Leaves out when and where the error was seen, and what the kernel knew of the query from elsewhere.
    pub fn new(header: EventHeader, quote: &[u8]) -> Self {
        const UDP_AND_DNS: u16 = 8 + 12;
        let says_recursion = header.transport == Transport::Udp as u8
            && header.transport_offset + UDP_AND_DNS <= header.payload_len;
        Self {
            header: EventHeader {
                time_ns: 0,
                query_time_ns: 0,
                last_answer_ns: 0,
                ifindex: 0,
                hook: 0,
                flags: if says_recursion {
                    header.flags & !(NOT_IN_SECONDS | AGAIN)
                } else {
                    0
                },
                ..header
            },
            quote: quote.to_vec(),
        }
    }

    /// Whom it is about.
    pub fn server(&self) -> Address {
        self.header.server
    }
}

/// What the kernel hands to a program beside the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nothing: the frame lies in one piece, as far as it fits into a page.
    Plain,
    /// For XDP: only this many bytes lie in the linear part (Linux 6.18).
    Linear(u32),
    /// For TC: a super-packet of so many segments, each with so many bytes of payload.
    SuperPacket { segments: u32, size: u32 },
}

/// The programs that read Ethernet frames, as `BPF_PROG_TEST_RUN` makes them.
pub const OF_FRAMES: [Program; 3] = [Program::Xdp, Program::Ingress, Program::Egress];

/// What each program answers: it passes the packet on.
pub const fn passes_on(program: Program) -> u32 {
    match program {
        // `XDP_PASS`.
        Program::Xdp => 2,
        // `TC_ACT_UNSPEC`, -1.
        Program::Ingress | Program::Egress | Program::IpIngress | Program::IpEgress => u32::MAX,
    }
}

/// Whether `BPF_PROG_TEST_RUN` takes this frame (`net/bpf/test_run.c` in Linux 6.18). What it refuses never
/// reaches a program: frames without a whole Ethernet header; and for TC frames that are longer than a page
/// without its management, that have nothing behind the Ethernet header, or that announce IP and are shorter
/// than its header.
pub fn can_be_run(program: Program, frame: &[u8]) -> bool {
    const ETHERNET: usize = 14;
    const MOST: usize = 3_500;
    match program {
        Program::Xdp => frame.len() >= ETHERNET,
        Program::Ingress | Program::Egress | Program::IpIngress | Program::IpEgress => {
            let least = match frame.get(12..ETHERNET) {
                Some([0x08, 0x00]) => ETHERNET + 20,
                Some([0x86, 0xdd]) => ETHERNET + 40,
                _ => ETHERNET + 1,
            };
            (least..=MOST).contains(&frame.len())
        }
    }
}

impl Side {
    /// Loads the programs with these DNS ports, and room for so many destinations.
    pub fn load(ports: DnsPorts, destinations: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let settings = Settings {
            ports,
            destinations,
            apart: false,
            ..Settings::default()
        };
        let mut kernel = Kernel::load(&settings).unwrap();
        let poller = kernel.poller().unwrap();
        let attachments = kernel.attachments().unwrap();
        let events = {
            let _inside = runtime.enter();
            kernel.events().unwrap()
        };
        Self {
            attachments,
            kernel,
            poller,
            events,
            _runtime: runtime,
        }
    }

    /// The same with port 53 and the usual room.
    pub fn load_default() -> Self {
        Self::load(DnsPorts::DEFAULT, limits::DESTINATIONS)
    }

    /// Runs a program over a frame, and makes sure that it passes the frame on unchanged.
    pub fn run(&mut self, program: Program, frame: &[u8], context: Context) {
        let mut out = vec![0x5a; frame.len()];
        let context = context.bytes(frame.len());
        let options = TestRunOptions {
            data_in: Some(frame),
            data_out: Some(&mut out),
            ctx_in: context.as_deref(),
            ..TestRunOptions::new()
        };
        let result = match program {
            Program::Xdp => self.kernel.xdp().unwrap().test_run(options),
            Program::Ingress | Program::Egress | Program::IpIngress | Program::IpEgress => {
                self.kernel.classifier(program).unwrap().test_run(options)
            }
        };
        let run = format!("{} over {}", program.name(), Hex(frame));
        let result = result.unwrap_or_else(|error| panic!("{run}: {error}"));
        assert_eq!(result.return_value, passes_on(program), "{run}");
        assert!(
            result.data_size_out as usize == frame.len() && out == frame,
            "{run}: the frame is changed"
        );
    }

    /// Attaches the programs, in the namespace of this thread.
    pub fn attach(&mut self, choice: &Choice, hook: HookChoice) {
        self.attachments
            .attach_all(&mut self.kernel, choice, hook)
            .unwrap();
    }

    /// Everything that was counted until now, in all runs, but for what depends on the frames before.
    pub fn counted(&mut self) -> Counted {
        let mut counts = self.poller.counts().unwrap();
        assert!(counts.add_up(), "{counts:?}");
        assert!(counts.totals.unsolicited <= counts.totals.dns_unreachable);
        counts.totals.unsolicited = 0;
        counts.totals.unmatched_responses = 0;
        counts.totals.traces_overwritten = 0;
        for counters in counts.destinations.values_mut() {
            counters.unsolicited = Destination::ZERO.unsolicited;
            counters.unmatched_responses = Destination::ZERO.unmatched_responses;
        }
        Counted {
            totals: counts.totals,
            destinations: counts.destinations,
        }
    }

    /// The errors about DNS that were reported since the last time. After the first [`REPORTED`] of a second
    /// not all are.
    pub fn failures(&mut self) -> Vec<Failure> {
        let mut failures = Vec::new();
        let all = self.events.drain(usize::MAX, |event| {
            if event.header.kind == EventKind::Failure as u8 {
                failures.push(Failure::new(event.header, event.payload));
            }
        });
        assert!(all);
        failures
    }
}

/// How many errors are reported at once, whatever they are about.
pub const REPORTED: usize = min(limits::EVENTS_PER_SERVER, limits::UNVERIFIED_PER_CPU) as usize;

const fn min(one: u16, other: u16) -> u16 {
    if one < other { one } else { other }
}

impl Context {
    /// `struct xdp_md` or `struct __sk_buff` (`include/uapi/linux/bpf.h`).
    fn bytes(self, frame_len: usize) -> Option<Vec<u8>> {
        const XDP_MD: usize = 24;
        const XDP_MD_DATA_END: usize = 4;
        const SK_BUFF: usize = 192;
        const SK_BUFF_GSO_SEGS: usize = 164;
        const SK_BUFF_GSO_SIZE: usize = 176;
        let with = |len: usize, fields: &[(usize, u32)]| {
            let mut bytes = vec![0; len];
            for (place, value) in fields {
                bytes[*place..place + 4].copy_from_slice(&value.to_ne_bytes());
            }
            Some(bytes)
        };
        match self {
            Self::Plain => None,
            Self::Linear(len) => {
                let frame_len = u32::try_from(frame_len).unwrap();
                with(XDP_MD, &[(XDP_MD_DATA_END, len.min(frame_len))])
            }
            Self::SuperPacket { segments, size } => {
                with(SK_BUFF, &[(SK_BUFF_GSO_SEGS, segments), (SK_BUFF_GSO_SIZE, size)])
            }
        }
    }
}

/// A frame, to be pasted into a test.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
