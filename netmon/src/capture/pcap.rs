//! pcap files, the format of libpcap's savefiles (draft-ietf-opsawg-pcap).
//!
//! The records are read by the crate `pcap-parser`: it works on any slice, so that the window and its bounds
//! stay ours, and takes what libpcap takes. (`pcap-file` refuses whole files for an original length above the
//! snap length.) A length that cannot be ends the file, as in libpcap: where the next record starts, nobody knows.

use crate::model::WarningKind;
use pcap_parser::nom::{Err, IResult, Needed};
use pcap_parser::{
    LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
};

use super::frame::{Found, LinkType};
use super::limits::PACKET_BYTES;
use super::stream::Stream;
use crate::time::{SECOND_NS, Time};

/// Length of the file's header.
const HEADER_LEN: usize = 24;

/// The lower bits of the header's last field are the link type, the others tell of the frame check sequence.
const LINK_TYPE: i32 = 0xffff;

type ParseRecord = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

/// A pcap file behind its header.
#[derive(Debug)]
pub struct Pcap {
    parse: ParseRecord,
    /// Length of a record without its packet.
    record_header_len: usize,
    link: LinkType,
    /// Nanoseconds of one unit of a time's fraction.
    unit_ns: u64,
}

impl Pcap {
    /// Reads the file's header.
    pub fn start(stream: &mut Stream) -> Option<Self> {
        if !stream.fill(HEADER_LEN, "the file's header") {
            return None;
        }
        let Ok((_, header)) = parse_pcap_header(stream.window.data()) else {
            stream.problem(WarningKind::UnreadableFile, || {
                "the modified pcap format is not read in big-endian byte order".into()
            });
            return None;
        };
        stream.window.consume(HEADER_LEN);
        let (parse, record_header_len): (ParseRecord, usize) = if header.is_modified_format() {
            (parse_pcap_frame_modified, 24)
        } else if header.is_bigendian() {
            (parse_pcap_frame_be, 16)
        } else {
            (parse_pcap_frame, 16)
        };
        let link = u16::try_from(header.network.0 & LINK_TYPE).unwrap_or(u16::MAX);
        Some(Self {
            parse,
            record_header_len,
            link: LinkType::from_number(link),
            unit_ns: if header.is_nanosecond_precision() {
                1
            } else {
                1_000
            },
        })
    }

    /// Finds the next packet.
    pub fn next(&self, stream: &mut Stream) -> Option<Found> {
        loop {
            let data = stream.window.data();
            match (self.parse)(data) {
                Ok((rest, record)) if record.data.len() <= PACKET_BYTES => {
                    let found = Found {
                        time: self.time(&record),
                        link: self.link,
                        start: stream.window.position() + self.record_header_len,
                        len: record.data.len(),
                        wire_len: record.origlen as usize,
                        interface: None,
                    };
                    let record_len = data.len() - rest.len();
                    stream.packet();
                    stream.window.consume(record_len);
                    return Some(found);
                }
                Ok((_, record)) => {
                    let captured = record.data.len();
                    too_long(stream, captured);
                    return None;
                }
                Err(Err::Incomplete(needed)) => {
                    let more = match needed {
                        Needed::Size(size) => size.get(),
                        Needed::Unknown => 1,
                    };
                    let record_len = data.len() + more;
                    if record_len > self.record_header_len + PACKET_BYTES {
                        too_long(stream, record_len - self.record_header_len);
                        return None;
                    }
                    if !stream.fill_packet(record_len) {
                        return None;
                    }
                }
                Err(Err::Error(_) | Err::Failure(_)) => return None,
            }
        }
    }

    fn time(&self, record: &LegacyPcapBlock<'_>) -> Time {
        Time::from_nanos(u64::from(record.ts_sec) * SECOND_NS + u64::from(record.ts_usec) * self.unit_ns)
    }
}

/// Says that a record's length cannot be.
fn too_long(stream: &mut Stream, captured: usize) {
    stream.packet();
    stream.packet_problem(WarningKind::WrongLength, || {
        format!(
            "{captured} bytes of it were captured, it says, but no packet has more than {PACKET_BYTES}; \
             nothing from here on can be read"
        )
    });
}
