//! Who asks: the process that connected a socket to a DNS port, or sent from it to one; and which socket a flow's last query
//! came from.

/// The process behind a socket. The place of a socket follows from its cookie, which the kernel gives no second one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Asker {
    /// The socket's cookie. Written last.
    pub cookie: u64,
    /// The id of the process' control group.
    pub cgroup: u64,
    /// The process, as the kernel's first namespace numbers it; [`Self::SEVERAL`] if several use the socket.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// Its name, and zeros.
    pub name: [u8; 16],
    /// When the kernel last handed the socket an error, in nanoseconds of the boot clock.
    pub handed_ns: u64,
    /// How many errors it has handed it.
    pub handed: u16,
    /// The number of the last one, as `errno(3)` has them.
    pub errno: u16,
    /// Whether the socket is connected (1): the kernel hands others no error.
    pub connected: u32,
    /// The cookie again. A record with two cookies is being written.
    pub again: u64,
}

impl Asker {
    /// In place of a process: several send from this socket, and nobody knows which one sent what.
    pub const SEVERAL: u32 = u32::MAX;
}

/// The socket that the last query of a flow came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Origin {
    /// Its cookie, combined with the flow's hash: to whoever has another flow, or half of what two CPUs wrote at once, it is
    /// the cookie of no socket.
    pub sealed: u64,
    /// Since when its queries come from that socket; [`Self::NOT_ARRIVED`] where none of them was seen yet.
    pub since_ns: u64,
}

impl Origin {
    /// In place of a time: a query left by the loopback interface, and has not arrived.
    pub const NOT_ARRIVED: u64 = 0;
}

/// Bits of a socket's cookie that an event has room for: a kernel needs centuries for so many sockets.
pub const COOKIE_BITS: u32 = 56;

const _: () = assert!(size_of::<Asker>() == 64 && align_of::<Asker>() == 8);
const _: () = assert!(size_of::<Origin>() == 16 && align_of::<Origin>() == 8);
