//! Network cards of a guest of `cargo xtask kernels`: two of each kind, with a cable between them.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::command;
use super::namespace::Namespace;
use super::topology::{CLIENT_V4, CLIENT_V6, SERVER_V4, SERVER_V6, TwoHosts, on_link};

/// How the kernel's command line begins the list of their kinds, in the order of their hardware addresses
/// (`xtask/src/kernels/cards.rs`).
const LIST: &str = "netmon.cards=";

/// Two cards of a kind.
#[derive(Debug)]
pub struct Cards {
    /// What the machine calls them.
    pub names: [String; 2],
}

impl Cards {
    /// Finds those of a kind.
    pub fn of(kind: &str) -> Result<Self> {
        let words = fs::read_to_string("/proc/cmdline")?;
        let mut words = words.split_whitespace();
        let list = words.find_map(|word| word.strip_prefix(LIST));
        let mut kinds = list.context("this is no guest with cards")?.split(',');
        let number = kinds
            .position(|known| known == kind)
            .with_context(|| format!("this guest has no cards of the kind {kind}"))?;
        let of_end = |end: u8| with_mac(&format!("02:00:00:00:{number:02x}:{end:02x}"));
        Ok(Self {
            names: [of_end(1)?, of_end(2)?],
        })
    }

    /// A client and a server, each with one of them, and each the default route of the other.
    pub fn two_hosts(self) -> Result<TwoHosts> {
        let hosts = TwoHosts {
            client: Namespace::new("client")?,
            server: Namespace::new("server")?,
        };
        let ends = [
            (&hosts.client, "to-server", [CLIENT_V4, CLIENT_V6]),
            (&hosts.server, "to-client", [SERVER_V4, SERVER_V6]),
        ];
        for (card, (host, name, addresses)) in self.names.iter().zip(ends) {
            let mut into = Command::new("ip");
            into.args(["link", "set", card, "netns", host.name(), "name", name]);
            command::run(&mut into)?;
            host.ip(&format!("link set {name} up"))?;
            on_link(host, name, addresses)?;
        }
        Ok(hosts)
    }
}

/// The name of the interface with this hardware address.
fn with_mac(mac: &str) -> Result<String> {
    let all = command::run(Command::new("ip").args(["-o", "link"]))?;
    let line = all.lines().find(|line| line.contains(mac));
    let line = line.with_context(|| format!("no card has the address {mac}: {all}"))?;
    let name = line.split(": ").nth(1).context("`ip -o link` prints names")?;
    Ok(name.to_owned())
}
