//! Puts the names of hosts in, where a text has names in place of addresses.
//!
//! Everything up to the written report works on addresses; those that stand for names are of a block that is nowhere else,
//! so that they are found in any form of the report.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::capture::text::Hosts;
use crate::report::Report;
use crate::report::forms::{Form, Style};
use crate::stand_in;

/// Writes a report with names where they stand for addresses. In JSON a server that is a name is marked.
pub fn write(
    report: &Report<'_>,
    form: &Form,
    style: Style,
    hosts: &Hosts,
    out: &mut dyn Write,
) -> io::Result<()> {
    if form.name == "json" {
        let mut value = serde_json::to_value(report.document)?;
        name_all(&mut value, hosts);
        serde_json::to_writer_pretty(&mut *out, &value)?;
        return out.write_all(b"\n");
    }
    let mut text = Vec::new();
    (form.write)(report, style, &mut text)?;
    let escape: fn(&str) -> String = if form.name == "html" {
        |name| {
            name.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        }
    } else {
        str::to_owned
    };
    out.write_all(text_with_names(&String::from_utf8_lossy(&text), hosts, escape).as_bytes())
}

fn name_all(value: &mut Value, hosts: &Hosts) {
    match value {
        Value::String(text) => *text = text_with_names(text, hosts, str::to_owned),
        Value::Array(items) => items.iter_mut().for_each(|item| name_all(item, hosts)),
        Value::Object(members) => {
            let named = ["server", "address"].map(|key| is_named(members, key, hosts));
            members.values_mut().for_each(|member| name_all(member, hosts));
            for (key, named) in ["server_is_name", "address_is_name"].into_iter().zip(named) {
                if named {
                    members.insert(key.to_owned(), Value::Bool(true));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_named(members: &Map<String, Value>, key: &str, hosts: &Hosts) -> bool {
    let address = members
        .get(key)
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    address.is_some_and(|ip: std::net::IpAddr| hosts.name(ip.into()).is_some())
}

/// A written report, with names where they stand for addresses. Columns stay in line where there is room.
fn text_with_names(text: &str, hosts: &Hosts, escape: fn(&str) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(stand_in::PREFIX) {
        let (before, found) = rest.split_at(at);
        let end = found
            .find(|c: char| !(c.is_ascii_hexdigit() || c == ':'))
            .unwrap_or(found.len());
        let (address, behind) = found.split_at(end);
        // A colon of the sentence may follow.
        let address = address.strip_suffix(':').unwrap_or(address);
        let behind = found.get(address.len()..).unwrap_or(behind);
        let name = address
            .parse::<std::net::IpAddr>()
            .ok()
            .and_then(|ip| hosts.name(ip.into()));
        // Around an address in front of a port stand brackets, which a name does not have.
        let (before, behind, brackets) = match (&name, before.strip_suffix('['), behind.strip_prefix(']')) {
            (Some(_), Some(before), Some(behind)) if behind.starts_with(':') => (before, behind, 2),
            _ => (before, behind, 0),
        };
        written.push_str(before);
        rest = behind;
        let Some(name) = name else {
            written.push_str(address);
            continue;
        };
        let name = escape(&name);
        let (has, needs) = (address.chars().count() + brackets, name.chars().count());
        written.push_str(&name);
        let port = behind.len()
            - behind
                .trim_start_matches(|c: char| c == ':' || c.is_ascii_digit())
                .len();
        let (port, behind) = if brackets > 0 {
            behind.split_at(port)
        } else {
            ("", behind)
        };
        written.push_str(port);
        rest = behind;
        let room = behind.len() - behind.trim_start_matches(' ').len();
        if room >= 2 {
            let keeps = (has + room).saturating_sub(needs).max(1);
            written.extend(std::iter::repeat_n(' ', keeps));
            rest = behind.get(room..).unwrap_or_default();
        }
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use netmon_common::wire::ip::Family;

    use super::*;

    #[test]
    fn addresses_that_stand_for_names_are_written_as_names_everywhere() {
        let hosts = Hosts::default();
        let google = hosts.address("dns.google", Family::V4).unwrap();
        let pod = hosts.address("<pod>", Family::V4).unwrap();
        let text = format!(
            "{google}: 3 of {pod}, id-{google}-53-udp; [{google}]:53   |{google}      7\n{}",
            "6e65:746d:6f6e::fff"
        );
        assert_eq!(
            text_with_names(&text, &hosts, |name| name.replace('<', "&lt;")),
            format!(
                "dns.google: 3 of &lt;pod>, id-dns.google-53-udp; dns.google:53{}|dns.google{}7\n6e65:746d:6f6e::fff",
                " ".repeat(google.to_string().len() + 2 + 3 - 10),
                " ".repeat(google.to_string().len() + 6 - 10)
            )
        );
    }
}
