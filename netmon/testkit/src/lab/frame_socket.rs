//! A socket that puts whole frames onto a cable, byte for byte, or takes all that pass.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr,
};

use anyhow::{Context as _, Result};
use nix::{libc, net::if_::if_nametoindex};

use super::namespace::Namespace;

/// A socket of the family `AF_PACKET` (packet(7)) for whole frames of one interface.
#[derive(Debug)]
pub struct FrameSocket {
    socket: OwnedFd,
    to: libc::sockaddr_ll,
}

impl FrameSocket {
    /// One that sends by this interface of a host. With headers, each frame has one of virtio before it
    /// (`PACKET_VNET_HDR`).
    pub fn open(namespace: &Namespace, interface: &str, headers: bool) -> Result<Self> {
        namespace
            .enter(|| Self::open_here(interface, headers))?
            .with_context(|| format!("cannot send frames by {interface} of {}", namespace.name()))
    }

    /// One that receives whatever passes this interface of a host, either way.
    pub fn listen(namespace: &Namespace, interface: &str) -> Result<Self> {
        namespace
            .enter(|| Self::listen_here(interface))?
            .with_context(|| format!("cannot read frames of {interface} of {}", namespace.name()))
    }

    fn listen_here(interface: &str) -> io::Result<Self> {
        let mut socket = Self::open_here(interface, false)?;
        socket.to.sll_protocol = u16::try_from(libc::ETH_P_ALL).map_err(io::Error::other)?.to_be();
        // SAFETY: the address lives until the call returns, and has this length.
        check(unsafe {
            libc::bind(
                socket.socket.as_raw_fd(),
                ptr::from_ref(&socket.to).cast(),
                length_of(&socket.to),
            )
        })?;
        Ok(socket)
    }

    fn open_here(interface: &str, headers: bool) -> io::Result<Self> {
        // Protocol 0: it receives nothing.
        // SAFETY: no pointers.
        let socket = check(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) })?;
        // SAFETY: the kernel has just given it to us.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        let on = libc::c_int::from(headers);
        // SAFETY: the value is an integer that lives until the call returns.
        check(unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_VNET_HDR,
                ptr::from_ref(&on).cast(),
                length_of(&on),
            )
        })?;
        // No protocol: the kernel takes it from the frame.
        // SAFETY: zeros are a socket address.
        let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        to.sll_family = u16::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
        to.sll_ifindex = i32::try_from(if_nametoindex(interface)?).map_err(io::Error::other)?;
        Ok(Self { socket, to })
    }

    /// Sends one packet of this `EtherType` by a device without Ethernet headers.
    pub fn send_as(&mut self, ether_type: u16, packet: &[u8]) -> io::Result<()> {
        self.to.sll_protocol = ether_type.to_be();
        self.send(packet)
    }

    /// Sends one frame.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        // SAFETY: the frame and the address live until the call returns, and have these lengths.
        let sent = unsafe {
            libc::sendto(
                self.socket.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                0,
                ptr::from_ref(&self.to).cast(),
                length_of(&self.to),
            )
        };
        if usize::try_from(sent) == Ok(frame.len()) {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl AsFd for FrameSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The size of a value, as the socket calls take it.
fn length_of<T>(value: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of_val(value)).unwrap_or(libc::socklen_t::MAX)
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
