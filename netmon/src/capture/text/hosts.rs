//! Hosts whose addresses are not in the text: names, and addresses that somebody has made unreadable. Each is a host of
//! its own, known by what is written.
//!
//! Everything behind the text works on addresses, so each gets one that stands for it ([`stand_in`]), and whoever shows an
//! incident to people shows the name. Nothing is looked up: that would ask the servers in question, today.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use netmon_common::Address;
use netmon_common::wire::ip::Family;

use super::super::limits::HOST_NAMES;
use super::grammar::endpoint::{Endpoint, Port, may_be_host};
use super::grammar::why::Why;
use crate::stand_in;

/// The names that texts have in place of addresses. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Rc<RefCell<Known>>);

#[derive(Debug, Default)]
struct Known {
    addresses: HashMap<Rc<str>, Address>,
    names: Vec<Rc<str>>,
}

impl Hosts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().names.is_empty()
    }

    /// The address that stands for this name; `None` where there are too many others.
    pub fn address(&self, name: &str, family: Family) -> Option<Address> {
        if let Some(local) = loopback(name, family) {
            return Some(local);
        }
        let name = name.to_ascii_lowercase();
        let known = &mut *self.0.borrow_mut();
        if let Some(address) = known.addresses.get(name.as_str()) {
            return Some(*address);
        }
        if known.names.len() >= HOST_NAMES {
            return None;
        }
        let address = stand_in::address(u32::try_from(known.names.len()).ok()?, family)?;
        let name: Rc<str> = name.into();
        known.names.push(Rc::clone(&name));
        known.addresses.insert(name, address);
        Some(address)
    }

    /// The name that an address stands for.
    pub fn name(&self, address: Address) -> Option<Rc<str>> {
        let place = usize::try_from(stand_in::number(address)?).ok()?;
        self.0.borrow().names.get(place).map(Rc::clone)
    }

    /// Reads a host, with a port behind it or without. [`Why::HostNames`] where there is no room for its name.
    pub fn endpoint(&self, word: &str, family: Family, with_port: bool) -> Result<Endpoint, Why> {
        let word = word.strip_suffix([':', ',']).unwrap_or(word);
        let (name, port) = if with_port {
            let (name, port) = word.rsplit_once('.').ok_or(Why::NotUnderstood)?;
            (name, Some(Port::read(port).ok_or(Why::NotUnderstood)?))
        } else {
            (word, None)
        };
        if !may_be_host(name) {
            return Err(Why::NotUnderstood);
        }
        let address = match name.parse::<IpAddr>() {
            Ok(ip) => ip.into(),
            Err(_) => self.address(name, family).ok_or(Why::HostNames)?,
        };
        Ok(Endpoint { address, port })
    }
}

/// The address that everybody's `/etc/hosts` has for a name.
fn loopback(name: &str, family: Family) -> Option<Address> {
    let v4 = Address::v4([127, 0, 0, 1]);
    let v6 = Address::v6([[0; 4], [0; 4], [0; 4], [0, 0, 0, 1]]);
    match (name.to_ascii_lowercase().as_str(), family) {
        ("localhost" | "localhost.localdomain", Family::V4)
        | ("localhost4" | "localhost4.localdomain4", _) => Some(v4),
        ("localhost" | "localhost.localdomain", Family::V6)
        | ("localhost6" | "localhost6.localdomain6" | "ip6-localhost" | "ip6-loopback", _) => Some(v6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_a_host_of_its_own_and_local_names_are_known() {
        let hosts = Hosts::default();
        let address = |name| hosts.address(name, Family::V4).unwrap();
        assert_eq!(address("localhost"), Address::v4([127, 0, 0, 1]));
        assert_eq!(
            hosts.address("ip6-localhost", Family::V6).unwrap().to_string(),
            "::1"
        );
        let (google, gateway) = (address("dns.google"), address("_gateway"));
        assert_ne!(google, gateway);
        assert_eq!(address("DNS.Google"), google);
        assert_eq!(hosts.clone().name(google).as_deref(), Some("dns.google"));
        assert_eq!(hosts.name(Address::v4([8, 8, 8, 8])), None);
    }

    #[test]
    fn hosts_are_read_with_and_without_ports() {
        let hosts = Hosts::default();
        for (word, with_port, name, port) in [
            ("dns.google.domain:", true, "dns.google", Some(Port::Number(53))),
            ("192.0.2.xx.52444", true, "192.0.2.xx", Some(Port::Number(52444))),
            ("x.x.x.x:", false, "x.x.x.x", None),
            ("*.*.*.*.53", true, "*.*.*.*", Some(Port::Number(53))),
            ("2001:db8::xx.53:", true, "2001:db8::xx", Some(Port::Number(53))),
        ] {
            let endpoint = hosts.endpoint(word, Family::V4, with_port).unwrap();
            assert_eq!(hosts.name(endpoint.address).as_deref(), Some(name), "{word}");
            assert_eq!(endpoint.port, port, "{word}");
        }
        for word in ["", ".53", "203.0.113.53", "[S],", "dns.google"] {
            assert_eq!(
                hosts
                    .endpoint(word, Family::V4, true)
                    .ok()
                    .filter(|e| e.port == Some(Port::Number(53))),
                None,
                "{word}"
            );
        }
    }

    #[test]
    fn beyond_the_bound_a_name_is_no_host() {
        let hosts = Hosts::default();
        for number in 0..HOST_NAMES {
            assert!(hosts.address(&format!("host{number}"), Family::V4).is_some());
        }
        assert_eq!(hosts.address("one-more", Family::V4), None);
        assert!(hosts.address("host7", Family::V4).is_some());
    }
}
