//! What stands in an event, as observations say it.

use netmon_common::wire::name;

use super::events::Event;
use crate::observation::{Details, Name, query_type};
use crate::time::Time;

/// The name that a DNS message asks for.
pub(super) fn question(message: &[u8]) -> Option<Name> {
    name::read_question(message).map(|name| Name::new(name.as_str()))
}

/// The kind of a DNS message, 0 to 15 (RFC 1035 section 4.1.1).
pub(super) fn opcode(message: &[u8]) -> u8 {
    message.get(2).map_or(0, |flags| flags >> 3 & 0x0f)
}

/// What else an event says of its exchange, whose message that is.
pub(super) fn details(event: &Event<'_>, message: &[u8]) -> Details {
    Details {
        client_port: Some(event.header.client_port),
        query_type: query_type(message),
        ..Details::default()
    }
}

/// A moment, if there was one.
pub(super) fn moment(nanos: u64) -> Option<Time> {
    (nanos != 0).then(|| Time::from_nanos(nanos))
}
