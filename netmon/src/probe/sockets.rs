//! The sockets of netmon's own queries: all have one port, by which the kernel's programs know them.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeVal;

use super::message;
use crate::clock;
use crate::model::ProbeOutcome;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer is read up to here: its header and question are what matters.
const ANSWER: usize = 4_096;

/// Ports that are tried: others may have one in the other family, or over TCP.
const TRIES: usize = 32;

/// A port that is netmon's alone, over UDP and TCP, in both families.
#[derive(Debug)]
pub struct OwnPort {
    port: u16,
    /// They keep it, and are never read.
    _kept: Vec<OwnedFd>,
}

impl OwnPort {
    /// Takes a port that nobody has.
    pub fn take() -> io::Result<Self> {
        let mut last = io::Error::from(Errno::EADDRINUSE);
        for _ in 0..TRIES {
            let any = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            let port = any.local_addr()?.port();
            drop(any);
            match keep(port) {
                Ok(kept) => return Ok(Self { port, _kept: kept }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Its number.
    pub const fn number(&self) -> u16 {
        self.port
    }

    /// Asks by one datagram.
    pub fn ask_udp(&self, server: SocketAddr, query: &[u8]) -> io::Result<ProbeOutcome> {
        let socket = bound(any_of(server), self.port, SockType::Datagram)?;
        hears_all_errors(&socket, server)?;
        if connect(socket.as_raw_fd(), &SockaddrStorage::from(server)).is_err() {
            return Ok(ProbeOutcome::Error);
        }
        let socket = UdpSocket::from(socket);
        if socket.send(query).is_err() {
            return Ok(ProbeOutcome::Error);
        }
        let until = clock::instant() + PATIENCE;
        let mut answer = [0; ANSWER];
        loop {
            let left = until.saturating_duration_since(clock::instant());
            if left.is_zero() {
                return Ok(ProbeOutcome::Silent);
            }
            socket.set_read_timeout(Some(left))?;
            match socket.recv(&mut answer) {
                Ok(len) => {
                    if let Some(said) = message::answer(query, answer.get(..len).unwrap_or_default()) {
                        return Ok(said);
                    }
                }
                Err(error) if is_timeout(&error) => return Ok(ProbeOutcome::Silent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Ok(ProbeOutcome::Error),
            }
        }
    }

    /// Asks over a connection of its own, which leaves nothing behind.
    pub fn ask_tcp(&self, server: SocketAddr, query: &[u8]) -> io::Result<ProbeOutcome> {
        let socket = bound(any_of(server), self.port, SockType::Stream)?;
        let patience = TimeVal::new(i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX), 0);
        setsockopt(&socket, sockopt::SendTimeout, &patience)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
        // Closed by a reset: else the port could not be used for this server for a minute.
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        setsockopt(&socket, sockopt::Linger, &linger)?;
        match connect(socket.as_raw_fd(), &SockaddrStorage::from(server)) {
            Ok(()) => {}
            Err(Errno::EINPROGRESS | Errno::ETIMEDOUT) => return Ok(ProbeOutcome::Silent),
            Err(_) => return Ok(ProbeOutcome::Error),
        }
        let mut connection = TcpStream::from(socket);
        match exchange(&mut connection, query) {
            Ok(answer) => Ok(message::answer(query, &answer).unwrap_or(ProbeOutcome::Error)),
            Err(error) if is_timeout(&error) => Ok(ProbeOutcome::Silent),
            Err(_) => Ok(ProbeOutcome::Error),
        }
    }
}

/// Sends a query, and reads the answer, each behind its length (RFC 1035 section 4.2.2).
fn exchange(connection: &mut TcpStream, query: &[u8]) -> io::Result<Vec<u8>> {
    let len = u16::try_from(query.len()).map_err(io::Error::other)?;
    connection.write_all(&[&len.to_be_bytes(), query].concat())?;
    let mut len = [0; 2];
    connection.read_exact(&mut len)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(len)).min(ANSWER)];
    connection.read_exact(&mut answer)?;
    Ok(answer)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Any address of this host, of the server's family.
fn any_of(server: SocketAddr) -> SocketAddr {
    if server.is_ipv6() {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    }
}

/// A host without IPv6 keeps the port in one family.
fn keep(port: u16) -> io::Result<Vec<OwnedFd>> {
    let mut kept = Vec::new();
    let families: [SocketAddr; 2] = [
        (Ipv4Addr::UNSPECIFIED, 0).into(),
        (Ipv6Addr::UNSPECIFIED, 0).into(),
    ];
    for any in families {
        for kind in [SockType::Datagram, SockType::Stream] {
            match bound(any, port, kind) {
                Ok(socket) => kept.push(socket),
                Err(error) if any.is_ipv6() && error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(kept)
}

/// A socket with that port, which others of netmon's may have too.
fn bound(mut any: SocketAddr, port: u16, kind: SockType) -> io::Result<OwnedFd> {
    any.set_port(port);
    let family = if any.is_ipv6() {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    let socket = socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if any.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(any))?;
    Ok(socket)
}

/// Also that no way leads there, which the kernel tells only those that ask for it (ip(7), `IP_RECVERR`).
fn hears_all_errors(socket: &OwnedFd, server: SocketAddr) -> io::Result<()> {
    if server.is_ipv6() {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_refuses_answers_or_is_silent_is_found_from_one_port_again_and_again() {
        let own = OwnPort::take().unwrap();
        let query = message::query(7, Some("a.test"));
        for host in [
            SocketAddr::from(([127, 0, 0, 1], 0)),
            (Ipv6Addr::LOCALHOST, 0).into(),
        ] {
            let server = UdpSocket::bind(host).unwrap();
            let at = server.local_addr().unwrap();
            let listener = TcpListener::bind(at).unwrap();
            for _ in 0..2 {
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        let mut message = [0; 512];
                        let (len, from) = server.recv_from(&mut message).unwrap();
                        assert_eq!(from.port(), own.number());
                        message[2] |= 0x80;
                        message[3] = 2;
                        server.send_to(&message[..len], from).unwrap();
                        let (mut connection, from) = listener.accept().unwrap();
                        assert_eq!(from.port(), own.number());
                        let mut message = [0; 512];
                        let len = connection.read(&mut message).unwrap();
                        message[4] |= 0x80;
                        connection.write_all(&message[..len]).unwrap();
                    });
                    assert_eq!(own.ask_udp(at, &query).unwrap(), ProbeOutcome::Fault);
                    assert_eq!(own.ask_tcp(at, &query).unwrap(), ProbeOutcome::Answered);
                });
            }
            drop((server, listener));
            assert_eq!(own.ask_udp(at, &query).unwrap(), ProbeOutcome::Error);
            assert_eq!(own.ask_tcp(at, &query).unwrap(), ProbeOutcome::Error);
        }
    }

    #[test]
    fn nobody_else_gets_the_port() {
        let own = OwnPort::take().unwrap();
        let other = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, own.number()));
        assert_eq!(other.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
