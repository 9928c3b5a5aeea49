//! Shows a configuration as a file that says the same, and where each value comes from.

use std::ffi::OsString;
use std::fmt::Write as _;

use toml::Value as Toml;

use super::keys::{KEYS, Key, THRESHOLDS};
use super::layer::Value;
use super::loaded::Loaded;
use super::schema::{Kind, Schema};
use crate::detect::{THRESHOLD_NAMES, ThresholdValue};
use crate::time::duration_text;

/// Where comments begin, if the line leaves room.
const COLUMN: usize = 40;

impl Loaded {
    /// As a configuration file. A key that is not set, and has no default, is a comment.
    pub fn shown(&self) -> String {
        let schema = Schema::new();
        let mut shown = match &self.file {
            Some(file) => format!("# file: {}\n", file.display()),
            None => "# no file\n".to_owned(),
        };
        let mut table = "";
        for key in KEYS {
            if *key == THRESHOLDS {
                table = THRESHOLDS.path;
                shown.push_str("\n[thresholds]\n");
                self.show_thresholds(&mut shown);
                continue;
            }
            let (of, name) = key.split();
            if of != table {
                table = of;
                heading(&mut shown, of);
            }
            let set = self.set.get(key);
            let texts = schema.texts(&self.set, key);
            let origin = origin(set.and_then(<[Value]>::first), set.is_some());
            line(&mut shown, &assignment(&schema, key, name, &texts), &origin);
        }
        shown
    }

    fn show_thresholds(&self, shown: &mut String) {
        let set = self.set.get(&THRESHOLDS).unwrap_or_default();
        for name in THRESHOLD_NAMES {
            let value = match self.config.thresholds.value(name) {
                Some(ThresholdValue::Duration(duration)) => Toml::String(duration_text(duration)),
                Some(ThresholdValue::Number(number)) => {
                    Toml::Integer(i64::try_from(number).unwrap_or(i64::MAX))
                }
                None => continue,
            };
            let set = set.iter().rfind(|value| value.threshold() == Some(name));
            line(shown, &format!("{name} = {value}"), &origin(set, set.is_some()));
        }
    }
}

fn origin(value: Option<&Value>, is_set: bool) -> String {
    match value.and_then(|value| value.place) {
        Some(place) => format!("file, line {}", place.line),
        None if is_set && value.is_none() => "file".to_owned(),
        None if is_set => "flag".to_owned(),
        None => "default".to_owned(),
    }
}

fn assignment(schema: &Schema, key: &Key, name: &str, texts: &[OsString]) -> String {
    let shape = schema.shape(key);
    let values: Vec<Toml> = texts.iter().map(|text| toml(shape.kind, text)).collect();
    match values.as_slice() {
        [] if shape.many => format!("{name} = []"),
        [] => format!("# {name} is not set"),
        [one] if !shape.many => format!("{name} = {one}"),
        _ => format!("{name} = {}", Toml::Array(values)),
    }
}

fn toml(kind: Kind, text: &OsString) -> Toml {
    let text = text.to_string_lossy().into_owned();
    match kind {
        Kind::Boolean => text.parse().map(Toml::Boolean).ok(),
        Kind::Integer => text.parse().map(Toml::Integer).ok(),
        Kind::Text => None,
    }
    .unwrap_or_else(|| match table_of(&text) {
        Some(table) => table,
        None => Toml::String(text),
    })
}

/// A server with its name is a table.
fn table_of(text: &str) -> Option<Toml> {
    let named = text.starts_with('{').then(|| format!("server = {text}"))?;
    named.parse::<toml::Table>().ok()?.remove("server")
}

fn heading(shown: &mut String, table: &str) {
    let _infallible = writeln!(shown, "\n[{table}]");
}

fn line(shown: &mut String, assignment: &str, origin: &str) {
    let _infallible = writeln!(shown, "{assignment:<COLUMN$} # {origin}");
}
