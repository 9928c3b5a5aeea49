//! Which DNS services this host translates to servers elsewhere, as the kernel's table of connections shows it (`ctnetlink`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::{fs, io};

use netlink_packet_core::NLM_F_DUMP;
use netmon_common::Address;

use super::interfaces::{ask, attribute, message, value};

/// `NETLINK_NETFILTER`.
const NETFILTER: isize = 12;
/// `NFNL_SUBSYS_CTNETLINK`, `IPCTNL_MSG_CT_GET`.
const GET: u16 = 1 << 8 | 1;
/// Attributes of `linux/netfilter/nfnetlink_conntrack.h`.
const TUPLE_ORIG: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const STATUS: u16 = 3;
const STATUS_MASK: u16 = 26;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTO: u16 = 2;
const SOURCES: [u16; 2] = [1, 3];
const DESTINATIONS: [u16; 2] = [2, 4];
const PROTO_DST_PORT: u16 = 3;
/// `IPS_DST_NAT`: the connection's destination is translated. Kernels that cannot filter by it (before 5.19) send all.
const DST_NAT: u32 = 1 << 5;

/// `struct nfgenmsg`.
const FAMILY: usize = 4;

/// How many connections are tracked, where they are. Without, nobody is asked: the kernel would load what answers. Where there are
/// none, it would look through a table of all network namespaces, for 10 ms.
const TRACKED: &str = "/proc/sys/net/netfilter/nf_conntrack_count";

/// A service, and the server that a connection to it goes to.
pub type Translated = (Address, Address);

/// The services at these ports to which there are connections that go elsewhere.
pub fn translated(ports: &[u16]) -> io::Result<BTreeSet<Translated>> {
    let mut found = BTreeSet::new();
    let tracked = fs::read_to_string(TRACKED).unwrap_or_default();
    if !matches!(tracked.trim(), "" | "0") {
        ask(NETFILTER, &request(), |message| {
            let attributes = message.payload.get(FAMILY..).unwrap_or_default();
            found.extend(translation(attributes, ports));
        })?;
    }
    Ok(found)
}

/// All connections whose destinations are translated.
fn request() -> Vec<u8> {
    let filter = [STATUS, STATUS_MASK].map(|kind| attribute(kind, &DST_NAT.to_be_bytes()));
    let payload = [vec![0; FAMILY], filter.concat()].concat();
    message(GET, NLM_F_DUMP, &payload)
}

/// What a connection is translated to, if it is one to these ports.
fn translation(attributes: &[u8], ports: &[u16]) -> Option<Translated> {
    let (asked, replies) = (value(attributes, TUPLE_ORIG)?, value(attributes, TUPLE_REPLY)?);
    let port = value(value(asked, TUPLE_PROTO)?, PROTO_DST_PORT)?;
    if !ports.contains(&u16::from_be_bytes(*port.first_chunk()?)) {
        return None;
    }
    let service = address(value(asked, TUPLE_IP)?, DESTINATIONS)?;
    let server = address(value(replies, TUPLE_IP)?, SOURCES)?;
    (service != server).then_some((service, server))
}

fn address(attributes: &[u8], [v4, v6]: [u16; 2]) -> Option<Address> {
    let v4 = value(attributes, v4).and_then(|bytes| Some(IpAddr::from(*bytes.first_chunk::<4>()?)));
    let v6 = || value(attributes, v6).and_then(|bytes| Some(IpAddr::from(*bytes.first_chunk::<16>()?)));
    v4.or_else(v6).map(Address::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection from a client to that address and port; replies come from the server.
    fn connection(service: IpAddr, port: u16, server: IpAddr) -> Vec<u8> {
        let bytes = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let family = usize::from(service.is_ipv6());
        let client = bytes(
            if service.is_ipv6() {
                "2001:db8::9"
            } else {
                "192.0.2.9"
            }
            .parse()
            .unwrap(),
        );
        let tuple = |kind: u16, source: &[u8], destination: &[u8], port: u16| {
            let addresses = [
                attribute(SOURCES[family], source),
                attribute(DESTINATIONS[family], destination),
            ];
            let ports = [
                attribute(1, &[17]),
                attribute(2, &[0, 9]),
                attribute(PROTO_DST_PORT, &port.to_be_bytes()),
            ];
            let tuple = [
                attribute(TUPLE_IP | 0x8000, &addresses.concat()),
                attribute(TUPLE_PROTO | 0x8000, &ports.concat()),
            ];
            attribute(kind | 0x8000, &tuple.concat())
        };
        let there = tuple(TUPLE_ORIG, &client, &bytes(service), port);
        let back = tuple(TUPLE_REPLY, &bytes(server), &client, 9);
        [there, back, attribute(STATUS, &[0; 4])].concat()
    }

    #[test]
    fn a_connection_to_a_dns_port_that_goes_elsewhere_is_a_translation() {
        for (service, server) in [("10.96.0.10", "10.244.0.5"), ("fd00::a", "fd01::5")] {
            let [service, server]: [IpAddr; 2] = [service, server].map(|address| address.parse().unwrap());
            let found = |port, server| translation(&connection(service, port, server), &[53, 5353]);
            assert_eq!(found(53, server), Some((service.into(), server.into())));
            assert_eq!(found(5353, server), Some((service.into(), server.into())));
            assert_eq!(found(443, server), None);
            assert_eq!(
                found(53, service),
                None,
                "masquerading translates the client's side"
            );
            let whole = connection(service, 53, server);
            assert!((0..whole.len() - 8).all(|len| translation(&whole[..len], &[53]).is_none()));
        }
    }
}
