//! What a packet means, noted down flat: numbers side by side, not one enum over the other.

use netmon_common::Transport;
use netmon_common::classify::{Classified, Concern, Meaning, Sink};
use netmon_common::records::Tally;
use netmon_common::wire::ip::AddressAt;
use netmon_common::wire::{Fault, Unreadable};

use crate::evidence::Quote;

/// What a packet means.
#[repr(C)]
pub struct Finding {
    /// Which counters it adds to.
    pub tally: Tally,
    /// Where the payload of UDP or TCP starts.
    pub payload: usize,
    /// Whom it is counted for, if [`counted`](Self::counted).
    pub destination: AddressAt,
    /// The packet that it quotes, if it is [`evidence`](Self::evidence) or [`late`](Self::late).
    pub quote: Quote,
    /// It is cut, for this reader: it must be read again by the one that can read everything.
    pub unread: bool,
    /// It is counted for a destination.
    pub counted: bool,
    /// It says that a DNS server is unreachable.
    pub evidence: bool,
    /// It says that an answer came too late.
    pub late: bool,
    /// Of a super-packet only the first segment means it: TCP, whose segments are one stream. A
    /// super-packet of UDP is as many datagrams.
    pub only_first_segment: bool,
}

/// Notes down what the classifier finds.
pub struct Note(pub *mut Finding);

impl Sink for Note {
    #[inline(always)]
    fn take(&mut self, classified: &Classified) {
        // SAFETY: the notepad's, which belongs to this program while it runs, and has held a finding before
        // (zeros are one).
        let finding = unsafe { &mut *self.0 };
        let meaning = &classified.meaning;
        finding.counted = false;
        finding.evidence = false;
        finding.late = false;
        // Nothing in the kernel is cut: what looks so lies beyond the linear part, or behind extension headers.
        finding.unread = matches!(
            meaning,
            Meaning::Unreadable(Unreadable {
                fault: Fault::Cut,
                ..
            })
        );
        finding.tally = Tally::of(meaning);
        finding.payload = classified.payload;
        finding.only_first_segment = only_first_segment_has(meaning);
        if let Some(destination) = meaning.destination() {
            finding.counted = true;
            finding.destination = destination;
        }
        if let Meaning::Unreachable(error) = meaning {
            finding.evidence = matches!(error.concern, Concern::DnsUnreachable);
            finding.late = matches!(error.concern, Concern::LateResponse);
            if finding.evidence || finding.late {
                finding.quote = Quote::of(error);
            }
        }
    }
}

#[inline(always)]
fn only_first_segment_has(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Query(message) | Meaning::Response(message) => matches!(message.transport, Transport::Tcp),
        Meaning::Connect(_)
        | Meaning::Reset(_)
        | Meaning::Unreachable(_)
        | Meaning::Fragment
        | Meaning::Unreadable(_)
        | Meaning::NotIp
        | Meaning::Other => false,
    }
}
