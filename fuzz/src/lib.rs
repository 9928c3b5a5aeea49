//! What several targets need: files for what netmon reads as files, and what `netmon analyze` does with one.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::civil::date;
use jiff::tz::TimeZone;
use netmon::analyze::{Options, analyze};
use netmon::capture::text::{self, Hosts, TextFile};
use netmon::capture::{FileKind, Frames, Opened, open_source};
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

/// One of so many inputs, whichever, is analysed to its report: that takes a hundred times as long as to read its packets.
const ANALYSED: u64 = 64;

/// What `netmon analyze` does with a file: of each its packets are read, and some are analysed.
pub fn any_file(bytes: &[u8]) {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    if hasher.finish() % ANALYSED == 0 {
        analyzed(bytes);
    } else {
        read(bytes);
    }
}

/// Reads all packets. None is longer than what is there.
fn read(bytes: &[u8]) {
    let is_compressed = matches!(FileKind::of(bytes), FileKind::Gzip | FileKind::Zstd);
    let source = Box::new(Cursor::new(bytes.to_vec()));
    match open_source(source, "input").expect("memory can be read") {
        Opened::Packets(file) => {
            let mut frames = Frames::new(vec![*file]);
            while let Some(frame) = frames.next() {
                assert!(frame.bytes.len() <= bytes.len() || is_compressed);
            }
            frames.warnings();
        }
        Opened::Text(lines) => {
            let options = text::Options {
                date: date(2026, 11, 24),
                zone: TimeZone::UTC,
                ports: DnsPorts::DEFAULT,
            };
            let mut text = TextFile::new("input".to_owned(), lines, options, &Hosts::default());
            while text.take().is_some() {}
            text.warnings();
        }
        Opened::Unreadable(_) => {}
    }
}

/// `netmon analyze`, from the first byte to the report, in a form that the input chooses. Every packet has one outcome, and
/// nothing reaches a terminal that could control it.
fn analyzed(bytes: &[u8]) {
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
