//! Captures of generated traffic, the same bytes each time.

mod dns;
mod others;
mod template;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use fastrand::Rng;
use netmon_testkit::captures::Pcap;

use dns::Dns;
use others::{Others, Streams};
use template::write_over;

/// What is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// An office's: web for the most part, 5 packets in 100 are DNS.
    Mixed,
    /// The same packets, but few connections carry all that is not DNS, as when backups run.
    MixedLong,
    /// DNS and ICMP, and nothing else.
    DnsAndIcmp,
}

/// Packets a second of the capture's time.
const RATE: u64 = 3_000;
/// When the capture begins: 2026-03-19T08:00:00Z.
const BEGIN_SECONDS: u64 = 1_773_907_200;

/// Connections of each protocol in [`Traffic::MixedLong`].
const CONNECTIONS: u64 = 3;

/// Length of the header of a record.
const RECORD_HEADER: usize = 16;

/// Writes a capture of at least so many bytes; returns how many packets it holds.
pub fn write(traffic: Traffic, bytes: u64, path: &Path) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let header = Pcap::USUAL.header();
    out.write_all(&header)?;
    let mut source = Source::new(traffic);
    let (mut written, mut packets) = (header.len() as u64, 0);
    let mut record = Vec::new();
    while written < bytes {
        source.next(packets, &mut record);
        out.write_all(&record)?;
        written += record.len() as u64;
        packets += 1;
    }
    out.flush()?;
    Ok(packets)
}

/// Makes one packet after the other.
struct Source {
    traffic: Traffic,
    random: Rng,
    dns: Dns,
    others: Others,
}

impl Source {
    fn new(traffic: Traffic) -> Self {
        Self {
            traffic,
            random: Rng::with_seed(1),
            dns: Dns::new(),
            others: Others::new(match traffic {
                Traffic::Mixed | Traffic::DnsAndIcmp => Streams::Short,
                Traffic::MixedLong => Streams::Long(CONNECTIONS),
            }),
        }
    }

    /// Makes the record of the packet with this number, counted from 0.
    fn next(&mut self, number: u64, record: &mut Vec<u8>) {
        record.clear();
        record.extend([0; RECORD_HEADER]);
        let is_dns = match self.traffic {
            Traffic::Mixed | Traffic::MixedLong => self.random.u32(..100) < 5,
            Traffic::DnsAndIcmp => true,
        };
        if is_dns {
            self.dns.next(&mut self.random, record);
        } else {
            self.others.next(&mut self.random, record);
        }
        let len = u32::try_from(record.len() - RECORD_HEADER).unwrap_or(u32::MAX);
        let seconds = u32::try_from(BEGIN_SECONDS + number / RATE).unwrap_or(u32::MAX);
        let micros = u32::try_from(number % RATE * 1_000_000 / RATE).unwrap_or(0);
        write_over(record, 0, &Pcap::USUAL.record_header(seconds, micros, len, len));
    }
}
