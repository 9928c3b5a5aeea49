//! What one side says: the command line, or the file. Values are text, as the flags take them.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::keys::{KEYS, Key, THRESHOLDS};
use super::problem::Place;

/// A value, and where in the file it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As its flag takes it.
    pub text: OsString,
    /// `None` on the command line.
    pub place: Option<Place>,
}

/// The keys that are set, by path, each with its values. A list may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer(BTreeMap<&'static str, Vec<Value>>);

impl Layer {
    /// What was typed on the command line; defaults are not in it.
    pub fn typed(matches: &ArgMatches) -> Self {
        let mut layer = Self::default();
        for key in KEYS {
            let id = id(key);
            if matches.value_source(&id) == Some(ValueSource::CommandLine) {
                let raw = matches.get_raw(&id).into_iter().flatten();
                let values = raw.map(|text| Value {
                    text: text.to_owned(),
                    place: None,
                });
                layer.set(key, values.collect());
            }
        }
        layer
    }

    /// Sets a key.
    pub fn set(&mut self, key: &Key, values: Vec<Value>) {
        if let Some(key) = Key::of(key.path) {
            self.0.insert(key.path, values);
        }
    }

    /// As if it had not been set.
    pub fn unset(&mut self, key: &Key) {
        self.0.remove(key.path);
    }

    /// The values of a key that is set.
    pub fn get(&self, key: &Key) -> Option<&[Value]> {
        self.0.get(key.path).map(Vec::as_slice)
    }

    /// All keys that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Key, &[Value])> {
        KEYS.iter().filter_map(|key| Some((key, self.get(key)?)))
    }

    /// This with another one over it. A key that is set above hides the one below and those that it conflicts with; of the
    /// thresholds it hides only those of the same name.
    #[must_use]
    pub fn under(&self, above: &Self, conflicts: impl Fn(&Key) -> Vec<&'static Key>) -> Self {
        let mut merged = self.clone();
        for (key, values) in above.iter() {
            let is_off = values.iter().all(|value| value.text == "false");
            if !is_off {
                for hidden in conflicts(key) {
                    merged.unset(hidden);
                }
            }
            if *key == THRESHOLDS {
                merged.0.entry(key.path).or_default().extend_from_slice(values);
            } else {
                merged.set(key, values.to_vec());
            }
        }
        merged
    }
}

/// Clap's name for a flag: that of the field.
fn id(key: &Key) -> String {
    key.flag.replace('-', "_")
}

impl Value {
    /// The threshold that a value of [`THRESHOLDS`] names.
    pub fn threshold(&self) -> Option<&str> {
        let (name, _) = self.text.to_str()?.split_once('=')?;
        Some(name.trim())
    }
}
