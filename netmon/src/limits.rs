//! Limits that more than one room goes by.

/// Servers (address, port, transport) that the decider tracks at once, and whose open incidents the history gives back after a
/// restart.
pub const SERVERS: usize = 4_096;
