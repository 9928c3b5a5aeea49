//! Many servers on one host, each at an address of its own, and one client that asks them all.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context as _, Result, ensure};

use super::dns::{TYPE_A, query, respond};
use super::topology::TwoHosts;
use super::{Namespace, PATIENCE};

/// The network that the servers are in, which is for measurements (RFC 2544); the first one has the number 1, and there is room for
/// 131,000.
const NETWORK: u32 = 0xc612_0000;

/// Servers on the host at the other end of a client's cable.
#[derive(Debug)]
pub struct Crowd {
    client: UdpSocket,
    servers: Vec<(SocketAddr, UdpSocket)>,
}

impl Crowd {
    /// So many of them, beginning with the one that has this number.
    pub fn new(hosts: &TwoHosts, first: u32, servers: u32) -> Result<Self> {
        route(&hosts.client, &hosts.server)?;
        let client = hosts.client.udp_socket()?;
        client.set_read_timeout(Some(PATIENCE))?;
        let bind = |number: u32| {
            let address = SocketAddr::from((Self::address(number), 53));
            let socket = UdpSocket::bind(address)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok((address, socket))
        };
        let servers = (first..first + servers).map(bind);
        let servers = hosts
            .server
            .enter(|| servers.collect::<io::Result<Vec<_>>>())?
            .context("cannot serve DNS at many addresses")?;
        Ok(Self { client, servers })
    }

    /// The address of the server with that number.
    pub const fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(NETWORK + number)
    }

    /// Asks each server once, and lets it answer.
    pub fn ask_all(&self) -> Result<()> {
        let mut buffer = [0; 512];
        for (number, (address, server)) in (0..).zip(&self.servers) {
            let asked = query(number, "www.example.com", TYPE_A);
            self.client.send_to(&asked, address)?;
            let (len, from) = server.recv_from(&mut buffer)?;
            let answer = respond(buffer.get(..len).unwrap_or_default(), 0);
            server.send_to(&answer, from)?;
            let (_len, from) = self
                .client
                .recv_from(&mut buffer)
                .context("an answer did not come")?;
            ensure!(from == *address, "{from} answered for {address}");
        }
        Ok(())
    }
}

/// All of the network is the server's own, without an address for each; and the client needs one next hop, or each server would
/// have to be looked for.
fn route(client: &Namespace, server: &Namespace) -> Result<()> {
    server.ip("route replace local 198.18.0.0/15 dev lo")?;
    client.ip("route replace 198.18.0.0/15 via 203.0.113.2 dev to-server onlink")?;
    Ok(())
}
