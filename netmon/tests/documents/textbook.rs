//! The textbook incident (docs/contract.md, section 5), as `netmon analyze` finds it in docs/textbook.txt.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use netmon::analyze::{Options, analyze};
use netmon::detect::{Scope, Thresholds};
use netmon::report::Cover;
use netmon_common::DnsPorts;
use netmon_testkit::captures::textbook::DATE;

use super::Case;

pub fn textbook() -> Case {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/textbook.txt");
    let options = Options {
        files: vec![PathBuf::from(file)],
        ports: DnsPorts::DEFAULT,
        scope: Scope::default(),
        thresholds: Thresholds::default(),
        local: Vec::new(),
        date: Some(DATE.parse().expect("a date")),
        zone: TimeZone::UTC,
        zone_is_assumed: false,
        names: netmon::model::Names::default(),
        via_kernel: false,
    };
    let analysis = analyze(&options).expect("the log is there");
    let mut document = analysis.document;
    document.source.files = vec!["docs/textbook.txt".into()];
    Case {
        document,
        timeline: analysis.timeline,
        excerpts: analysis.excerpts,
        from_text: analysis.from_text,
        cover: Cover::default(),
    }
}
