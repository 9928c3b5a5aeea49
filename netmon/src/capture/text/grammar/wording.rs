//! What the words of an error say, over IPv4 and over IPv6.

use netmon_common::wire::ip::Family;
use netmon_common::{Address, Code, Transport};

use super::super::packet::About;
use super::endpoint::{Port, may_be_host, read_address};
use super::why::Why;
use super::words::{Cursor, bare};

/// What the wording says.
pub(super) struct Wording {
    pub code: Code,
    pub destination: Address,
    pub about: About,
}

/// What an error about this port is about.
pub(super) fn about_port(transport: Transport, port: &str) -> Result<About, Why> {
    let port = Port::read(port).ok_or(Why::NotUnderstood)?;
    Ok(port
        .number()
        .map_or(About::NoPort, |port| About::Port(transport, port)))
}

/// The host that is unreachable, by address or by name.
pub(super) fn read_host(word: &str, words: &Cursor<'_, '_>, family: Family) -> Result<Address, Why> {
    if let Some(address) = read_address(word) {
        return Ok(address);
    }
    if !may_be_host(bare(word)) {
        return Err(Why::NotUnderstood);
    }
    let hosts = words.hosts.ok_or(Why::HostNames)?;
    Ok(hosts.endpoint(word, family, false)?.address)
}
