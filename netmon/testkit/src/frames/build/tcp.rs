//! TCP headers.

use super::{Announced, Layer};

const HEADER_LEN: usize = 20;

/// A TCP header.
pub struct TcpHeader {
    source: u16,
    destination: u16,
    flags: u8,
    options: usize,
    data_offset: Option<u8>,
}

/// From one port to another, with no flag set.
pub const fn tcp(source: u16, destination: u16) -> TcpHeader {
    TcpHeader {
        source,
        destination,
        flags: 0,
        options: 0,
        data_offset: None,
    }
}

impl TcpHeader {
    /// With FIN.
    #[must_use]
    pub const fn fin(self) -> Self {
        self.flag(0x01)
    }

    /// With SYN.
    #[must_use]
    pub const fn syn(self) -> Self {
        self.flag(0x02)
    }

    /// With RST.
    #[must_use]
    pub const fn rst(self) -> Self {
        self.flag(0x04)
    }

    /// With PSH.
    #[must_use]
    pub const fn psh(self) -> Self {
        self.flag(0x08)
    }

    /// With ACK.
    #[must_use]
    pub const fn ack(self) -> Self {
        self.flag(0x10)
    }

    /// With ECE and CWR, as a SYN has that offers congestion notification (RFC 3168 section 6.1.1).
    #[must_use]
    pub const fn ecn(self) -> Self {
        self.flag(0xc0)
    }

    const fn flag(mut self, flag: u8) -> Self {
        self.flags |= flag;
        self
    }

    /// With `count` bytes of options (a multiple of 4, at most 40): no-operations.
    #[must_use]
    pub const fn options(mut self, count: usize) -> Self {
        self.options = count;
        self
    }

    /// Declares a header of this many 32-bit words.
    #[must_use]
    pub const fn data_offset(mut self, data_offset: u8) -> Self {
        self.data_offset = Some(data_offset);
        self
    }
}

impl Layer for TcpHeader {
    fn announced(&self) -> Announced {
        Announced::protocol(6)
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        let words = u8::try_from((HEADER_LEN + self.options) / 4).unwrap_or(0);
        [
            &self.source.to_be_bytes()[..],
            &self.destination.to_be_bytes(),
            &[0, 0, 0, 1, 0, 0, 0, 1],
            &[self.data_offset.unwrap_or(words) << 4, self.flags],
            &[0xff, 0xff, 0, 0, 0, 0],
            &vec![1; self.options],
            inner,
        ]
        .concat()
    }
}
