//! ICMP errors: which query each is about, and what is believed where no query can be seen.

use netmon_common::Transport;
use netmon_common::classify::{Concern, Error};
use netmon_common::wire::{Bytes as _, udp};

use super::{Door, Packet};
use crate::capture::exchanges::{self, About};
use crate::capture::links::scoped;
use crate::capture::question;
use crate::capture::quote::QuotedHeader;
use crate::observation::{Details, Observation, Service, What, query_type};

impl Door {
    /// An error about a DNS port.
    pub(super) fn failure(
        &mut self,
        packet: &Packet<'_>,
        error: &Error,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let quoted = &error.unreachable.quoted;
        let ports = quoted.ports?;
        let quoted_flow = packet.quoted_flow(error)?;
        let flow = self.pairing.exchange_of(&quoted_flow);
        let service = self.service(&flow, packet);
        let message = match ports.transport {
            Transport::Udp => packet.slice(ports.offset + udp::HEADER_LEN, quoted.end),
            // Nothing in a TCP header tells which of a stream's messages the segment belongs to.
            Transport::Tcp => &[],
        };
        let quote = QuotedHeader::read(message);
        let (about, name) = match ports.transport {
            Transport::Udp => {
                let about = self.pairing.failed(
                    &scoped(&quoted_flow, service.interface),
                    (quote.id, question::mark(message)),
                    packet.hides_interface,
                    packet.time,
                )?;
                (about, None)
            }
            Transport::Tcp => self.connections.failed(
                &scoped(&flow, service.interface),
                (quoted_flow, packet.quoted_number(ports.offset, quoted.end)),
                packet.hides_interface,
                packet.time,
            )?,
        };
        let code = error.unreachable.code;
        if let Concern::Undecided(transport) = error.concern {
            // The error quotes a query if there was one; else an answer, which came when its client had gone.
            let is_about_query = about != About::Nothing;
            let quoted = [flow.client, flow.server];
            if packet.is_counted {
                self.counter.decide(quoted, transport, code, is_about_query);
            }
            if !is_about_query {
                return None;
            }
        }
        let reporter = packet.address(error.header.source())?;
        let error = exchanges::Error {
            client: flow.client,
            reporter,
            code,
            name: self.names.of_question(message).or(name).or_else(|| match about {
                About::Waiting(sent) => self.asked.of(sent.at, flow.client),
                About::Failed | About::Nothing | About::Refused { .. } => None,
            }),
            recursion_desired: quote.recursion_desired,
            details: Details {
                client_port: Some(flow.client_port),
                id: quote.id,
                query_type: query_type(message),
            },
        };
        let addresses = [reporter, flow.client, flow.server];
        let about = if self.local.show_own_error(packet.loopback, addresses) {
            self.exchanges
                .refused(service, packet.time, about, quote.recursion_desired)
        } else {
            about
        };
        let is_unsolicited = self.exchanges.failed(service, packet.time, error, about, observe);
        if is_unsolicited && packet.is_counted {
            self.counter.unsolicited(flow.server, flow.transport, code);
        }
        None
    }

    /// What is to be believed now that the capture has ended: it holds no query at all.
    pub fn unseen(&mut self) -> Vec<Observation> {
        let unseen = self.exchanges.unseen();
        for error in &unseen {
            if let What::Failed(failed) = &error.what {
                let Service {
                    server, transport, ..
                } = error.service;
                self.counter.believed(server, transport, failed.code);
            }
        }
        unseen
    }
}

impl Packet<'_> {
    /// The sequence number of the TCP segment that an error quotes, where it quotes as much (RFC 792: 8 bytes, which are the ports
    /// and this).
    fn quoted_number(&self, segment: usize, end: usize) -> Option<u32> {
        const NUMBER: usize = 4;
        let at = segment + NUMBER;
        let number: [u8; 4] = self.bytes.read(at).filter(|_| at + size_of::<u32>() <= end)?;
        Some(u32::from_be_bytes(number))
    }
}
