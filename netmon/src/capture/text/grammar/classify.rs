//! From the words of a record to what its packet means for DNS and ICMP: section 1 of docs/contract.md, as far
//! as text tells.

use netmon_common::wire::ip::Family;
use netmon_common::wire::{self, Unreadable};
use netmon_common::{DnsPorts, Rcode, Transport};

use super::super::packet::{Conversation, Ends, Query, Response, TextWhat};
use super::carried::{self, Carried, Datagram, Ports, Segment};
use super::dns::Message;
use super::endpoint::Port;
use super::header::{self, Front, Header};
use super::icmp::{self, Icmp};
use super::read::{Note, Read};
use super::summary;
use super::why::Why;
use super::words::{Cursor, bare};
use crate::observation::Service;
use crate::stand_in;

/// Fewest bytes of a DNS message (RFC 1035 section 4.1.1).
const DNS_HEADER_LEN: u32 = 12;

/// Reads a record from behind its time stamp. `dump` is what it holds in hexadecimal.
pub fn read(mut words: Cursor<'_, '_>, dump: &[u8], ports: &DnsPorts) -> Result<Read, Why> {
    if summary::is_record(words.words()) {
        return summary::read(&mut words, ports).ok_or(Why::NotUnderstood);
    }
    let carries_others = words
        .words()
        .first()
        .is_some_and(|word| matches!(bare(word.text), "PPPoE" | "MPLS"));
    let header = match header::read(&mut words)? {
        Front::Ip(header) => header,
        Front::IpWithoutAddresses(family) => return Ok(Read::other(family)),
        Front::NotIp => {
            return Ok(Read {
                note: carries_others.then_some(Note::Tunnel),
                ..Read::new(TextWhat::NotIp)
            });
        }
        Front::Unreadable(unreadable) => return Ok(Read::unreadable(unreadable, None)),
    };
    let packet = Packet { header, ports };
    let tunnel = words.peek().is_some_and(|word| {
        matches!(
            bare(word),
            "GREv0" | "GREv1" | "VXLAN" | "VXLAN-GPE" | "Geneve" | "OTV" | "IP" | "IP6" | "MPLS"
        )
    });
    let read = match carried::read(&header, &mut words)? {
        Carried::Udp(ends, datagram) => packet.datagram(ends, datagram),
        Carried::Tcp(ends, segment) => packet.segment(ends, segment),
        Carried::Icmp => packet.icmp(&mut words, dump)?,
        Carried::Nothing(ends) => packet.nothing(ends)?,
        Carried::LaterFragment => Read::new(TextWhat::Fragment),
        Carried::Unreadable(unreadable) => Read::unreadable(unreadable, packet.is_of_dns()),
        Carried::Other { sure } => Read {
            sure,
            ..Read::other(header.family)
        },
    };
    // Of other packets, and with -v of any, tcpdump may print much more than is read here.
    let is_read_to_its_end = header.protocol.is_none()
        && matches!(
            read.what,
            TextWhat::Query(_) | TextWhat::Response(_) | TextWhat::Unreachable(_)
        );
    Ok(Read {
        left: if is_read_to_its_end { words.left() } else { 0 },
        behind: words.left(),
        bytes: header.bytes.or(read.bytes),
        ends: Some(Ends {
            source: header.source.address,
            destination: header.destination.address,
        }),
        named: header.named || read.named,
        sure: read.sure && !header.named && !read.named,
        note: read.note.or(tunnel.then_some(Note::Tunnel)),
        ..read
    })
}

/// A packet whose addresses are known.
struct Packet<'a> {
    header: Header,
    ports: &'a DnsPorts,
}

/// Which way a packet goes, by its ports.
struct Directions {
    to_server: Option<Conversation>,
    from_server: Option<Conversation>,
}

impl Packet<'_> {
    fn datagram(&self, ends: Ports, datagram: Datagram) -> Read {
        let directions = self.directions(ends, Transport::Udp);
        if directions.to_server.is_none() && directions.from_server.is_none() {
            return Read::other(self.header.family);
        }
        match datagram {
            Datagram::Dns(message) => self.message(&directions, message),
            Datagram::Undecoded(Some(bytes)) if bytes < DNS_HEADER_LEN => {
                let short = Unreadable::short(wire::Header::Dns);
                Read::unreadable(short, Some(true)).bytes(Some(bytes))
            }
            Datagram::Undecoded(bytes) => undecoded(self.header.family, &directions).bytes(bytes).quiet(),
            Datagram::Unreadable(unreadable) => Read::unreadable(unreadable, Some(true)),
            Datagram::Other => Read::other(self.header.family),
        }
    }

    fn segment(&self, ends: Ports, segment: Segment) -> Read {
        let directions = self.directions(ends, Transport::Tcp);
        let read = match (segment.flags, segment.message, &directions) {
            (
                Some(flags),
                _,
                Directions {
                    to_server: Some(conversation),
                    ..
                },
            ) if flags.syn && !flags.ack => Read::new(TextWhat::Connect(*conversation)),
            (
                Some(flags),
                _,
                Directions {
                    from_server: Some(conversation),
                    ..
                },
            ) if flags.rst => Read::new(TextWhat::Reset(*conversation)),
            (
                Some(flags),
                _,
                Directions {
                    from_server: Some(conversation),
                    ..
                },
            ) if flags.syn && flags.ack => Read::new(TextWhat::Accepted(*conversation)),
            (
                _,
                _,
                Directions {
                    to_server: None,
                    from_server: None,
                },
            ) => Read::other(self.header.family),
            (_, Some(Ok(message)), _) if message.plausible => self.message(&directions, message),
            (_, Some(Err(unreadable)), _) => Read::unreadable(unreadable, Some(true)),
            (
                Some(_),
                _,
                Directions {
                    from_server: Some(conversation),
                    ..
                },
            ) if segment.bytes.is_some_and(|bytes| bytes > 0) => Read::new(TextWhat::Segment(*conversation)),
            (Some(_), _, _) => Read::other(self.header.family),
            (None, _, _) => Read::other(self.header.family).quiet(),
        };
        Read {
            stream: segment.stream,
            // What it holds stands behind its length.
            sure: segment.bytes.is_some(),
            ..read.bytes(segment.bytes)
        }
    }

    /// Whether one of its ports is a DNS port, where they are printed.
    fn is_of_dns(&self) -> Option<bool> {
        let ports = [self.header.source.port?, self.header.destination.port?];
        let is_dns = |port: Port| port.number().is_some_and(|port| self.ports.contains(port));
        Some(ports.into_iter().any(is_dns))
    }

    /// Of some protocols tcpdump prints nothing; but of a DNS port's, something is missing.
    fn nothing(&self, ends: Ports) -> Result<Read, Why> {
        match self.directions(ends, Transport::Udp) {
            Directions {
                to_server: None,
                from_server: None,
            } => Ok(Read::other(self.header.family)),
            Directions { .. } => Err(Why::NotUnderstood),
        }
    }

    fn icmp(&self, words: &mut Cursor<'_, '_>, dump: &[u8]) -> Result<Read, Why> {
        Ok(match icmp::read(&self.header, words, dump)? {
            Icmp::Unreachable(unreachable, bytes) => Read {
                named: stand_in::number(unreachable.destination).is_some(),
                ..Read::new(TextWhat::Unreachable(unreachable)).bytes(bytes)
            },
            Icmp::Unreadable(unreadable) => Read::unreadable(unreadable, Some(true)),
            Icmp::Other => Read::other(self.header.family),
        })
    }

    /// A DNS message: QR must agree with the direction that the ports give.
    fn message(&self, directions: &Directions, message: Message) -> Read {
        // Of a message that was cut behind its header, QR may not show.
        let response = message.response.unwrap_or(directions.to_server.is_none());
        let bytes = message.bytes;
        let what = match (response, directions.to_server, directions.from_server) {
            (false, Some(conversation), _) => TextWhat::Query(Query {
                conversation,
                id: Some(message.id),
                recursion_desired: Some(message.recursion_desired),
                name: message.name,
                query_type: message.query_type,
            }),
            (true, _, Some(conversation)) => TextWhat::Response(Response {
                conversation,
                id: Some(message.id),
                rcode: message.rcode,
                standard: message.standard,
                name: message.name,
            }),
            _ => return Read::other(self.header.family),
        };
        Read::new(what).bytes(bytes)
    }

    fn directions(&self, ends: Ports, transport: Transport) -> Directions {
        let (source, destination) = (self.header.source.address, self.header.destination.address);
        let toward = |server, port: Option<u16>, client, client_port| {
            let port = port.filter(|port| self.ports.contains(*port))?;
            Some(Conversation {
                service: Service {
                    server,
                    port,
                    transport,
                    interface: 0,
                },
                client,
                client_port,
            })
        };
        Directions {
            to_server: toward(destination, ends.destination, source, ends.source),
            from_server: toward(source, ends.source, destination, ends.destination),
        }
    }
}

/// A datagram of which only the direction is known: what goes to a DNS port is taken as a query.
fn undecoded(family: Family, directions: &Directions) -> Read {
    match (directions.to_server, directions.from_server) {
        (Some(conversation), _) => Read::new(TextWhat::Query(Query {
            conversation,
            id: None,
            recursion_desired: None,
            name: None,
            query_type: None,
        })),
        (None, Some(conversation)) => Read::new(TextWhat::Response(Response {
            conversation,
            id: None,
            rcode: Rcode::Other,
            standard: true,
            name: None,
        })),
        (None, None) => Read::other(family),
    }
}
