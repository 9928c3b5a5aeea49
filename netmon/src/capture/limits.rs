//! What reading captures may cost at most, whatever the files hold.
//!
//! Together some 50 MiB for one file at most: the traces (6 MiB), 8,192 destinations (2.5 MiB) with their
//! latencies (12 MiB), a buffer, and for compressed files the decompressor's window (8 MiB). Each further file
//! that is merged costs a buffer and a decompressor.

use std::time::Duration;

use netmon_common::limits::TRACE_LIFETIME_NS;

/// The longest packet that is read, in bytes: what tcpdump and Wireshark take for the longest, too. A capture
/// that says more is wrong, or the packet is left out.
pub const PACKET_BYTES: usize = 256 * 1024;

/// The longest record that is held in memory: the longest packet, its header, and pcapng's options.
pub const RECORD_BYTES: usize = PACKET_BYTES + 64 * 1024;

/// The buffer of each file at first; it grows to hold a longer record, up to [`RECORD_BYTES`]. Between 64 and
/// 512 KiB the size makes no difference to the speed.
pub const BUFFER_BYTES: usize = 128 * 1024;

/// Interfaces of one pcapng section, 48 bytes and their names each. Packets of others are left out.
pub const INTERFACES: usize = 4_096;

/// Interfaces at which link-local addresses are told apart.
pub const LINKS: usize = 256;

/// The largest window of zstd that is accepted, as a power of two: 8 MiB, what RFC 8878 section 3.1.1.1.2 asks
/// of every decoder. `zstd --long` and `--ultra` may need more.
pub const ZSTD_WINDOW_LOG: u32 = 23;

/// Names that are kept to be shared, 64 bytes and their text each.
pub const SHARED_NAMES: usize = 1_024;

/// Addresses that are remembered to have been sent something, 17 bytes each: 5 MiB at most. What is beyond is not known, and
/// no incident rests on it.
pub const ADDRESSES: usize = 131_072;

/// Hosts that texts name instead of giving their addresses, about 100 bytes each. Packets of others are left out.
pub const HOST_NAMES: usize = 4_096;

/// Services whose exchanges are counted: about 200 bytes each, and up to 5 KiB where they are asked in every second.
pub const SERVICES: usize = 16_384;

/// Names of the last queries that are remembered: about 50 bytes each, the name aside.
pub const ASKED_NAMES: usize = 16_384;

/// Queries of which it is remembered when an error came about them: about 150 bytes each.
pub const FAILED_QUERIES: usize = 16_384;

/// How long a query waits.
pub const LIFETIME: Duration = Duration::from_nanos(TRACE_LIFETIME_NS);

/// How many times a query is remembered to have been sent.
pub const RESENT: usize = 16;

/// TCP connections whose queries are remembered: about 200 bytes each.
pub const CONNECTIONS: usize = 16_384;

/// Queries of a TCP connection that are remembered.
pub const CONNECTION_QUERIES: usize = 64;

/// A query that comes again sooner than this, in a capture of several interfaces that does not say at which, is one packet: few
/// ask again so soon.
pub const SAME_PACKET: Duration = Duration::from_millis(10);

/// Services whose errors are believed at the end of a capture that holds no query (contract, section 3).
pub const UNSEEN_SERVICES: usize = 64;

/// Errors that are kept for that: about 150 bytes each.
pub const UNSEEN_ERRORS: usize = 4_096;
