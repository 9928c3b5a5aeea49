//! `[[server]]`: a server of the file may be a table, which also says what people call it and whose it is.
//!
//! A table becomes the text that the flag `--server` takes, so that both are read by one parser.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::layer::Value;
use super::nearest::nearest;
use super::problem::Problem;
use crate::cli::{self, SERVER_KEYS};

/// The key whose values may be tables.
pub(super) const SERVER: &str = "server";

/// The table as the flag takes it, or all that is wrong with it, each with its place.
pub(super) fn text(table: &DeTable<'_>, at: &Range<usize>) -> Result<String, Vec<(Range<usize>, String)>> {
    let mut wrong = Vec::new();
    let mut given = toml::Table::new();
    for (name, value) in table {
        let known = SERVER_KEYS.contains(&name.get_ref().as_ref());
        match value.get_ref() {
            _ if !known => {
                let help = nearest(name.get_ref(), SERVER_KEYS).map_or_else(
                    || format!("there are: {}", SERVER_KEYS.join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                wrong.push((
                    name.span(),
                    format!("a server has no key `{}`; {help}", name.get_ref()),
                ));
            }
            DeValue::String(words) => {
                given.insert(name.get_ref().to_string(), words.to_string().into());
            }
            _ => wrong.push((
                value.span(),
                format!(
                    "{} of a server must be a string in quotation marks",
                    name.get_ref()
                ),
            )),
        }
    }
    let text = toml::Value::Table(given.clone()).to_string();
    // Each by itself, so that a mistake is shown where it is.
    for (name, value) in table {
        let name = name.get_ref().as_ref();
        if let Some(words) = given.get(name) {
            let mut alone = toml::Table::new();
            alone.insert("address".to_owned(), "192.0.2.53".into());
            alone.insert(name.to_owned(), words.clone());
            if let Err(why) = cli::server(&toml::Value::Table(alone).to_string()) {
                wrong.push((value.span(), format!("server: {why}")));
            }
        }
    }
    if wrong.is_empty() && !given.contains_key("address") {
        wrong.push((
            at.clone(),
            "a server needs an address, such as address = \"192.0.2.53\"".to_owned(),
        ));
    }
    if wrong.is_empty() { Ok(text) } else { Err(wrong) }
}

/// The servers that are named twice: which name would hold?
pub(super) fn twice(values: &[Value]) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let mut twice = Vec::new();
    for value in values {
        if let Some(server) = value.text.to_str().and_then(|text| cli::server(text).ok())
            && !seen.insert(server.address)
            && !server.info.is_empty()
        {
            let what = format!("server: {} is named above already", server.address);
            let place = value.place;
            twice.push(Problem { place, what });
        }
    }
    twice
}
