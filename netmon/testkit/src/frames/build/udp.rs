//! UDP headers.

use super::{Announced, Layer, field};

/// A UDP header.
pub struct UdpHeader {
    source: u16,
    destination: u16,
    length: Option<u16>,
}

/// From one port to another.
pub const fn udp(source: u16, destination: u16) -> UdpHeader {
    UdpHeader {
        source,
        destination,
        length: None,
    }
}

impl UdpHeader {
    /// Declares a datagram of this length, its header included.
    #[must_use]
    pub const fn length(mut self, length: u16) -> Self {
        self.length = Some(length);
        self
    }
}

impl Layer for UdpHeader {
    fn announced(&self) -> Announced {
        Announced::protocol(17)
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        let length = self.length.unwrap_or(field(8 + inner.len()));
        let words = [self.source, self.destination, length, 0];
        let mut bytes = words.map(u16::to_be_bytes).concat();
        bytes.extend(inner);
        bytes
    }
}
