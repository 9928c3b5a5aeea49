//! A client with a port of its own choice, that sends exactly the queries that a test says.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use nix::sys::socket::{
    setsockopt,
    sockopt::{Ipv4RecvErr, Ipv6RecvErr},
};

use super::{
    dig::Reply,
    dns::{TYPE_A, query},
    namespace::Namespace,
};

/// A socket that asks one server.
#[derive(Debug)]
pub struct Asker {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Asker {
    /// One that asks this server from this address and port of the host; port 0 is any.
    pub fn new(namespace: &Namespace, from: SocketAddr, server: SocketAddr) -> Result<Self> {
        let socket = namespace.enter(|| UdpSocket::bind(from))?;
        let socket = socket.with_context(|| format!("cannot ask from {from}"))?;
        // So that it is told of errors: of a closed port, and of all others.
        socket
            .connect(server)
            .with_context(|| format!("cannot ask {server}"))?;
        if server.is_ipv4() {
            setsockopt(&socket, Ipv4RecvErr, &true)?;
        } else {
            setsockopt(&socket, Ipv6RecvErr, &true)?;
        }
        Ok(Self { socket, server })
    }

    /// One that asks port 53 of this server, from any port.
    pub fn of(namespace: &Namespace, client: IpAddr, server: IpAddr) -> Result<Self> {
        Self::new(namespace, SocketAddr::new(client, 0), SocketAddr::new(server, 53))
    }

    /// Where it asks from.
    pub fn from(&self) -> Result<SocketAddr> {
        self.socket.local_addr().context("a socket has an address")
    }

    /// Sends a query, and waits for nothing.
    pub fn send(&self, id: u16, name: &str) -> Result<()> {
        let message = query(id, name, TYPE_A);
        match self.socket.send(&message) {
            // An error about an earlier query is told to the next one, which is not sent.
            Err(error) if is_refusal(error.kind()) => self.socket.send(&message),
            sent => sent,
        }
        .with_context(|| format!("cannot ask {} for {name}", self.server))?;
        Ok(())
    }

    /// Sends a query, and waits for what becomes of it.
    pub fn ask(&self, id: u16, name: &str, patience: Duration) -> Result<Reply> {
        self.send(id, name)?;
        self.socket.set_read_timeout(Some(patience))?;
        let mut buffer = [0; 4_096];
        loop {
            match self.socket.recv(&mut buffer) {
                // An answer to an earlier one is none to this one.
                Ok(_) if buffer.get(..2) != Some(&id.to_be_bytes()) => {}
                Ok(length) => return Ok(Reply::Answered(vec![format!("{length} bytes")])),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(Reply::Silence);
                }
                Err(error) if is_refusal(error.kind()) => {
                    return Ok(Reply::Refused(error.kind().to_string()));
                }
                Err(error) => bail!("cannot hear {}: {error}", self.server),
            }
        }
    }
}

/// Sends one query to each of so many servers, from 10.0.0.1 on, and waits for nothing.
pub fn ask_each(client: &Namespace, servers: u32) -> Result<()> {
    let socket = client.udp_socket()?;
    let message = query(7, "load.test", TYPE_A);
    for server in 0..servers {
        socket.send_to(&message, (Ipv4Addr::from_bits(0x0a00_0001 + server), 53))?;
    }
    Ok(())
}

/// Whether it is what a kernel makes of an ICMP error.
const fn is_refusal(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::PermissionDenied
    )
}
