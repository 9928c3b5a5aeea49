//! DNS: a few hundred clients ask a dozen servers, which answer after a while; one server is gone, and the errors
//! about it come back.

use std::collections::VecDeque;
use std::ops::Range;

use fastrand::Rng;
use netmon_testkit::frames::build::prelude::*;

use super::RECORD_HEADER;
use super::template::{Ends, IPV4_END, write_ends_v4, write_over};

/// Names that are asked for.
const NAMES: u64 = 1_000;
/// Clients that ask.
const CLIENTS: u64 = 250;
/// The ports that they use.
const CLIENT_PORTS: Range<u16> = 32_768..60_768;
/// Servers that are asked; the last one is gone.
const SERVERS: u64 = 12;
/// Of so many queries one goes to the server that is gone.
const TO_THE_LAST: u64 = 50;
/// Queries that wait for their answers at most.
const WAITING: usize = 64;

/// What stands in front of the packet of a record.
const ETHERNET: usize = RECORD_HEADER + 14;
/// Where the id of a message is in a record.
const ID: usize = RECORD_HEADER + IPV4_END + 8;
/// Where the quoted packet is in a record of an error.
const QUOTED: usize = RECORD_HEADER + IPV4_END + 8;

/// The name, and the frames about it.
struct Name {
    query: Vec<u8>,
    response: Vec<u8>,
    error: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Asked {
    name: usize,
    ends: Ends<[u8; 4]>,
    id: [u8; 2],
    is_lost: bool,
}

/// Makes queries, answers and errors.
pub struct Dns {
    names: Vec<Name>,
    waiting: VecDeque<Asked>,
}

impl Dns {
    pub fn new() -> Self {
        Self {
            names: (0..NAMES).map(Name::new).collect(),
            waiting: VecDeque::new(),
        }
    }

    /// Puts the next packet behind the header of a record.
    pub fn next(&mut self, random: &mut Rng, record: &mut Vec<u8>) {
        let is_answered = self.waiting.len() >= WAITING || random.bool();
        let oldest = if is_answered {
            self.waiting.pop_front()
        } else {
            None
        };
        match oldest {
            Some(asked) if asked.is_lost => self.error(asked, record),
            Some(asked) => self.response(asked, record),
            None => self.query(random, record),
        }
    }

    fn query(&mut self, random: &mut Rng, record: &mut Vec<u8>) {
        let is_lost = random.u64(..TO_THE_LAST) == 0;
        let server = if is_lost { SERVERS } else { random.u64(1..SERVERS) };
        let asked = Asked {
            name: usize::try_from(random.u64(..NAMES)).unwrap_or(0),
            ends: Ends {
                source: [10, 20, 0, number(random.u64(1..=CLIENTS))],
                destination: [192, 0, 2, number(server)],
                source_port: random.u16(CLIENT_PORTS).to_be_bytes(),
                destination_port: 53_u16.to_be_bytes(),
            },
            id: random.u16(..).to_be_bytes(),
            is_lost,
        };
        self.waiting.push_back(asked);
        if let Some(name) = self.names.get(asked.name) {
            record.extend(&name.query);
            write_ends_v4(record, ETHERNET, asked.ends);
            write_over(record, ID, &asked.id);
        }
    }

    fn response(&self, asked: Asked, record: &mut Vec<u8>) {
        if let Some(name) = self.names.get(asked.name) {
            record.extend(&name.response);
            write_ends_v4(record, ETHERNET, asked.ends.back());
            write_over(record, ID, &asked.id);
        }
    }

    fn error(&self, asked: Asked, record: &mut Vec<u8>) {
        if let Some(name) = self.names.get(asked.name) {
            record.extend(&name.error);
            // The error's own addresses; what are ports behind them is rewritten as type and code.
            let type_and_code = Ends {
                source_port: [3, 3],
                destination_port: [0, 0],
                ..asked.ends.back()
            };
            write_ends_v4(record, ETHERNET, type_and_code);
            write_ends_v4(record, QUOTED, asked.ends);
            write_over(record, QUOTED + 28, &asked.id);
        }
    }
}

impl Name {
    fn new(number: u64) -> Self {
        let domain = [
            "example.com",
            "cdn.example.net",
            "mail.office.example.org",
            "a.very.long.way.down.example",
        ];
        let domain = domain
            .get(usize::try_from(number % 4).unwrap_or(0))
            .copied()
            .unwrap_or("example");
        let name = format!("host{number}.{domain}");
        let asked = || packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query(&name);
        // One record: the name again, an address, five minutes.
        let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 203, 0, 113, 80];
        let answered = frame() / ipv4(SERVER, CLIENT) / udp(53, 40_000) / response(&name) / raw(record);
        let mut answered = answered.bytes();
        write_over(&mut answered, IPV4_END + 8 + 6, &[0, 1]);
        Self {
            query: (frame() / asked()).bytes(),
            response: answered,
            error: (frame() / ipv4(SERVER, CLIENT) / unreachable(3) / asked()).bytes(),
        }
    }
}

fn number(value: u64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
