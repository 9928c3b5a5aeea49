//! What an event says besides what the packet does.

/// What is known of the query besides what the packet says.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Known {
    /// Now.
    pub now_ns: u64,
    /// When the query was seen, or 0.
    pub query_ns: u64,
    /// When the server last answered anybody, or 0.
    pub last_answer_ns: u64,
    /// The interface; of a link-local server its link.
    pub ifindex: u32,
    /// The flags of [`EventHeader`](netmon_common::records::EventHeader).
    pub flags: u8,
    /// The cookie of the socket that the query came from, or 0.
    pub asker: u64,
}
