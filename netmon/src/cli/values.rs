//! Values of flags. What is wrong is refused with an example of what is right.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};

use clap::builder::{OsStringValueParser, TypedValueParser};
use glob::Pattern;
use jiff::civil::Date;

use crate::outlets::metrics::SUGGESTED_PORT;

/// A DNS port.
pub fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!(
            "`{text}` is not a port; write a number from 1 to 65535, such as 53"
        )),
    }
}

/// The name of an interface.
pub fn interface() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|name: OsString| {
        name.into_string().map_err(|name| {
            format!(
                "the name `{}` is not UTF-8, and netmon cannot watch it; `ip link set` renames it",
                name.display()
            )
        })
    })
}

/// A shell pattern of names.
pub fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| {
        format!(
            "`{text}` is not a pattern ({}); write one such as veth* or docker?",
            error.msg
        )
    })
}

/// A name of this host, as it stands in a URL without the port.
pub fn host(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_name) {
        return Err(format!(
            "`{text}` is not a name of a host; write it as in a URL, without the port, such as ns1.example"
        ));
    }
    Ok(text.to_owned())
}

/// An address and a port to listen at.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let bare = text.trim_matches(['[', ']']);
    let port = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    Err(match (bare.parse::<IpAddr>(), port) {
        (Ok(IpAddr::V4(ip)), _) => format!("`{text}` has no port; write both, such as {ip}:{SUGGESTED_PORT}"),
        (Ok(IpAddr::V6(ip)), _) => {
            format!("`{text}` has no port; write both, such as [{ip}]:{SUGGESTED_PORT}")
        }
        (Err(_), Some(port)) => format!(
            "`{text}` has no address; write both: 127.0.0.1:{port} for this host alone, or the address that others reach"
        ),
        (Err(_), None) => {
            format!("`{text}` is not an address and a port; write both, such as 127.0.0.1:{SUGGESTED_PORT}")
        }
    })
}

/// A threshold and its value; which there are, and which values they take, their table knows.
pub fn threshold(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => Ok(text.to_owned()),
        _ => Err(format!(
            "`{text}` is not a threshold and its value; write both, such as idle=10m"
        )),
    }
}

/// A day.
pub fn date(text: &str) -> Result<Date, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a date; write it as year, month and day, such as 2026-11-24"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_refused_with_an_example_of_what_is_right() {
        let refused: [(&str, Result<String, String>, &str); 14] = [
            (
                "9253",
                listen("9253").map(drop_value),
                "127.0.0.1:9253 for this host alone",
            ),
            (
                ":9253",
                listen(":9253").map(drop_value),
                "127.0.0.1:9253 for this host alone",
            ),
            (
                "localhost:9253",
                listen("localhost:9253").map(drop_value),
                "127.0.0.1:9253",
            ),
            (
                "127.0.0.1",
                listen("127.0.0.1").map(drop_value),
                "127.0.0.1:19053",
            ),
            ("::1", listen("::1").map(drop_value), "[::1]:19053"),
            ("here", listen("here").map(drop_value), "127.0.0.1:19053"),
            ("dns", port("dns").map(drop_value), "such as 53"),
            ("0", port("0").map(drop_value), "from 1 to 65535"),
            ("65536", port("65536").map(drop_value), "from 1 to 65535"),
            ("idle", threshold("idle"), "idle=10m"),
            ("=5", threshold("=5"), "idle=10m"),
            ("24.11.2026", date("24.11.2026").map(drop_value), "2026-11-24"),
            ("a[", pattern("a[").map(drop_value), "veth*"),
            ("idle=", threshold("idle="), "idle=10m"),
        ];
        for (text, refused, example) in refused {
            let why = refused.unwrap_err();
            assert!(
                why.contains(&format!("`{text}`")) && why.contains(example),
                "{text}: {why}"
            );
        }
    }

    fn drop_value<T>(_: T) -> String {
        String::new()
    }
}
