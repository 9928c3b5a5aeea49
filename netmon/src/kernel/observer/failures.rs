//! Errors about exchanges: what proves them.

use netmon_common::records::{AGAIN, Interface, NOT_IN_SECONDS, ServiceKey};
use netmon_common::wire::udp;
use netmon_common::{Address, Code, Transport};

use super::{Observer, seconds, service_of, side};
use crate::kernel::event_parts::{details, moment, question};
use crate::kernel::events::Event;
use crate::observation::{Failed, Observation, Proof, Unverified, What, Why};
use crate::time::Time;

impl Observer {
    pub(super) fn failure(
        &mut self,
        event: &Event<'_>,
        key: ServiceKey,
        recursion_desired: bool,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let header = &event.header;
        let (time, service) = (Time::from_nanos(header.time_ns), service_of(key));
        let code = Code::from_number(header.detail)?;
        let what = match self.proof(event) {
            Err(why) => What::Unverified(Unverified {
                client: header.client,
                reporter: header.reporter,
                code,
                why,
            }),
            Ok(proof) => {
                if header.flags & NOT_IN_SECONDS != 0
                    && let Some(sent) = proof.sent()
                    && let Some(readings) = self.services.get_mut(&key)
                    && let Some((second, counts)) = readings.failed_later(sent.second())
                {
                    observe(seconds(key, time, second, counts));
                }
                // Nothing in a TCP header says which of a stream's messages the segment belongs to.
                let message = match service.transport {
                    Transport::Udp => {
                        let from = usize::from(header.transport_offset) + udp::HEADER_LEN;
                        Some(event.payload.get(from..).unwrap_or_default())
                    }
                    Transport::Tcp => None,
                };
                What::Failed(Failed {
                    client: header.client,
                    side: side(header.flags),
                    reporter: header.reporter,
                    code,
                    proof,
                    name: message.and_then(|message| question(message).or_else(|| self.asked(event))),
                    recursion_desired,
                    last_answer: moment(header.last_answer_ns),
                    details: details(event, message.unwrap_or_default()),
                })
            }
        };
        observe(Observation { time, service, what });
        Some(())
    }

    /// Whether it is this host's own address, on whichever link: all of 127.0.0.0/8 is, and most of it is nowhere listed.
    pub fn is_own(&self, address: Address) -> bool {
        address.ip().is_loopback() || self.local.contains(&address.on_link(Interface::LOOPBACK))
    }

    fn proof(&self, event: &Event<'_>) -> Result<Proof, Why> {
        let header = &event.header;
        let query = moment(header.query_time_ns);
        let is_ours = header.ifindex == Interface::LOOPBACK
            && self.is_own(header.reporter)
            && self.is_own(header.client);
        match query {
            Some(_) if header.flags & AGAIN != 0 => Err(Why::Again),
            _ if is_ours => Ok(Proof::RaisedByThisHost(query)),
            Some(query) => Ok(Proof::QuerySeen(query)),
            None if self.tracking && !self.queries_unseen.contains(&header.ifindex) => Err(Why::Unsolicited),
            None => Err(Why::QueriesUnseen),
        }
    }
}
