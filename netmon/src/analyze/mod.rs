//! `netmon analyze`: a capture in, a report out, through the same parser, classifier and decider as live.
//!
//! It needs no rights. What a file holds never makes it fail: what can be read is analysed, and what cannot is
//! told as a warning with its place.

mod engine;
mod hearing;
mod judge;
pub mod limits;
pub mod named;
mod packets;
mod progress;
mod text;
mod via_kernel;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use netmon_common::{Address, DnsPorts};

use crate::capture::text::{self as texts, Hosts, TextFile, date_of};
use crate::capture::{OpenError, Opened, Progress, open};
use crate::counts::Counts;
use crate::detect::{Scope, Thresholds};
use crate::excerpt::Excerpts;
use crate::kernel::KernelError;
use crate::model::{
    Assumed, DestinationCounts, Document, Latency, Names, Source, SourceKind, Totals, Wall, Warning,
};
use crate::report::story::numbers::Clock;
use crate::report::{Cover, GENERATED_BY, Report};
use crate::served::ServedBy;
use crate::time::{Time, WallOffset};
use crate::timeline::Timeline;
use engine::Finished;
use hearing::Hearing;
use judge::judge;
use progress::Bar;
pub use via_kernel::Check;

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The files; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// The DNS ports.
    pub ports: DnsPorts,
    /// Whose failures count.
    pub scope: Scope,
    /// What the decider goes by.
    pub thresholds: Thresholds,
    /// Addresses of the host where the capture was made.
    pub local: Vec<Address>,
    /// The date of text that has none; else the file's modification date.
    pub date: Option<Date>,
    /// The zone of text's times.
    pub zone: TimeZone,
    /// Whether nobody gave that zone.
    pub zone_is_assumed: bool,
    /// What servers are called, and whose they are.
    pub names: Names,
    /// Whether captures go through the kernel's program as well.
    pub via_kernel: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Analysis {
    /// The contract's document.
    pub document: Document,
    /// What passed when.
    pub timeline: Timeline,
    /// What became of each server's queries.
    pub served: ServedBy,
    /// The first packets of each incident.
    pub excerpts: Excerpts,
    /// Whether the packets were read as text.
    pub from_text: bool,
    /// Whether nothing at all could be read.
    pub nothing_read: bool,
    /// The hosts that texts name in place of their addresses.
    pub hosts: Hosts,
    /// What the check of the kernel's side came to, if it was asked for.
    pub check: Option<Check>,
}

impl Analysis {
    /// What a report of it is written from.
    pub const fn report<'a>(&'a self, clock: &'a Clock, cover: &'a Cover) -> Report<'a> {
        Report {
            document: &self.document,
            timeline: &self.timeline,
            served: Some(&self.served),
            close_ups: &[],
            excerpts: &self.excerpts,
            from_text: self.from_text,
            clock,
            cover,
            generated_by: GENERATED_BY,
        }
    }
}

/// What cannot be analysed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// A file that cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Captures beside text.
    #[error("{capture} is a capture and {text} is text: analyse them one after the other")]
    Mixed {
        /// The capture.
        capture: String,
        /// The text.
        text: String,
    },
    /// Text, where frames are needed.
    #[error("{text} is text: --via-kernel needs the frames of a capture")]
    NoFrames {
        /// The text.
        text: String,
    },
    /// The kernel refuses to run its side.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

impl AnalyzeError {
    /// Whether whoever named the files is to blame, not the system.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Open(error) => matches!(
                error.source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory
            ),
            Self::Mixed { .. } | Self::NoFrames { .. } => true,
            Self::Kernel(_) => false,
        }
    }
}

/// Reads all files to their ends; once more where it turns out late that answers to a client would have been seen.
pub fn analyze(options: &Options) -> Result<Analysis, AnalyzeError> {
    let (analysis, heard_late) = read(options, Hearing::default())?;
    if heard_late.is_empty() || !options.files.iter().all(|file| file.is_file()) {
        return Ok(analysis);
    }
    let (analysis, _) = read(options, Hearing::knowing(heard_late))?;
    Ok(analysis)
}

/// Reads all files to their ends. And the clients of whom it should have been known before that packets to them are shown.
fn read(options: &Options, hearing: Hearing) -> Result<(Analysis, HashSet<Address>), AnalyzeError> {
    let progress = Progress::default();
    let mut captures = Vec::new();
    let mut texts = Vec::new();
    let mut warnings = Vec::new();
    let hosts = Hosts::default();
    let reading = |path: &Path| texts::Options {
        date: options.date.unwrap_or_else(|| date_of(path, &options.zone)),
        zone: options.zone.clone(),
        ports: options.ports,
    };
    for path in &options.files {
        let name = path.display().to_string();
        match open(path, &progress)? {
            Opened::Packets(file) => captures.push((name, *file)),
            Opened::Text(lines) => texts.push(TextFile::new(name, lines, reading(path), &hosts)),
            Opened::Unreadable(warning) => warnings.push(warning),
        }
    }
    if let (Some((capture, _)), Some(text)) = (captures.first(), texts.first()) {
        return Err(AnalyzeError::Mixed {
            capture: capture.clone(),
            text: text.name().to_owned(),
        });
    }
    if options.via_kernel
        && let Some(text) = texts.first()
    {
        return Err(AnalyzeError::NoFrames {
            text: text.name().to_owned(),
        });
    }
    let mut bar = Bar::over(&options.files, &progress);
    let mut check = None;
    let from_text = !texts.is_empty();
    let mut found = if from_text {
        text::analyze(texts, options, hearing, &mut bar)
    } else if options.via_kernel {
        let (found, checked) = via_kernel::analyze(captures, options, &mut bar)?;
        check = Some(checked);
        found
    } else {
        let files = captures.into_iter().map(|(_, file)| file).collect();
        packets::analyze(files, options, hearing, &mut bar)
    };
    bar.finish();
    let heard_late = std::mem::take(&mut found.heard_late);
    let mut analysis = found.analysis(options, warnings, check, hosts);
    analysis.from_text = from_text;
    Ok((analysis, heard_late))
}

/// What a door and the engine behind it have found.
struct Found {
    counts: Counts,
    latency: BTreeMap<Address, Latency>,
    span: Option<(Time, Time)>,
    finished: Finished,
    warnings: Vec<Warning>,
    /// Clients whose silence was not judged, and that packets are shown to later.
    heard_late: HashSet<Address>,
    /// What the input does not say of its times.
    assumed: text::Untold,
}

impl Found {
    fn analysis(
        self,
        options: &Options,
        mut warnings: Vec<Warning>,
        check: Option<Check>,
        hosts: Hosts,
    ) -> Analysis {
        let wall = |time| Wall(WallOffset::NONE.wall(time));
        let source = Source {
            kind: SourceKind::Capture,
            files: options
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect(),
            first: self.span.map(|(first, _)| wall(first)),
            last: self.span.map(|(_, last)| wall(last)),
        };
        warnings.extend(self.warnings);
        let nothing_read = self.counts.totals.frames == 0 && !warnings.is_empty();
        warnings.extend(self.finished.warnings);
        let mut document = Document::new(
            source,
            Totals {
                counters: self.counts.totals,
                not_served: self.finished.not_served.total(),
            },
        );
        document.destinations = self
            .counts
            .destinations
            .iter()
            .map(|(address, counters)| DestinationCounts {
                address: *address,
                counters: *counters,
                not_served: self.finished.not_served.of(*address),
                latency_us: self.latency.get(address).copied().unwrap_or_default(),
                server_info: None,
            })
            .collect();
        document.warnings = warnings;
        document.incidents = self.finished.incidents;
        document.name_servers(&options.names);
        document.assumed = assumed(self.assumed, options);
        let Finished {
            exchanges,
            names,
            last,
            ..
        } = self.finished;
        let waits_for = options.thresholds.unanswered_wait;
        document.judgement = Some(judge(
            &document,
            &exchanges,
            names,
            (last, waits_for),
            &options.scope,
        ));
        Analysis {
            document,
            timeline: self.finished.timeline,
            served: self.finished.served,
            excerpts: self.finished.excerpts,
            from_text: false,
            nothing_read,
            check,
            hosts,
        }
    }
}

/// What was taken for granted, of what nobody said.
fn assumed(untold: text::Untold, options: &Options) -> Option<Assumed> {
    let zone = (untold.zone && options.zone_is_assumed).then(|| zone_name(&options.zone));
    let date = untold.date && options.date.is_none();
    (date || untold.year || zone.is_some()).then_some(Assumed {
        date,
        year: untold.year,
        zone,
    })
}

/// From January to July of 1970.
const SECONDS_TO_JULY: i64 = 181 * 86_400;

fn zone_name(zone: &TimeZone) -> String {
    if let Some(name) = zone.iana_name() {
        return name.to_owned();
    }
    // `TZ=CET5` is fixed too, but does not count as such.
    let of_half_years = [0, SECONDS_TO_JULY].map(|second| {
        let moment = jiff::Timestamp::from_second(second).unwrap_or_default();
        zone.to_offset(moment)
    });
    match of_half_years {
        [one, other] if one == other => format!("UTC{one}"),
        _ => "not named".to_owned(),
    }
}
