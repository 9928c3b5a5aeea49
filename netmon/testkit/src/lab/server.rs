//! A real DNS server, dnsmasq from Debian: it listens as soon as it runs, answers every name, and ends at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::{
    PATIENCE,
    dns::{self, TYPE_A},
    dnsmasq::dnsmasq,
    namespace::Namespace,
    process::Process,
};

/// What the server answers to every question for an IPv4 address.
pub const ANSWER_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 80));
/// What the server answers to every question for an IPv6 address.
pub const ANSWER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80));

/// A DNS server on port 53 of some addresses of a host.
#[derive(Debug)]
pub struct DnsServer<'lab> {
    namespace: &'lab Namespace,
    addresses: Vec<IpAddr>,
    process: Option<Process>,
}

impl<'lab> DnsServer<'lab> {
    /// Starts one that listens on these addresses of the host, and nowhere else.
    pub fn new(namespace: &'lab Namespace, addresses: &[IpAddr]) -> Result<Self> {
        let mut server = Self {
            namespace,
            addresses: addresses.to_vec(),
            process: None,
        };
        server.start()?;
        Ok(server)
    }

    /// Starts it, again after a stop, and returns once it answers. To know that, it is asked one query at
    /// each address, from its own host: those cross `lo` and no other interface.
    pub fn start(&mut self) -> Result<()> {
        if self.process.is_some() {
            return Ok(());
        }
        let mut command = dnsmasq();
        command
            .args([ANSWER_V4, ANSWER_V6].map(|answer| format!("--address=/#/{answer}")))
            .args(
                self.addresses
                    .iter()
                    .map(|address| format!("--listen-address={address}")),
            );
        let process = self.namespace.spawn(&mut command)?;
        // It prints this when its sockets are bound. A query before would draw an ICMP error, and that is
        // what the tests count.
        process.wait_for("start of dnsmasq", PATIENCE, |line| {
            line.text.contains("started, version")
        })?;
        for &address in &self.addresses {
            self.namespace
                .enter(|| probe(address))?
                .with_context(|| format!("the server does not answer on {address}"))?;
        }
        self.process = Some(process);
        Ok(())
    }

    /// Ends it. From then on the kernel refuses what comes for its port.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::SIGTERM)?;
            process.wait(PATIENCE)?;
        }
        Ok(())
    }
}

fn probe(address: IpAddr) -> Result<()> {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect((address, 53))?;
    socket.send(&dns::query(1, "ready.test", TYPE_A))?;
    let mut response = [0; 512];
    let length = socket.recv(&mut response)?;
    ensure!(length >= 12, "its response has only {length} bytes");
    Ok(())
}
