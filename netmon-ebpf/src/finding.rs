//! What a packet means, noted down flat: numbers side by side, not one enum over the other.

use netmon_common::Transport;
use netmon_common::classify::{Classified, Concern, Meaning, Sink};
use netmon_common::records::Tally;
use netmon_common::wire::ip::AddressAt;
use netmon_common::wire::{Fault, Unreadable};

use crate::exchange::{Exchange, Kind};

/// What a packet means.
#[repr(C)]
pub struct Finding {
    /// Which counters it adds to.
    pub tally: Tally,
    /// Where the payload of UDP or TCP starts.
    pub payload: usize,
    /// Whom it is counted for, if [`counted`](Self::counted).
    pub destination: AddressAt,
    /// Who talks to whom.
    pub exchange: Exchange,
    /// It is cut, for this reader: it must be read again by the one that can read everything.
    pub unread: bool,
    /// It is counted for a destination.
    pub counted: bool,
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
        finding.exchange.kind = Kind::None;
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
        finding.only_first_segment = false;
        if let Some(destination) = meaning.destination() {
            finding.counted = true;
            finding.destination = destination;
        }
        match meaning {
            Meaning::Query(message) => {
                finding.only_first_segment = matches!(message.transport, Transport::Tcp);
                finding.exchange.message(Kind::Query, message);
            }
            Meaning::Response(message) => {
                finding.only_first_segment = matches!(message.transport, Transport::Tcp);
                finding.exchange.message(Kind::Answer, message);
            }
            Meaning::Connect(conversation) => finding.exchange.connect(conversation),
            Meaning::Unreachable(error) => match error.concern {
                Concern::DnsUnreachable => finding.exchange.error(Kind::Failure, error),
                Concern::LateResponse => finding.exchange.error(Kind::Late, error),
                Concern::None => {}
            },
            Meaning::Reset(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => {}
        }
    }
}
