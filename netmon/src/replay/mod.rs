//! A capture, or what tcpdump printed, as it unfolded: its packets come in their own time, or faster, and what they come to is shown
//! as a running netmon shows it. What is decided is what `netmon analyze` decides; only the report comes as it goes on.
//!
//! Whoever looks can have it wait, go faster and go elsewhere ([`pace`]). Going on is reading on without waiting; going back is
//! beginning again.

mod pace;
mod pass;
mod source;

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::capture::OpenError;
use crate::model::{Moment, Names, ServerInfo};
use crate::time::{Time, WallOffset};
use crate::views::{Controls, Views};
use pace::Pace;
use pass::Pass;
use source::Source;

/// A capture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be decompressed.
    #[error("{0}")]
    Unreadable(String),
    /// It can be read only once.
    #[error("{} is no file: --replay reads a capture, or what tcpdump printed, more than once", .0.display())]
    NoFile(PathBuf),
    /// There is nothing in it.
    #[error("{} has no packet: --replay shows a capture (pcap, pcapng) or what tcpdump printed", .0.display())]
    Empty(PathBuf),
}

/// What is to be shown.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    zone: TimeZone,
    names: Names,
    span: (Time, Time),
}

impl Replay {
    /// Of this file, which is read once to know where it ends. Times without a zone are of this one.
    pub fn open(path: &Path, zone: TimeZone, names: &Names) -> Result<Self, ReplayError> {
        if path.exists() && !path.is_file() || path == Path::new("-") {
            return Err(ReplayError::NoFile(path.to_owned()));
        }
        let mut source = Source::open(path, &zone)?;
        let mut span: Option<(Time, Time)> = None;
        while let Some(time) = source.peek() {
            span = Some(span.map_or((time, time), |(first, last)| (first, last.max(time))));
            source.take(&mut |_| ());
        }
        let told = source.counts().destinations.into_keys().filter_map(|address| {
            let name = source.name(address)?;
            let (owner, note) = (None, None);
            Some((
                address,
                ServerInfo {
                    name: Some(name),
                    owner,
                    note,
                },
            ))
        });
        Ok(Self {
            path: path.to_owned(),
            names: told.collect::<Names>().with(names),
            zone,
            span: span.ok_or_else(|| ReplayError::Empty(path.to_owned()))?,
        })
    }

    /// Shows it for as long as this thread lives, at first so much faster than it was.
    pub fn play(&self, speed: f64, controls: Controls, views: &mut Views) -> Result<(), ReplayError> {
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut pace = Pace::new(file.into_owned(), self.span, speed, controls);
        let mut there = self.span.0;
        loop {
            let mut pass = Pass::new(Source::open(&self.path, &self.zone)?, &self.names);
            pass.begin(self.span.0, views);
            pace.set(there, views);
            loop {
                there = match pass.play(there, &mut pace, views) {
                    Some(there) => there,
                    None => pace.end(views),
                };
                if there < pass.now() {
                    break;
                }
                pace.set(there, views);
            }
            views.begin_again(moment(self.span.0));
        }
    }
}

fn moment(time: Time) -> Moment {
    Moment {
        time,
        offset: WallOffset::NONE,
    }
}
