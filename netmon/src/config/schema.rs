//! What each key takes, asked of its flag: the file refuses exactly what the command line refuses.

use std::any::TypeId;
use std::ffi::OsString;
use std::fmt;

use clap::builder::{Arg, OsStr, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, ArgMatches, Args as _, Command};

use super::keys::{KEYS, Key};
use super::layer::Layer;
use crate::cli;

/// The flags of `netmon run`.
#[derive(Debug)]
pub struct Schema {
    command: Command,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether it may be a list.
    pub many: bool,
    /// What each value is.
    pub kind: Kind,
}

/// What a value is, in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A string.
    Text,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Text => "a string in quotation marks",
        })
    }
}

impl Schema {
    /// As the command line has it.
    pub fn new() -> Self {
        let command = Command::new("netmon run")
            .no_binary_name(true)
            .disable_help_flag(true);
        let mut command = cli::Run::augment_args(command);
        command.build();
        Self { command }
    }

    /// What a key takes.
    pub fn shape(&self, key: &Key) -> Shape {
        let arg = self.arg(key);
        let integers = [
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
        ];
        let parser = arg.map_or_else(ValueParser::string, |arg| arg.get_value_parser().clone());
        let kind = if is_switch(arg) {
            Kind::Boolean
        } else if integers.iter().any(|integer| parser.type_id() == *integer) {
            Kind::Integer
        } else {
            Kind::Text
        };
        Shape {
            many: arg.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Append)),
            kind,
        }
    }

    /// What it is where nothing is said; empty where that is nothing.
    pub fn default(&self, key: &Key) -> Vec<OsString> {
        let values = self.arg(key).map(Arg::get_default_values).unwrap_or_default();
        values.iter().map(OsStr::to_os_string).collect()
    }

    /// What a key is set to in that layer; what it is by default where it is not set.
    pub fn texts(&self, layer: &Layer, key: &Key) -> Vec<OsString> {
        match layer.get(key) {
            Some(values) => values.iter().map(|value| value.text.clone()).collect(),
            None => self.default(key),
        }
    }

    /// Says why a value cannot be.
    pub fn check(&self, key: &Key, value: &OsString) -> Result<(), String> {
        let words = self.words(key, std::slice::from_ref(value));
        match self.command.clone().try_get_matches_from(words) {
            Ok(_) => Ok(()),
            // A flag that needs another one: the whole is looked at later.
            Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
            Err(error) => Err(reason(&error, value)),
        }
    }

    /// The keys that cannot be set together with this one.
    pub fn conflicts(&self, key: &Key) -> Vec<&'static Key> {
        let Some(arg) = self.arg(key) else {
            return Vec::new();
        };
        let mut conflicts: Vec<&Key> = Vec::new();
        for other in KEYS {
            let Some(other_arg) = self.arg(other) else {
                continue;
            };
            let one_way = self.command.get_arg_conflicts_with(arg).contains(&other_arg);
            if one_way || self.command.get_arg_conflicts_with(other_arg).contains(&arg) {
                conflicts.push(other);
            }
        }
        conflicts
    }

    /// What all values together say.
    pub fn parse(&self, layer: &Layer) -> Result<ArgMatches, clap::Error> {
        let set = layer.iter();
        let words = set.flat_map(|(key, _)| self.words(key, &self.texts(layer, key)));
        self.command.clone().try_get_matches_from(words)
    }

    /// The words of a command line. A switch that is off is not there.
    fn words(&self, key: &Key, values: &[OsString]) -> Vec<OsString> {
        let flag = format!("--{}", key.flag);
        if is_switch(self.arg(key)) {
            return match values.last() {
                Some(value) if value == "true" => vec![flag.into()],
                _ => Vec::new(),
            };
        }
        let word = |value: &OsString| {
            let mut word = OsString::from(&flag);
            word.push("=");
            word.push(value);
            word
        };
        values.iter().map(word).collect()
    }

    fn arg(&self, key: &Key) -> Option<&Arg> {
        self.command
            .get_arguments()
            .find(|arg| arg.get_long() == Some(key.flag))
    }
}

fn is_switch(arg: Option<&Arg>) -> bool {
    arg.is_some_and(|arg| {
        matches!(arg.get_action(), ArgAction::SetTrue)
            || arg.get_value_parser().type_id() == TypeId::of::<bool>()
    })
}

/// Clap's reason in our words: without the command line, which nobody typed.
fn reason(error: &clap::Error, value: &OsString) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return format!("{source}");
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let value = value.to_string_lossy();
    match (text(ContextKind::ValidValue), text(ContextKind::SuggestedValue)) {
        (Some(valid), Some(near)) => {
            format!("it cannot be `{value}`; did you mean `{near}`? There are: {valid}")
        }
        (Some(valid), None) => format!("it cannot be `{value}`; there are: {valid}"),
        _ => first_line(error),
    }
}

/// The first line of what clap says.
pub fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_netmon_run_has_a_key_and_every_key_its_flag() {
        let schema = Schema::new();
        let mut flags: Vec<&str> = schema.command.get_arguments().filter_map(Arg::get_long).collect();
        let mut keyed: Vec<&str> = KEYS.iter().map(|key| key.flag).chain(["config"]).collect();
        flags.sort_unstable();
        keyed.sort_unstable();
        assert_eq!(flags, keyed);
    }

    #[test]
    fn shapes_are_those_of_the_flags() {
        let schema = Schema::new();
        let shape = |path| {
            let Shape { many, kind } = schema.shape(Key::of(path).unwrap());
            (many, kind)
        };
        for (path, many, kind) in [
            ("interface", true, Kind::Text),
            ("port", true, Kind::Integer),
            ("server", true, Kind::Text),
            ("iterative", false, Kind::Boolean),
            ("interval", false, Kind::Text),
            ("hook", false, Kind::Text),
            ("notify.queue", false, Kind::Integer),
            ("notify.command.command", true, Kind::Text),
        ] {
            assert_eq!(shape(path), (many, kind), "{path}");
        }
    }

    #[test]
    fn a_value_is_refused_with_the_flags_own_reason() {
        let schema = Schema::new();
        for (path, value, words) in [
            ("interval", "50ms", "it must be from 100ms to 10s"),
            ("interval", "fast", "`fast` is not a duration"),
            (
                "port",
                "0",
                "`0` is not a port; write a number from 1 to 65535, such as 53",
            ),
            ("server", "resolver", "`resolver` is not an address; write"),
            ("hook", "xdp", "it cannot be `xdp`; did you mean"),
            ("format", "magic", "it cannot be `magic`; there are: text, json"),
        ] {
            let error = schema.check(Key::of(path).unwrap(), &value.into()).unwrap_err();
            assert!(error.starts_with(words), "{path} = {value}: {error}");
        }
    }

    #[test]
    fn keys_that_exclude_each_other_are_known_from_both_sides() {
        let schema = Schema::new();
        let paths = |path| -> Vec<&str> {
            let conflicts = schema.conflicts(Key::of(path).unwrap());
            conflicts.iter().map(|key| key.path).collect()
        };
        assert_eq!(paths("interface"), ["all-interfaces"]);
        assert_eq!(paths("all-interfaces"), ["interface"]);
        assert!(paths("port").is_empty());
    }
}
