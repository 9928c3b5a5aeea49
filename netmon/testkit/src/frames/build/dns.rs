//! DNS messages, and the length before them on TCP.

use super::{Announced, Layer, field};

const RESPONSE: u16 = 0x8000;
const RECURSION_DESIRED: u16 = 0x0100;
const RECURSION_AVAILABLE: u16 = 0x0080;

/// A DNS message with one question for an address.
pub struct DnsMessage {
    id: u16,
    flags: u16,
    questions: u16,
    question: Vec<u8>,
}

/// A query for the IPv4 addresses of `name`, for a resolver.
pub fn query(name: &str) -> DnsMessage {
    DnsMessage {
        id: 0x890c,
        flags: RECURSION_DESIRED,
        questions: 1,
        question: question(name),
    }
}

/// A response to it, without answers.
pub fn response(name: &str) -> DnsMessage {
    DnsMessage {
        flags: RESPONSE | RECURSION_DESIRED | RECURSION_AVAILABLE,
        ..query(name)
    }
}

impl DnsMessage {
    /// Without RD, as a resolver asks other servers.
    #[must_use]
    pub const fn iterative(mut self) -> Self {
        self.flags &= !RECURSION_DESIRED;
        self
    }

    /// With this opcode, 0 to 15.
    #[must_use]
    pub const fn opcode(mut self, opcode: u16) -> Self {
        self.flags |= opcode << 11;
        self
    }

    /// With this response code, 0 to 15.
    #[must_use]
    pub const fn rcode(mut self, rcode: u16) -> Self {
        self.flags |= rcode;
        self
    }

    /// Declares this many questions.
    #[must_use]
    pub const fn questions(mut self, questions: u16) -> Self {
        self.questions = questions;
        self
    }

    /// Nothing but the 12 bytes of the header.
    #[must_use]
    pub fn header_only(mut self) -> Self {
        self.question.clear();
        self
    }
}

impl Layer for DnsMessage {
    fn announced(&self) -> Announced {
        Announced::EXPERIMENT
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        let header = [self.id, self.flags, self.questions, 0, 0, 0];
        let mut bytes = header.map(u16::to_be_bytes).concat();
        bytes.extend(&self.question);
        bytes.extend(inner);
        bytes
    }
}

/// The name (the root is empty), its type A and its class IN.
fn question(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap_or(0));
        bytes.extend(label.bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// The length before a message on TCP.
pub struct MessageLength(Option<u16>);

/// The true length of what follows.
pub const fn message_length() -> MessageLength {
    MessageLength(None)
}

impl MessageLength {
    /// Declares this length.
    #[must_use]
    pub const fn of(length: u16) -> Self {
        Self(Some(length))
    }
}

impl Layer for MessageLength {
    fn announced(&self) -> Announced {
        Announced::EXPERIMENT
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        let length = self.0.unwrap_or(field(inner.len()));
        [&length.to_be_bytes()[..], inner].concat()
    }
}
