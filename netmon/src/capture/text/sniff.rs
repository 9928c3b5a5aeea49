//! Whether a file is tcpdump's text: known by reading its start.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use netmon_common::DnsPorts;

use super::reader::{Options, TextReader};

/// Bytes that are looked at.
const LOOK: usize = 8 * 1_024;

/// Whether a file that begins with these bytes looks like tcpdump's text: there is at least one packet in
/// it, or what tcpdump says in front of the first. Looks at 8 KiB at most.
pub fn looks_like_text(first_bytes: &[u8]) -> bool {
    let start = first_bytes.get(..LOOK).unwrap_or(first_bytes);
    // No capture file is without zeros, and no text has any.
    if start.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(start);
    let mut reader = TextReader::new(Options {
        date: Date::MIN,
        zone: TimeZone::UTC,
        ports: DnsPorts::DEFAULT,
    });
    let mut packets = Vec::new();
    for line in text.lines() {
        reader.push_line(line, &mut packets);
    }
    reader.finish(&mut packets);
    reader.has_chatter() || reader.recognised() > 0
}
