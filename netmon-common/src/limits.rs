//! Every capacity, with what it costs.

/// DNS ports that can be watched at once. Each is a constant in the kernel programs.
pub const MAX_DNS_PORTS: usize = 8;

/// Destinations that are counted apart at once, by default; what finds no place goes to `overflow`.
///
/// Kernel memory, preallocated: about 130 bytes a destination, and 464 more for each CPU.
pub const DESTINATIONS: u32 = 8_192;

/// The part of these places that is for those that nobody asks, which only errors and stray responses name: one of so many.
/// Anybody can forge those.
pub const NAMED_SHARE: u32 = 8;

/// The part that is for those that were seen to answer, or about which a verified error came, when all others are taken: one of
/// so many. Nobody can forge that.
pub const SURE_SHARE: u32 = 8;

/// Bytes of the ring that carries events: 4,200 of those with few bytes of a packet, or 1,500 of the largest. Must be a
/// power of two.
pub const EVENT_RING_BYTES: usize = 1 << 20;

/// Bytes of a packet that most events have room for. So they lie close together in the ring, which the processor then
/// brings nearer in time; for the largest it waits, up to 100 ns each.
pub const SHORT_BYTES: usize = 128;

/// Bytes of a quoted packet that evidence keeps at most: what RFC 1812 section 4.3.2.3 lets a router quote.
pub const QUOTE_BYTES: usize = 576;

/// Bytes of a DNS message that a sample keeps at most: the header and the longest question (RFC 1035 section 2.3.4:
/// a name of 255 bytes, type and class), rounded up to 8.
pub const MESSAGE_BYTES: usize = 272;

/// Interfaces that one netmon watches at most (ingress or egress), bridges over them included.
pub const INTERFACES: u32 = 1_024;

/// Places for what is known of a watched interface, by the lowest bits of its index. Of two with one place only the first
/// one's frames are checked for whether they are this host's.
pub const INTERFACE_PLACES: u32 = 1_024;

/// Hardware addresses of devices that are stacked on a watched interface, at most.
pub const STACKED_MACS: u32 = 4_096;

/// Packets that each CPU remembers to know the same one again at a related interface; 24 bytes each.
pub const COPIES: u32 = 1_024;

/// This host's own addresses, at most; beyond it frames that arrive with one of the others are judged.
pub const OWN_ADDRESSES: u32 = 4_096;

/// Bits of the filter that spares most packets the look-up among this host's own addresses.
pub const OWN_ADDRESS_BITS: u32 = 4_096;

/// IPv6 extension headers that are read; a packet with more is malformed.
pub const IPV6_EXTENSIONS: usize = 8;

/// VLAN tags that are read, those that the network card took off included.
pub const VLAN_TAGS: u8 = 2;

/// Buckets of the young traces, 64 bytes each: 64 KiB, which stay in the second cache of any processor. 4,096 queries can
/// wait there.
pub const YOUNG_BUCKETS: u32 = 1 << 10;

/// Buckets of the old traces, 64 bytes each: 6 MiB.
///
/// Of 60,000 queries that nobody answers (1,000 a second for 60 s) 33 then lose their traces; see
/// [`crate::trace`].
pub const OLD_BUCKETS: u32 = 3 << 15;

/// Young traces that had to move to the old are remembered by so many marks, 4 bytes each: 16 KiB.
pub const MOVED_MARKS: u32 = 1 << 12;

/// How long an answer or an error may be late: a trace that is overwritten later is not missed.
pub const TRACE_LIFETIME_NS: u64 = 60 * 1_000_000_000;

/// Servers whose latency is measured apart at once; 1.5 KiB each for each CPU.
pub const LATENCY_SERVERS: u32 = 256;

/// Services whose exchanges are counted by second: a server that is asked at two ports, or over UDP and TCP, is as many.
///
/// Kernel memory, preallocated: about 280 bytes a service, and 576 more for each CPU.
pub const SERVICES: u32 = 4_096;

/// Servers of whose answers user space is told, at most: those with an open incident.
pub const WATCHED_SERVERS: u32 = 4_096;

/// A server that has not answered for this long is quiet: queries to it may be the ones that fail, and are told of.
pub const QUIET_NS: u64 = 1_000_000_000;

/// Up to here it may do well, and be asked seldom: of queries to such servers a CPU tells of few. Beyond it they are told of one by one.
pub const LONG_QUIET_NS: u64 = 2 * QUIET_NS;

/// How many of the queries to servers that are quiet, and may do well, one CPU sends in a second.
pub const SELDOM_PER_CPU: u16 = 32;

/// A packet that this host forwards leaves it again within this time; where it waited for more than its turn,
/// it did not.
pub const FORWARDING_NS: u64 = 1_000_000;

/// A minute after the last error about a server it is forgotten whom they were about: other clients are then
/// told apart better.
pub const FAILED_CLIENTS_NS: u64 = 60 * 1_000_000_000;

/// How exactly it is remembered for all CPUs when a server last answered: each of them tells the others so often
/// at most.
pub const ANSWERED_PRECISION_NS: u64 = 8_000_000;

/// Good answers that are sent for one service in a second whatever it does, so that user space knows who is served.
pub const ANSWERS_ALWAYS: u16 = 2;

/// How many of these answers one CPU sends in a second, of all healthy services together. Beside them it sends one of each
/// client in 8 s.
pub const DOES_WELL_PER_CPU: u16 = 128;

/// A service that answered within this time that it failed does not do well: as long as shares of failures are looked at.
pub const FAILED_ANSWERS_NS: u64 = 30 * 1_000_000_000;

/// Events of each kind that are sent for one service in a second. Beyond that they are only counted.
pub const EVENTS_PER_SERVER: u16 = 64;

/// Queries and answers that one CPU sends in a second, for all servers together.
pub const SAMPLES_PER_CPU: u16 = 2_048;

/// Of the first queries to services so many, which are not counted among these.
pub const FIRST_SAMPLES_PER_CPU: u16 = 256;

/// Errors that quote no query that was seen, and are sent all the same, by one CPU in a second: anybody can
/// forge those, at any rate.
pub const UNVERIFIED_PER_CPU: u16 = 128;

/// Sockets whose processes are remembered, 64 bytes each: 2 MiB. One that asked is forgotten after that many others.
pub const ASKERS: u32 = 1 << 15;

/// Flows of which is remembered which socket they came from, 16 bytes each: 128 KiB.
///
/// Twice as many as there are young traces: it is asked for when a query is told of, at once, and when an error about it comes. More
/// do not stay in the processor's nearer cache, and each query would wait for memory.
pub const ORIGINS: u32 = 1 << 13;
