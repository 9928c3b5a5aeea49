//! How many events may be sent in a second, so that user space is told enough, and not too much.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::{Shared, limits};

/// What may be sent in a second.
#[repr(C)]
pub struct Budget {
    second: Shared<u32>,
    /// By [`Limited`], or by [`Sample`].
    used: [Shared<u16>; KINDS],
}

const KINDS: usize = 6;

/// Kinds of events that are limited apart, so that none crowds out another.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Limited {
    /// Errors.
    Failures = 0,
    /// Queries.
    Queries = 1,
    /// Answers that say that the server failed.
    FailedAnswers = 2,
    /// Other answers to clients that errors were about.
    AnswersToFailedClients = 3,
    /// Other answers.
    Answers = 4,
    /// The few answers that are sent whatever the service does.
    AnswersAlways = 5,
}

/// What a CPU may send of errors that nothing verifies: anybody can forge those.
#[btf_map]
static UNVERIFIED: PerCpuArray<Budget, 1> = PerCpuArray::new();

/// What a CPU may send of samples, for all services together: by [`Sample`].
#[btf_map]
static SAMPLES: PerCpuArray<Budget, 1> = PerCpuArray::new();

/// Kinds of samples, each with its place in a CPU's budget.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Sample {
    Any = 0,
    FirstQuery = 1,
    DoesWell = 2,
    Seldom = 3,
}

impl Budget {
    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&self, what: Limited, now_ns: u64) -> bool {
        let most = match what {
            Limited::AnswersAlways => limits::ANSWERS_ALWAYS,
            Limited::Failures
            | Limited::Queries
            | Limited::FailedAnswers
            | Limited::AnswersToFailedClients
            | Limited::Answers => limits::EVENTS_PER_SERVER,
        };
        self.take(what as usize, most, now_ns)
    }

    /// Whether a query may be sent, which is not taken yet.
    #[inline(always)]
    pub fn has_queries(&self, now_ns: u64) -> bool {
        let used = self.used.get(Limited::Queries as usize);
        self.second.get() != second(now_ns) || used.is_some_and(|used| used.get() < limits::EVENTS_PER_SERVER)
    }

    #[inline(always)]
    fn take(&self, place: usize, most: u16, now_ns: u64) -> bool {
        let second = second(now_ns);
        if self.second.get() != second {
            self.second.set(second);
            self.used.iter().for_each(|used| used.set(0));
        }
        let Some(used) = self.used.get(place) else {
            return false;
        };
        let sent = used.get();
        if sent >= most {
            return false;
        }
        used.set(sent + 1);
        true
    }
}

/// A power of two near a second: divisions are slow.
#[inline(always)]
fn second(now_ns: u64) -> u32 {
    (now_ns >> 30) as u32
}

/// Takes one of the errors that nothing verifies.
#[inline(always)]
pub fn may_send_unverified(now_ns: u64) -> bool {
    UNVERIFIED
        .get(0)
        .is_some_and(|budget| budget.take(0, limits::UNVERIFIED_PER_CPU, now_ns))
}

/// Takes one of this CPU's samples for a query. Of the first ones to services there are fewer: whoever asks thousands of addresses
/// must not take all samples of those that are asked again and again.
#[inline(always)]
pub fn may_send_query(is_first: bool, now_ns: u64) -> bool {
    let what = if is_first { Sample::FirstQuery } else { Sample::Any };
    take(what, now_ns)
}

/// Takes one of this CPU's samples for a query to a service that may only be asked seldom.
#[inline(always)]
pub fn may_send_seldom(now_ns: u64) -> bool {
    take(Sample::Seldom, now_ns)
}

/// Takes one of this CPU's samples for an answer. Of those of services that do well there are fewer.
#[inline(always)]
pub fn may_send_answer(does_well: bool, now_ns: u64) -> bool {
    take(if does_well { Sample::DoesWell } else { Sample::Any }, now_ns)
}

#[inline(always)]
fn take(what: Sample, now_ns: u64) -> bool {
    let most = match what {
        Sample::Any => limits::SAMPLES_PER_CPU,
        Sample::FirstQuery => limits::FIRST_SAMPLES_PER_CPU,
        Sample::DoesWell => limits::DOES_WELL_PER_CPU,
        Sample::Seldom => limits::SELDOM_PER_CPU,
    };
    SAMPLES
        .get(0)
        .is_some_and(|budget| budget.take(what as usize, most, now_ns))
}
