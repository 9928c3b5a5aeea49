//! The resolvers that this host is configured to use: which servers, in which order, and which file says so.
//!
//! A plain list, read from files ([`Files`]) and followed while these change ([`Followed`]). It asks nobody and judges
//! nothing: whether a resolver answers, its exchanges say.

mod behind;
mod files;
mod follow;
mod resolv_conf;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use netmon_common::Address;

pub use files::{Files, RESOLV_CONF};
pub use follow::Followed;
pub use resolv_conf::Trouble;

/// The port that a list of resolvers means where it names none.
const PORT: u16 = 53;

/// A resolver, and its place in the list that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolver {
    /// Its address.
    pub server: Address,
    /// The name of the interface of a link-local one.
    pub interface: Option<String>,
    /// Its port.
    pub port: u16,
    /// Its place in the list, from 1.
    pub position: u32,
    /// How many the list has.
    pub of: u32,
    /// The file that says so.
    pub by: String,
}

impl Resolver {
    /// Whether it is that server, reached by that interface: a link-local address is another server on each link.
    pub fn is(&self, server: Address, port: u16, interface: Option<&str>) -> bool {
        let is_there = self.interface.as_deref();
        (self.server, self.port) == (server, port)
            && (!server.is_link_local() || is_there.is_none() || is_there == interface)
    }
}

/// The resolvers of this host: those that its programs ask, then those behind a stub on this host. Each file's list has
/// positions of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolvers {
    all: Vec<Resolver>,
    /// What the files have that nobody uses, or that nobody can read.
    troubles: Vec<Trouble>,
}

impl Resolvers {
    /// Reads the files as they are now.
    pub fn read(files: &Files) -> Self {
        let own = resolv_conf::read(&files.resolv_conf);
        let mut read = Self::default();
        read.add(&files.resolv_conf, &own.used);
        read.troubles = own.troubles;
        if let Some((by, behind)) = behind::read(files, &own.used, &own.text) {
            read.add(&by, &behind);
        }
        read
    }

    fn add(&mut self, by: &Path, servers: &[Named]) {
        let of = u32::try_from(servers.len()).unwrap_or(u32::MAX);
        self.all
            .extend((1..).zip(servers).map(|(position, server)| Resolver {
                server: server.address.into(),
                interface: server.interface.clone(),
                port: server.port,
                position,
                of,
                by: by.display().to_string(),
            }));
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Resolver> {
        self.all.iter()
    }

    /// Their addresses.
    pub fn addresses(&self) -> BTreeSet<Address> {
        self.iter().map(|resolver| resolver.server).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the files have that nobody uses, or that nobody can read.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// The place of a server in the list of all, where it is one of them; the first, where several lists name it.
    pub fn place_of(&self, server: Address, port: u16, interface: Option<&str>) -> Option<usize> {
        self.all.iter().position(|one| one.is(server, port, interface))
    }

    /// The list that names the resolver at that place.
    pub fn list_of(&self, place: usize) -> impl Iterator<Item = (usize, &Resolver)> {
        let by = self.all.get(place).map(|resolver| &resolver.by);
        self.all
            .iter()
            .enumerate()
            .filter(move |(_, one)| Some(&one.by) == by)
    }
}

/// A server as a file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    address: IpAddr,
    interface: Option<String>,
    port: u16,
}

impl From<IpAddr> for Named {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            interface: None,
            port: PORT,
        }
    }
}

#[cfg(test)]
mod tests;
