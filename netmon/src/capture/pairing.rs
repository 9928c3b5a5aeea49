//! Which query an answer or an error over UDP belongs to, in a capture: by the same table as in the kernel.
//!
//! The kernel sees each packet once; a capture of several interfaces shows it several times. Where it says at which interface,
//! the sights are told apart before they come here ([`DuplicateFrames`](super::DuplicateFrames)). Where it does not, what comes
//! again at once is the same packet.

use netmon_common::Shared;
use netmon_common::limits::{MOVED_MARKS, OLD_BUCKETS, YOUNG_BUCKETS};
use netmon_common::trace::{Asked, Bucket, Flow, Key, Memory, Quoted, Secret, Table, Trace};

use super::exchanges::{About, Sent};
use super::limits::{FAILED_QUERIES, SAME_PACKET};
use super::translations::Translations;
use crate::bounded::Bounded;
use crate::model::{Warning, WarningKind};
use crate::time::Time;

/// Which queries the capture shows.
pub(super) struct Pairing {
    table: Table<InMemory>,
    /// When the newest error came about the flow, and the id and the question where it quotes so much; and the flow that it quotes.
    errors: Bounded<(Flow, Option<u16>, u16), (Time, Flow)>,
    /// Packets that are seen before and after the translation of an address.
    pub translations: Translations,
    overwritten: u64,
    duplicates: u64,
}

/// As many traces as the kernel keeps.
struct InMemory {
    young: Vec<Bucket>,
    old: Vec<Bucket>,
    moved: Vec<Shared<u32>>,
}

impl Memory for InMemory {
    fn young(&self, number: u32) -> Option<&Bucket> {
        self.young.get(number as usize)
    }

    fn old(&self, number: u32) -> Option<&Bucket> {
        self.old.get(number as usize)
    }

    fn moved(&self, number: u32) -> Option<&Shared<u32>> {
        self.moved.get(number as usize)
    }
}

/// Whoever made the capture could have made the queries as well as the errors, so nothing is to be kept from
/// them; and the same capture gives the same result each time.
const SECRET: Secret = Secret::expanded(0);

/// What an answer settles.
pub(super) enum Settled {
    /// These queries, the newest first, and which of them an error was about.
    Queries(Vec<(Sent, bool)>),
    /// A query that was answered before.
    Again,
    /// None that was seen.
    Nothing,
}

impl Pairing {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: Table(InMemory {
                young: vec![Bucket::empty(); YOUNG_BUCKETS as usize],
                old: vec![Bucket::empty(); OLD_BUCKETS as usize],
                moved: (0..MOVED_MARKS).map(|_| Shared::new(0)).collect(),
            }),
            errors: Bounded::new(FAILED_QUERIES),
            translations: Translations::new(),
            overwritten: 0,
            duplicates: 0,
        }
    }

    /// The flow that an exchange belongs to: where the client's address was translated, the one before.
    pub fn exchange_of(&self, flow: &Flow) -> Flow {
        self.translations.before(flow).unwrap_or(*flow)
    }

    /// Whether a query, with the mark of its question, is a packet that came before, in a capture that does not say where.
    pub fn is_shown_again(&mut self, flow: &Flow, id: u16, question: u16, now: Time) -> bool {
        let before = self.table.find(flow.hash(&SECRET), Key::query(id), now.nanos());
        let is_same = before.is_some_and(|trace| {
            !trace.is_answered()
                && !trace.has_failed()
                && trace.may_ask(question)
                && now.since(sent(&trace).at) < SAME_PACKET
        });
        self.duplicates += u64::from(is_same);
        is_same
    }

    /// Takes a query, with the mark of its question.
    pub fn asked(&mut self, flow: &Flow, id: u16, recursion_desired: bool, question: u16, now: Time) {
        let hash = flow.hash(&SECRET);
        let asked = Asked::query(id, recursion_desired, question.into());
        let lost = self.table.record(hash, asked, now.nanos());
        self.overwritten += u64::from(lost);
    }

    /// Takes an answer, with the mark of the question that it names.
    pub fn answered(&mut self, flow: &Flow, id: u16, question: u16, now: Time) -> Settled {
        let (hash, key, nanos) = (flow.hash(&SECRET), Key::query(id), now.nanos());
        let Some(trace) = self.table.answer(hash, key, question, nanos) else {
            return Settled::Nothing;
        };
        if trace.is_answered() {
            return Settled::Again;
        }
        let mut queries = vec![(sent(&trace), trace.has_failed())];
        if trace.was_asked_before() {
            // Those that an error came about stay failed: the answer is to one that was sent later.
            self.table.answer_earlier(hash, key, question, nanos, |earlier| {
                queries.push((sent(&earlier), false));
            });
        }
        Settled::Queries(queries)
    }

    /// Takes an error that quotes the flow, and the id and the question's mark where it quotes so much. `None` where it is an error
    /// that the capture shows before and after the translation of its address, or several times without saying where.
    pub fn failed(
        &mut self,
        quoted: &Flow,
        (id, question): (Option<u16>, u16),
        hides_interface: bool,
        now: Time,
    ) -> Option<About> {
        let flow = &self.exchange_of(quoted);
        if let Some((before, as_quoted)) = self.errors.get_mut(&(*flow, id, question)) {
            let is_translated = as_quoted != quoted;
            let is_same = (hides_interface || is_translated) && now.since(*before) < SAME_PACKET;
            *before = now;
            if is_same {
                self.duplicates += u64::from(!is_translated);
                return None;
            }
        }
        let hash = flow.hash(&SECRET);
        let quoted_query = Quoted {
            key: Key::query(id.unwrap_or_default()),
            is_known: id.is_some(),
            question,
        };
        let trace = self.table.fail(hash, quoted_query, now.nanos());
        let about = match trace {
            Some(trace) if trace.is_answered() => About::Nothing,
            Some(trace) if trace.has_failed() => About::Failed,
            Some(trace) => About::Waiting(sent(&trace)),
            None => About::Nothing,
        };
        if matches!(about, About::Waiting(_)) {
            self.errors.insert((*flow, id, question), (now, *quoted));
        }
        Some(about)
    }

    /// How many queries lost their trace within 60 s, unanswered.
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// What to say of packets that were shown several times.
    pub fn warning(&self) -> Option<Warning> {
        (self.duplicates > 0).then(|| {
            let message = format!(
                "{} packets are shown several times, as in a capture of several interfaces: each is one query or one error to the \
                 incidents, and counted as often as it is shown",
                self.duplicates
            );
            Warning::new(WarningKind::Duplicates, message)
        })
    }
}

fn sent(trace: &Trace) -> Sent {
    Sent {
        at: Time::from_nanos(trace.time_ns()),
        iterative: trace.recursion_desired() == Some(false),
    }
}
