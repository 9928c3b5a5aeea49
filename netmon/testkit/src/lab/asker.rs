//! A client with a port of its own choice, that sends exactly the queries that a test says.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

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
        // So that it is told of errors.
        socket
            .connect(server)
            .with_context(|| format!("cannot ask {server}"))?;
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
        match self.socket.send(&query(id, name, TYPE_A)) {
            Ok(_) => Ok(()),
            // An error about an earlier query is told to the next one, which is not sent.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                self.socket.send(&query(id, name, TYPE_A)).map(drop)
            }
            Err(error) => Err(error),
        }
        .with_context(|| format!("cannot ask {} for {name}", self.server))
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
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionRefused
                            | ErrorKind::HostUnreachable
                            | ErrorKind::NetworkUnreachable
                            | ErrorKind::PermissionDenied
                    ) =>
                {
                    return Ok(Reply::Refused(error.kind().to_string()));
                }
                Err(error) => bail!("cannot hear {}: {error}", self.server),
            }
        }
    }
}
