//! Both layers together: the configuration file below, the command line above.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, FromArgMatches as _};

use super::file;
use super::keys::THRESHOLDS;
use super::layer::{Layer, Value};
use super::problem::{Place, Problem, Problems};
use super::schema::{self, Schema};
use super::{Config, Fault, UsageError};
use crate::cli;

/// The configuration file that is read without `--config`, if it is there.
pub const DEFAULT_FILE: &str = "/etc/netmon/netmon.toml";

/// Where the configuration comes from: what was typed, and which file to read.
#[derive(Clone, Debug)]
pub struct Source {
    typed: Layer,
    /// The file that was asked for; absolute, so that it stays the same wherever the process goes.
    named: Option<PathBuf>,
}

/// A configuration, and where it comes from.
#[derive(Debug)]
pub struct Loaded {
    /// What the monitor is to do.
    pub config: Config,
    /// The same as flags, those that stand for the file's keys included.
    pub arguments: cli::Run,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What is set: with a place by the file, without by a flag. The rest are defaults.
    pub(super) set: Layer,
}

impl Source {
    /// From the matches of a command that takes the flags of `netmon run`.
    pub fn of(matches: &ArgMatches) -> Self {
        let named: Option<&PathBuf> = matches.get_one("config");
        Self {
            typed: Layer::typed(matches),
            named: named.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone())),
        }
    }

    /// Reads the file, and puts the flags over it.
    pub fn load(&self) -> Result<Loaded, UsageError> {
        let schema = Schema::new();
        let (file, text) = match &self.named {
            Some(file) => (Some(file.clone()), read(file)?),
            None if Path::new(DEFAULT_FILE).exists() => {
                (Some(DEFAULT_FILE.into()), read(Path::new(DEFAULT_FILE))?)
            }
            None => (None, String::new()),
        };
        let (below, mut problems) = file::read(&text, &schema);
        let loaded = Loaded::new(
            file.clone(),
            below.under(&self.typed, |key| schema.conflicts(key)),
            &schema,
        );
        match loaded {
            Ok(loaded) if problems.is_empty() => Ok(loaded),
            Ok(_) => Err(Problems::new(file, problems).into()),
            Err(more) => {
                problems.extend(more);
                Err(Problems::new(file, problems).into())
            }
        }
    }
}

impl Loaded {
    /// Whether the configuration file set this key, and no flag did.
    pub fn is_from_file(&self, key: &str) -> bool {
        let values = super::Key::of(key).and_then(|key| self.set.get(key));
        values
            .and_then(<[Value]>::first)
            .is_some_and(|value| value.place.is_some())
    }

    /// What these settings, and the defaults for the rest, come to.
    pub(super) fn new(file: Option<PathBuf>, set: Layer, schema: &Schema) -> Result<Self, Vec<Problem>> {
        let parsed = schema
            .parse(&set)
            .and_then(|matches| cli::Run::from_arg_matches(&matches));
        let arguments = parsed.map_err(|error| {
            let what = schema::first_line(&error);
            vec![Problem { place: None, what }]
        })?;
        match Config::from_arguments(&arguments) {
            Ok(config) => Ok(Self {
                config,
                arguments,
                file,
                set,
            }),
            Err(faults) => Err(faults.into_iter().map(|fault| locate(fault, &set)).collect()),
        }
    }
}

/// Finds where in the file a fault stands. Of thresholds that contradict each other it may be either.
fn locate(fault: Fault, set: &Layer) -> Problem {
    let place = match fault.key.strip_prefix(THRESHOLDS.path) {
        Some(rest) => {
            let values = set.get(&THRESHOLDS).unwrap_or_default();
            let named = rest.trim_start_matches('.');
            place_of_threshold(values, named).or_else(|| {
                let mut words = fault.why.split_whitespace();
                words.find_map(|word| place_of_threshold(values, word))
            })
        }
        None => super::Key::of(&fault.key).and_then(|key| set.get(key)?.first()?.place),
    };
    let what = fault.why;
    Problem { place, what }
}

/// Where a threshold is set, if that holds: the last one wins.
fn place_of_threshold(values: &[Value], name: &str) -> Option<Place> {
    values
        .iter()
        .rfind(|value| value.threshold() == Some(name))?
        .place
}

pub(super) fn read(file: &Path) -> Result<String, UsageError> {
    let unreadable = |why| UsageError::Unreadable {
        file: file.to_owned(),
        why,
    };
    let bytes = fs::read(file).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let (line, column) = place_of_bad_byte(error.as_bytes(), error.utf8_error().valid_up_to());
        let what = format!("it is not UTF-8: see line {line}, column {column}");
        unreadable(io::Error::new(io::ErrorKind::InvalidData, what))
    })
}

fn place_of_bad_byte(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or(bytes));
    let Place { line, column } = Place::of(&before, before.len());
    (line, column)
}
