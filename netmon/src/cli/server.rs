//! A server as flags name it: its address, and in the configuration file also what people call it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use toml::{Table, Value};

use crate::model::ServerInfo;

/// What a table of a server may say.
pub const SERVER_KEYS: [&str; 4] = ["address", "name", "owner", "note"];

/// Letters that one of these may have.
const LONGEST: usize = 200;

/// A server whose failures always count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its address.
    pub address: IpAddr,
    /// Who it is.
    pub info: ServerInfo,
}

/// Where names of servers come from.
#[derive(Debug, Args)]
pub struct Naming {
    /// Take the names of servers from this configuration file [default: /etc/netmon/netmon.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// An address, or a table with one: `{ address = "192.0.2.53", name = "ns1" }`.
pub fn server(text: &str) -> Result<Server, String> {
    let text = text.trim();
    if !text.starts_with('{') {
        return Ok(Server {
            address: by_address(text)?,
            info: ServerInfo::default(),
        });
    }
    let table: Table = format!("server = {text}").parse().map_err(|_| {
        "this is not a table; write { address = \"192.0.2.53\", name = \"ns1\", owner = \"Network team\" }".to_owned()
    })?;
    let table = table.get("server").and_then(Value::as_table);
    let of = |key: &str| table.and_then(|table| table.get(key)).and_then(Value::as_str);
    let words = |key| of(key).map(|text| words(key, text)).transpose();
    Ok(Server {
        address: address(of("address").ok_or("address is missing: it says which server this is")?)?,
        info: ServerInfo {
            name: words("name")?,
            owner: words("owner")?,
            note: words("note")?,
        },
    })
}

/// The address of a server, which people may know by name.
fn by_address(text: &str) -> Result<IpAddr, String> {
    address(text).map_err(|why| {
        let is_name = text.parse::<std::net::SocketAddr>().is_err();
        let names = if is_name {
            "; what it is called can be said in the configuration file, by [[server]]"
        } else {
            ""
        };
        format!("{why}{names}")
    })
}

/// An address, without a port.
pub fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| match text.parse::<std::net::SocketAddr>() {
            Ok(with_port) => format!(
                "`{text}` is an address and a port; write {} alone, and the port with --port",
                with_port.ip()
            ),
            Err(_) => format!("`{text}` is not an address; write one such as 192.0.2.53 or 2001:db8::53"),
        })
}

/// One line that people read.
fn words(key: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{key} is empty; leave it out, or fill it in"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{key} must be one line, without control characters"));
    }
    if text.chars().count() > LONGEST {
        return Err(format!("{key} is longer than {LONGEST} letters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_or_a_table_with_one() {
        assert_eq!(
            server("203.0.113.2").map(|server| server.info),
            Ok(ServerInfo::default())
        );
        let named = server(r#"{ address = "2001:db8::53", name = " ns1 ", owner = "Ada" }"#).unwrap();
        assert_eq!(named.address.to_string(), "2001:db8::53");
        assert_eq!(named.info.name.as_deref(), Some("ns1"));
        assert_eq!(named.info.to_string(), "Ada");
    }

    #[test]
    fn what_is_none_is_refused_with_an_example_of_the_right_value() {
        for (wrong, words) in [
            (
                "ns1",
                "`ns1` is not an address; write one such as 192.0.2.53 or 2001:db8::53; what it is called",
            ),
            (
                "192.0.2.53:53",
                "write 192.0.2.53 alone, and the port with --port",
            ),
            ("", "`` is not an address"),
            (r#"{ name = "ns1" }"#, "address is missing"),
            (r#"{ address = "ns1" }"#, "`ns1` is not an address"),
            (r#"{ address = "192.0.2.53", name = " " }"#, "name is empty"),
            (
                r#"{ address = "192.0.2.53", note = "a\nb" }"#,
                "note must be one line",
            ),
            ("{ address = ", "this is not a table; write { address ="),
        ] {
            let error = server(wrong).unwrap_err();
            assert!(error.contains(words), "{wrong}: {error}");
        }
    }
}
