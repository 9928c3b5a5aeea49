//! What is not DNS: streams and datagrams of the web, over IPv4 and IPv6, and a little of this and that.
//!
//! No segment acknowledges another: the capture looks as if made where acknowledgements do not pass.

use fastrand::Rng;
use netmon_testkit::frames::build::prelude::*;

use super::RECORD_HEADER;
use super::template::{Ends, IPV4_END, IPV6_END, write_ends_v4, write_ends_v6, write_over};

/// What stands in front of the packet of a record.
const ETHERNET: usize = RECORD_HEADER + 14;

/// Length of a TCP header without options.
const TCP_HEADER: usize = 20;
/// Where its sequence number is.
const SEQUENCE: usize = 4;

const HTTPS: [u8; 2] = 443_u16.to_be_bytes();

/// Whose packets they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Each packet has ends of its own.
    Short,
    /// So many connections carry all of them.
    Long(u64),
}

/// A frame whose ends are written over, or one that is always the same.
struct Kind {
    frame: Vec<u8>,
    version: u8,
    /// Whether it goes to a server; else it comes from one.
    up: bool,
}

/// Makes packets that are not DNS.
pub struct Others {
    streams: Streams,
    /// A kind stands here as often as it comes among 100 packets or so.
    kinds: Vec<Kind>,
    /// The sequence number of the next segment of each long connection.
    sequence: Vec<u32>,
}

impl Others {
    pub fn new(streams: Streams) -> Self {
        let stream_v4 = |len| frame() / ipv4(CLIENT, SERVER) / tcp(40_000, 443).ack() / raw(vec![0x17; len]);
        let stream_v6 =
            |len| frame() / ipv6(CLIENT_V6, SERVER_V6) / tcp(40_000, 443).ack() / raw(vec![0x17; len]);
        let quic = |len| frame() / ipv4(CLIENT, SERVER) / udp(40_000, 443) / raw(vec![0x40; len]);
        let arp = frame() / raw(vec![0; 46]).as_ether_type(0x0806);
        let echo = frame() / ipv4(CLIENT, SERVER) / icmp(8, 0) / raw(vec![0; 56]);
        let kinds = [
            (31, 4, true, stream_v4(0)),
            (18, 4, false, stream_v4(1_448)),
            (6, 4, false, stream_v4(700)),
            (6, 4, true, stream_v4(250)),
            (11, 6, true, stream_v6(0)),
            (8, 6, false, stream_v6(1_428)),
            (9, 4, true, quic(40)),
            (8, 4, false, quic(1_200)),
            (2, 0, true, echo),
            (1, 0, true, arp),
        ];
        let times = |(times, version, up, stack): (usize, u8, bool, Stack)| {
            let frame = stack.bytes();
            (0..times).map(move |_| Kind {
                frame: frame.clone(),
                version,
                up,
            })
        };
        let connections = match streams {
            Streams::Short => 0,
            Streams::Long(connections) => connections,
        };
        Self {
            streams,
            kinds: kinds.into_iter().flat_map(times).collect(),
            sequence: (0..connections).map(|_| 1).collect(),
        }
    }

    /// Puts the next packet behind the header of a record.
    pub fn next(&mut self, random: &mut Rng, record: &mut Vec<u8>) {
        let Some(kind) = random.choice(&self.kinds) else {
            return;
        };
        record.extend(&kind.frame);
        let connection = match self.streams {
            Streams::Short => random.u64(..),
            Streams::Long(connections) => random.u64(..connections),
        };
        let [.., source_high, source_low, low, high, server, client] = connection.to_be_bytes();
        let source_port = [source_high | 0x80, source_low];
        let header_end = if kind.version == 4 { IPV4_END } else { IPV6_END };
        if let Some(sequence) = usize::try_from(connection)
            .ok()
            .and_then(|at| self.sequence.get_mut(at))
            && !kind.up
        {
            write_over(
                record,
                RECORD_HEADER + header_end + SEQUENCE,
                &sequence.to_be_bytes(),
            );
            let payload = kind.frame.len().saturating_sub(header_end + TCP_HEADER);
            *sequence = sequence.wrapping_add(u32::try_from(payload).unwrap_or(0));
        }
        match kind.version {
            4 => {
                let ends = Ends {
                    source: [10, 20, 0, client],
                    destination: [151, 101, high, server],
                    source_port,
                    destination_port: HTTPS,
                };
                write_ends_v4(record, ETHERNET, if kind.up { ends } else { ends.back() });
            }
            6 => {
                let address = |net: u8, host: u8| {
                    let mut address = [0; 16];
                    address[0] = 0x20;
                    address[1] = net;
                    address[14] = low;
                    address[15] = host;
                    address
                };
                let ends = Ends {
                    source: address(1, client),
                    destination: address(3, server),
                    source_port,
                    destination_port: HTTPS,
                };
                write_ends_v6(record, ETHERNET, if kind.up { ends } else { ends.back() });
            }
            _ => {}
        }
    }
}
