//! Reading packets: one protocol a file.
//!
//! Contract: no function here panics or reads outside the packet, whatever the bytes are; a header that
//! cannot be read gives an [`Unreadable`] that says which one and why. Lengths that a packet declares are
//! never believed beyond what is there.

mod captured;
pub mod dns;
pub mod ethernet;
pub mod icmp;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod name;
pub mod tcp;
pub mod udp;

pub use captured::Captured;

use core::hint::cold_path;

/// A type that is valid for any bytes and has alignment 1: the layout of a header as it is on the wire.
///
/// # Safety
/// Any byte pattern of its size is a value of the type, there is no padding, and its alignment is 1.
pub unsafe trait Plain: Copy {}

// SAFETY: a byte array has neither padding nor invalid values.
unsafe impl<const N: usize> Plain for [u8; N] {}

// SAFETY: bytes again.
unsafe impl<const N: usize, const M: usize> Plain for [[u8; N]; M] {}

/// The bytes of one packet, as much of them as can be read directly.
pub trait Bytes {
    /// Whether everything can be read that is in the frame.
    ///
    /// In the kernel that is costly, and few packets need it: a first reader does not follow IPv6 extension headers
    /// and looks no farther than the linear part of the frame. What it cannot read it calls [`Fault::Cut`], without
    /// asking why, and such a packet is read again by one that can read everything.
    const DEEP: bool = true;

    /// The packet's length on the wire, in bytes.
    fn wire_len(&self) -> usize;

    /// The header of type `T` at `offset`; `None` where the bytes are beyond what was captured, or
    /// beyond the linear part of a kernel buffer.
    fn read<T: Plain>(&self, offset: usize) -> Option<T>;

    /// Whether all bytes up to `upto` can be read.
    fn has(&self, upto: usize) -> bool;

    /// Where a packet ends that declares to end at `declared`: there, or where the frame does if that is earlier.
    ///
    /// The kernel's side does not ask for the frame's length, which costs as much as reading a header, when
    /// what it can read reaches that far.
    #[inline(always)]
    fn clamp(&self, declared: usize) -> usize {
        let wire_len = self.wire_len();
        if declared < wire_len { declared } else { wire_len }
    }

    /// `offset` itself.
    ///
    /// The kernel's side makes the verifier forget how it came about: a header behind two tags and eight
    /// extension headers is then checked once, not once for each way to get there.
    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        offset
    }
}

/// Which header could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Header {
    /// Ethernet, or the capture's link header.
    Link,
    /// A VLAN tag.
    Vlan,
    /// IPv4, its options included.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// An IPv6 extension header.
    Ipv6Extension,
    /// UDP.
    Udp,
    /// TCP, its options included.
    Tcp,
    /// ICMP or ICMPv6.
    Icmp,
    /// The IP header of the packet that an ICMP error quotes.
    Quoted,
    /// DNS.
    Dns,
}

impl Header {
    /// All headers, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Link,
        Self::Vlan,
        Self::Ipv4,
        Self::Ipv6,
        Self::Ipv6Extension,
        Self::Udp,
        Self::Tcp,
        Self::Icmp,
        Self::Quoted,
        Self::Dns,
    ];

    /// The name in JSON and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Vlan => "vlan",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ipv6Extension => "ipv6_extension",
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Icmp => "icmp",
            Self::Quoted => "quoted",
            Self::Dns => "dns",
        }
    }
}

/// What is the matter with a header that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Fault {
    /// The packet ends, or its lengths say that it ends, before the header does: `malformed`.
    Short,
    /// A field has a value that cannot be: `malformed`.
    Wrong,
    /// The header is in the packet but was not captured: `truncated`.
    Cut,
}

impl Fault {
    /// All faults, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Short, Self::Wrong, Self::Cut];

    /// The name in JSON and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Wrong => "wrong",
            Self::Cut => "cut",
        }
    }
}

/// Why a packet could not be read. Few cannot: the compiler is told that what leads here is cold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unreadable {
    /// The header.
    pub header: Header,
    /// What is the matter with it.
    pub fault: Fault,
}

impl Unreadable {
    /// The header has an impossible value.
    #[inline(always)]
    pub const fn wrong(header: Header) -> Self {
        cold_path();
        Self {
            header,
            fault: Fault::Wrong,
        }
    }

    /// The packet ends before the header does.
    #[inline(always)]
    pub const fn short(header: Header) -> Self {
        cold_path();
        Self {
            header,
            fault: Fault::Short,
        }
    }

    /// The header was not captured.
    #[inline(always)]
    pub const fn cut(header: Header) -> Self {
        cold_path();
        Self {
            header,
            fault: Fault::Cut,
        }
    }
}

/// The end of what nothing in front of it declares a length for: the frame's, wherever that is.
const NOT_DECLARED: usize = usize::MAX;

/// Reads the header of type `T` at `offset` of a packet whose declared lengths end at `end`, perhaps beyond the
/// frame: how long the frame is matters only, and is only asked, where the header cannot be read.
#[inline(always)]
fn read_header<T: Plain, B: Bytes>(
    bytes: &B,
    offset: usize,
    end: usize,
    header: Header,
) -> Result<T, Unreadable> {
    let upto = offset + size_of::<T>();
    require_declared(upto, end, header)?;
    match bytes.read(offset) {
        Some(value) => Ok(value),
        None => Err(missing(bytes, upto, header)),
    }
}

/// Makes sure that a header which reaches up to `upto` is inside the declared `end`.
#[inline(always)]
fn require_declared(upto: usize, end: usize, header: Header) -> Result<(), Unreadable> {
    if upto > end {
        Err(Unreadable::short(header))
    } else {
        Ok(())
    }
}

/// Makes sure that a header which reaches up to `upto` is inside `end` and was captured.
#[inline(always)]
fn require<B: Bytes>(bytes: &B, upto: usize, end: usize, header: Header) -> Result<(), Unreadable> {
    require_declared(upto, end, header)?;
    if bytes.has(upto) {
        Ok(())
    } else {
        Err(missing(bytes, upto, header))
    }
}

/// Why a header that reaches up to `upto` cannot be read.
#[inline(always)]
fn missing<B: Bytes>(bytes: &B, upto: usize, header: Header) -> Unreadable {
    if B::DEEP && upto > bytes.wire_len() {
        Unreadable::short(header)
    } else {
        Unreadable::cut(header)
    }
}
