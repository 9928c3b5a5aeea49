//! Tunnels whose packets have no Ethernet header, between two hosts on one cable.

use std::{
    fs,
    net::IpAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    command,
    namespace::Namespace,
    topology::{CLIENT_V4, CLIENT_V6, SERVER_V4, SERVER_V6},
    tun::Tun,
    veth::cable,
};

/// A kind of tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// A program that hands on what it reads from two `tun` devices.
    Tun,
    /// Either in UDP, by VXLAN without inner Ethernet headers (`draft-ietf-nvo3-vxlan-gpe`).
    Vxlan,
    /// IPv4 in IPv4.
    Ipip,
    /// Either in IPv4, by GRE.
    Gre,
    /// IPv6 in IPv4.
    Sit,
    /// Either in IPv6.
    Ip6Tunnel,
    /// Either in IPv6, by GRE.
    Ip6Gre,
    /// Either, encrypted, in UDP.
    WireGuard,
}

/// A client and a server with a tunnel between them, which is the default route of both.
#[derive(Debug)]
pub struct Tunnelled {
    /// The host that asks. Its interfaces are `tunnel`, and below it `cable`.
    pub client: Namespace,
    /// The host that answers, with the same interfaces.
    pub server: Namespace,
    _between: Option<Between>,
}

const NAME: &str = "tunnel";
const CABLE: &str = "cable";
/// The addresses on the cable.
const OUTSIDE_V4: [&str; 2] = ["10.0.0.1", "10.0.0.2"];
const OUTSIDE_V6: [&str; 2] = ["fd00::1", "fd00::2"];

impl Tunnel {
    /// Whether IPv4 or IPv6 goes through it.
    pub const fn carries(self, address: IpAddr) -> bool {
        match self {
            Self::Ipip => address.is_ipv4(),
            Self::Sit => address.is_ipv6(),
            Self::Tun | Self::Vxlan | Self::Gre | Self::Ip6Tunnel | Self::Ip6Gre | Self::WireGuard => true,
        }
    }

    /// Lays it between two hosts.
    pub fn lay(self) -> Result<Tunnelled> {
        let [client, server] = [Namespace::new("client")?, Namespace::new("server")?];
        cable((&client, CABLE), (&server, CABLE))?;
        for (host, addresses) in [&client, &server]
            .into_iter()
            .zip(OUTSIDE_V4.iter().zip(OUTSIDE_V6))
        {
            host.add_address(addresses.0.parse()?, CABLE)?;
            host.add_address(addresses.1.parse()?, CABLE)?;
        }
        let between = self.between(&client, &server)?;
        for (host, own, other) in [
            (&client, [CLIENT_V4, CLIENT_V6], OUTSIDE_V4[1]),
            (&server, [SERVER_V4, SERVER_V6], OUTSIDE_V4[0]),
        ] {
            // This one is told by its routes where its other end is.
            let end = match self {
                Self::Vxlan => format!("encap ip id 1 dst {other}"),
                _ => String::new(),
            };
            host.ip(&format!("link set {NAME} up"))?;
            for address in own.into_iter().filter(|address| self.carries(*address)) {
                host.add_address(address, NAME)?;
                let family = if address.is_ipv6() { "-6" } else { "-4" };
                host.ip(&format!("{family} route add default dev {NAME} {end}"))?;
            }
        }
        Ok(Tunnelled {
            client,
            server,
            _between: between,
        })
    }

    fn between(self, client: &Namespace, server: &Namespace) -> Result<Option<Between>> {
        let (what, [near, far]) = match self {
            Self::Tun => return Between::start(client, server).map(Some),
            Self::WireGuard => return encrypted(client, server).map(|()| None),
            Self::Vxlan => ("vxlan gpe external dstport 4790", ["", ""]),
            Self::Ipip => ("ipip", OUTSIDE_V4),
            Self::Gre => ("gre", OUTSIDE_V4),
            Self::Sit => ("sit", OUTSIDE_V4),
            Self::Ip6Tunnel => ("ip6tnl mode any", OUTSIDE_V6),
            Self::Ip6Gre => ("ip6gre", OUTSIDE_V6),
        };
        for (host, own, other) in [(client, near, far), (server, far, near)] {
            let ends = match self {
                Self::Vxlan => String::new(),
                _ => format!("local {own} remote {other}"),
            };
            host.ip(&format!("link add {NAME} type {what} {ends}"))?;
        }
        Ok(None)
    }
}

/// The program between two `tun` devices.
#[derive(Debug)]
struct Between {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Between {
    fn start(client: &Namespace, server: &Namespace) -> Result<Self> {
        let tuns = [Tun::new(client, NAME, false)?, Tun::new(server, NAME, false)?];
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                if let Err(error) = hand_on(&tuns) {
                    eprintln!("the tunnel ends: {error:#}");
                    return;
                }
            }
        });
        Ok(Self {
            ends,
            thread: Some(thread),
        })
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _its_panic_was_printed = thread.join();
        }
    }
}

/// Hands on what has left by one of the devices, or waits a moment for it.
fn hand_on(tuns: &[Tun; 2]) -> Result<()> {
    let [near, far] = tuns;
    let mut ready = [near, far].map(|tun| PollFd::new(tun.descriptor(), PollFlags::POLLIN));
    poll(&mut ready, PollTimeout::from(50_u8))?;
    for (from, to) in [(near, far), (far, near)] {
        while let Some((ether_type, packet)) = from.read_at_once()? {
            to.write(ether_type, &packet)?;
        }
    }
    Ok(())
}

/// Makes a device of `WireGuard` in each host, each with the other as its peer.
fn encrypted(client: &Namespace, server: &Namespace) -> Result<()> {
    const PORT: u16 = 51_820;
    let directory = tempfile::tempdir()?;
    let mut keys = Vec::new();
    for (host, name) in [(client, "client"), (server, "server")] {
        host.ip(&format!("link add {NAME} type wireguard"))?;
        let private = command::run(Command::new("wg").arg("genkey"))?;
        let file = directory.path().join(name);
        fs::write(&file, &private).context("cannot write a key")?;
        let public = Command::new("sh")
            .args(["-c", "wg pubkey <\"$0\""])
            .arg(&file)
            .output()?;
        keys.push((host, file, String::from_utf8(public.stdout)?.trim().to_owned()));
    }
    let [(_, client_key, client_public), (_, server_key, server_public)] = keys.as_slice() else {
        anyhow::bail!("each host has a key");
    };
    let ends = [
        (client, client_key, server_public, OUTSIDE_V4[1]),
        (server, server_key, client_public, OUTSIDE_V4[0]),
    ];
    for (host, private, peer, outside) in ends {
        let mut wg = Command::new("wg");
        wg.args(["set", NAME, "listen-port", &PORT.to_string(), "private-key"])
            .arg(private)
            .args(["peer", peer, "allowed-ips", "0.0.0.0/0,::/0"])
            .args(["endpoint", &format!("{outside}:{PORT}")]);
        host.exec(&mut wg)?;
    }
    Ok(())
}
