//! Reads lists from the kernel by netlink (RFC 3549), message by message: a router may have a million routes, and
//! none of them is kept here.

use std::io;
use std::os::fd::AsRawFd as _;

use netlink_packet_core::{
    DefaultNla, Emitable as _, NLA_HEADER_SIZE, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR,
    NetlinkHeader, NetlinkMessage, NetlinkPayload, NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

/// The kernel sends lists in pieces of at most 32 KiB (`netlink_dump` in `net/netlink/af_netlink.c`).
const BUFFER: usize = 64 * 1024;

/// `struct nlmsghdr`.
const HEADER: usize = 16;

/// A message, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// `nlmsg_type`.
    pub kind: u16,
    /// What follows the header.
    pub payload: &'a [u8],
    whole: &'a [u8],
}

impl Message<'_> {
    /// Parses it; `None` if the crate does not understand what this kernel says.
    pub fn parse(&self) -> Option<RouteNetlinkMessage> {
        match NetlinkMessage::deserialize(self.whole).map(|message| message.payload) {
            Ok(NetlinkPayload::InnerMessage(message)) => Some(message),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(
                    "a netlink message of type {} is not understood: {error}",
                    self.kind
                );
                None
            }
        }
    }

    /// A 32-bit field of the payload, in host order.
    pub fn word(&self, offset: usize) -> Option<u32> {
        let bytes = self.payload.get(offset..offset + size_of::<u32>())?;
        bytes.try_into().ok().map(u32::from_ne_bytes)
    }
}

/// The messages in a datagram, as far as they are whole.
pub fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let len = u32::from_ne_bytes(rest.get(..4)?.try_into().ok()?);
        let kind = u16::from_ne_bytes(rest.get(4..6)?.try_into().ok()?);
        let len = usize::try_from(len).ok().filter(|len| *len >= HEADER)?;
        let whole = rest.get(..len)?;
        // Messages begin at multiples of four bytes; the last one may be without its padding.
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind,
            payload: whole.get(HEADER..)?,
            whole,
        })
    })
}

/// A request that the crates have no type for; `flag` is one of those by which an answer has an end.
pub fn message(kind: u16, flag: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.length = u32::try_from(HEADER + payload.len()).unwrap_or_default();
    header.message_type = kind;
    header.flags = NLM_F_REQUEST | flag;
    let mut bytes = vec![0; HEADER];
    header.emit(&mut bytes);
    bytes.extend(payload);
    bytes
}

/// An attribute of a request, padded.
pub fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let attribute = DefaultNla::new(kind, value.to_vec());
    let mut bytes = vec![0; attribute.buffer_len()];
    attribute.emit(&mut bytes);
    bytes
}

/// The value of the first attribute of a kind, as far as the attributes are whole.
pub fn value(attributes: &[u8], kind: u16) -> Option<&[u8]> {
    let found = NlasIterator::new(attributes)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == kind)?;
    let len = usize::from(found.length());
    found.into_inner().get(NLA_HEADER_SIZE..len)
}

/// Asks for a list, and shows each of its messages.
pub fn dump(wanted: RouteNetlinkMessage, visit: impl FnMut(Message<'_>)) -> io::Result<()> {
    request(wanted, NLM_F_DUMP, visit)
}

/// Sends a request about the network, and shows each message of its answer; `flag` is one of those by which an answer has an
/// end.
pub fn request(request: RouteNetlinkMessage, flag: u16, visit: impl FnMut(Message<'_>)) -> io::Result<()> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flag;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(request));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    ask(NETLINK_ROUTE, &bytes, visit)
}

/// Sends a request to the kernel, and shows each message of its answer. The request has one of the flags by which
/// an answer has an end, `NLM_F_DUMP` or `NLM_F_ACK`.
pub fn ask(protocol: isize, request: &[u8], mut visit: impl FnMut(Message<'_>)) -> io::Result<()> {
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(request, 0)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let len = receive(&socket, &mut buffer)?;
        for message in messages(buffer.get(..len).unwrap_or_default()) {
            match message.kind {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => {
                    return match message.word(0).unwrap_or_default().cast_signed() {
                        0 => Ok(()),
                        number => Err(io::Error::from_raw_os_error(number.saturating_neg())),
                    };
                }
                _ => visit(message),
            }
        }
    }
}

/// Receives a datagram, or as much of it as fits.
pub fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: the buffer is ours, and as long as we say.
        let len = unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        match usize::try_from(len) {
            Ok(len) => return Ok(len),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(kind: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = message(kind, 0, payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn messages_of_a_datagram_are_read_as_far_as_they_are_whole() {
        let datagram = [padded(16, b"12345"), padded(17, b"1234")].concat();
        let kinds = |datagram: &[u8]| {
            messages(datagram)
                .map(|one| (one.kind, one.payload.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(&datagram), [(16, 5), (17, 4)]);
        assert_eq!(kinds(&datagram[..datagram.len() - 1]), [(16, 5)]);
        assert_eq!(kinds(&[0; 64]), [], "a length of 0 ends it");
        assert_eq!(kinds(&datagram[..7]), []);
        let words: Vec<_> = messages(&datagram).map(|one| one.word(1)).collect();
        assert_eq!(words, [Some(u32::from_ne_bytes(*b"2345")), None]);
    }

    #[test]
    fn a_value_is_found_whatever_the_flags_of_its_attribute_as_far_as_all_before_it_are_whole() {
        let attributes = [
            attribute(1 | 0x8000, b"12345"),
            attribute(2, b""),
            attribute(3 | 0x4000, b"1234"),
        ]
        .concat();
        let values: [Option<&[u8]>; 4] = [Some(b"12345"), Some(b""), Some(b"1234"), None];
        assert_eq!([1, 2, 3, 4].map(|kind| value(&attributes, kind)), values);
        assert_eq!(value(&attributes[..attributes.len() - 1], 3), None);
        for len in [0_u16, 3, 9, 0xffff] {
            let broken = [&len.to_ne_bytes()[..], &1_u16.to_ne_bytes(), &[0; 4]].concat();
            assert_eq!(value(&broken, 1), None, "{len}");
            let all = [broken, attributes.clone()].concat();
            assert_eq!(value(&all, 3), None, "{len}");
        }
    }
}
