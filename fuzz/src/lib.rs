//! What several targets need: files for what netmon reads as files, and a whole analysis of one.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::civil::date;
use jiff::tz::TimeZone;
use netmon::analyze::{Options, analyze};
use netmon::detect::{Scope, Thresholds};
use netmon::model::Names;
use netmon::report::Cover;
use netmon::report::forms::{FORMS, Style};
use netmon::report::story::numbers::UTC;
use netmon_common::DnsPorts;
use tempfile::TempDir;

/// A directory of files in memory.
pub struct Place(TempDir);

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").expect("/dev/shm is memory"))
    }

    /// Where a file of that name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and says where it is.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("there is room");
        path
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// `netmon analyze`, from the first byte to the report, in a form that the input chooses. Every packet has one outcome, and
/// nothing reaches a terminal that could control it.
pub fn analyzed(bytes: &[u8]) {
    static PLACE: LazyLock<Place> = LazyLock::new(Place::new);
    let options = Options {
        files: vec![PLACE.file("input", bytes)],
        ports: DnsPorts::DEFAULT,
        scope: Scope::default(),
        thresholds: Thresholds::default(),
        local: Vec::new(),
        date: Some(date(2026, 11, 24)),
        zone: TimeZone::UTC,
        zone_is_assumed: false,
        names: Names::default(),
        via_kernel: false,
    };
    // Captures beside text, and what cannot be opened, are told to whoever asked.
    let Ok(analysis) = analyze(&options) else {
        return;
    };
    let counters = &analysis.document.totals.counters;
    assert_eq!(counters.outcomes.iter().sum::<u64>(), counters.frames);
    let cover = Cover::default();
    let report = analysis.report(&UTC, &cover);
    let form = &FORMS[bytes.len() % FORMS.len()];
    let style = Style {
        colour: false,
        width: 80,
    };
    let mut written = Vec::new();
    (form.write)(&report, style, &mut written).expect("memory takes all");
    let written = String::from_utf8(written).expect("reports are UTF-8");
    let controls = written.chars().find(|char| char.is_control() && *char != '\n');
    assert_eq!(controls, None, "in {}: {written:?}", form.name);
}
