//! Sends packets as they are, whoever they say they are from: what anybody on the Internet can do.

use std::{
    io,
    net::IpAddr,
    os::fd::{AsRawFd as _, OwnedFd},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use nix::{
    errno::Errno,
    libc,
    sys::socket::{
        AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6, sendto, socket,
    },
};

use super::cpus::stay_on;
use super::namespace::Namespace;

/// How often a flood looks at the clock. Short, so that what it sends at once fits into the receiver's queue.
const STEP: Duration = Duration::from_millis(1);

/// The priority of a thread that floods: packets from a real network come, however busy the machine is.
const PRIORITY: i32 = -10;

/// Two raw sockets, one a family, in a host that forges.
#[derive(Debug)]
pub struct Forger {
    v4: OwnedFd,
    v6: OwnedFd,
}

/// What a flood came to.
#[derive(Clone, Copy, Debug)]
pub struct Flood {
    /// Packets that were sent.
    pub packets: u64,
    /// How long it took.
    pub time: Duration,
}

impl Forger {
    /// In that host.
    pub fn new(namespace: &Namespace) -> Result<Self> {
        // With this protocol, packets come with their IP header: raw(7), and the same for IPv6.
        let raw = |family| socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw);
        let (v4, v6) = namespace.enter(|| (raw(AddressFamily::Inet), raw(AddressFamily::Inet6)))?;
        Ok(Self {
            v4: v4.context("cannot open a raw socket; that needs root")?,
            v6: v6.context("cannot open a raw socket for IPv6")?,
        })
    }

    /// Sends a packet, IP header and all, to that host.
    pub fn send(&self, packet: &[u8], to: IpAddr) -> Result<()> {
        self.try_send(packet, to)
            .with_context(|| format!("cannot send a packet to {to}"))
    }

    /// Sends the packets, each to its host, over and over at that rate a second, for that time. A machine that
    /// is too slow for it sends fewer: the result tells.
    pub fn flood(&self, packets: &[(Vec<u8>, IpAddr)], rate: u32, time: Duration) -> Result<Flood> {
        come_first();
        let began = Instant::now();
        let mut all = packets.iter().cycle();
        let mut sent = 0;
        loop {
            let elapsed = began.elapsed();
            if elapsed >= time {
                return Ok(Flood {
                    packets: sent,
                    time: elapsed,
                });
            }
            let due = elapsed.as_nanos() * u128::from(rate) / 1_000_000_000;
            while u128::from(sent) < due {
                let Some((packet, to)) = all.next() else { break };
                match self.try_send(packet, *to) {
                    Ok(()) => sent += 1,
                    // A full queue: it is too much for now.
                    Err(Errno::ENOBUFS | Errno::EAGAIN) => break,
                    Err(error) => return Err(io::Error::from(error)).context("cannot send a packet"),
                }
            }
            thread::sleep(STEP);
        }
    }

    fn try_send(&self, packet: &[u8], to: IpAddr) -> nix::Result<()> {
        let flags = MsgFlags::empty();
        let sent = match to {
            IpAddr::V4(to) => {
                let to = SockaddrIn::from(std::net::SocketAddrV4::new(to, 0));
                sendto(self.v4.as_raw_fd(), packet, &to, flags)
            }
            IpAddr::V6(to) => {
                let to = SockaddrIn6::from(std::net::SocketAddrV6::new(to, 0, 0, 0));
                sendto(self.v6.as_raw_fd(), packet, &to, flags)
            }
        };
        sent.map(drop)
    }
}

/// Binds this thread to the first CPU, as a network card binds what arrives, and gives it its priority. Where that
/// is not allowed the flood is slower, which its result tells.
fn come_first() {
    let _refused = stay_on(0);
    // SAFETY: a system call without pointers; 0 is the calling thread.
    let _refused = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, PRIORITY) };
}
