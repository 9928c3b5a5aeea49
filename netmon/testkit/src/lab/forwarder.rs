//! A resolver that knows nothing itself and asks others: dnsmasq as it runs on home routers, and on hosts as their stub.

use std::net::IpAddr;

use anyhow::Result;

use super::{PATIENCE, dnsmasq::dnsmasq, namespace::Namespace, process::Process};

/// A running forwarder; it ends with its guard.
#[derive(Debug)]
pub struct Forwarder {
    _process: Process,
}

impl Forwarder {
    /// Starts one at port 53 of an address of the host; it asks these servers and keeps nothing.
    pub fn start(namespace: &Namespace, address: IpAddr, servers: &[IpAddr]) -> Result<Self> {
        let mut command = dnsmasq();
        command
            .arg(format!("--listen-address={address}"))
            .args(servers.iter().map(|server| format!("--server={server}")));
        let process = namespace.spawn(&mut command)?;
        process.wait_for("start of dnsmasq", PATIENCE, |line| {
            line.text.contains("started, version")
        })?;
        Ok(Self { _process: process })
    }
}
