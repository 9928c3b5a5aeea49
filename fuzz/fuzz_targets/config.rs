//! The configuration file, over any text: a mistake is said in words, and what `netmon config show` prints is a configuration.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{ArgMatches, CommandFactory as _};
use libfuzzer_sys::fuzz_target;
use netmon::cli::Arguments;
use netmon::config::Source;
use netmon_fuzz::Place;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);
static WRITTEN: LazyLock<Source> = LazyLock::new(|| source(&PLACE.path("written.toml")));
static SHOWN: LazyLock<Source> = LazyLock::new(|| source(&PLACE.path("shown.toml")));

/// The file as `netmon run --config` names it.
fn source(file: &PathBuf) -> Source {
    let words = ["netmon".into(), "run".into(), "--config".into(), file.into()];
    let words: [std::ffi::OsString; 4] = words;
    let matches = Arguments::command().get_matches_from(words);
    let (_, run): (&str, &ArgMatches) = matches.subcommand().expect("it is run");
    Source::of(run)
}

fuzz_target!(|text: &str| {
    PLACE.file("written.toml", text.as_bytes());
    match WRITTEN.load() {
        Ok(loaded) => {
            PLACE.file("shown.toml", loaded.shown().as_bytes());
            if let Err(error) = SHOWN.load() {
                panic!("{error}\n{}", loaded.shown());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
