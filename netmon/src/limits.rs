//! Limits that more than one room goes by.

/// Servers (address, port, transport) that the decider tracks at once, and whose open incidents the history gives back after a
/// restart.
pub const SERVERS: usize = 4_096;

/// Servers, over each transport, of which a capture's report knows what became of their queries: about 230 bytes each.
pub const SERVED: usize = 16_384;
