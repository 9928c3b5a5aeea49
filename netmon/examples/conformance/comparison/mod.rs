//! Runs every capture of a directory past three witnesses, and lists where they disagree.
//!
//! User space stands in the middle: the XDP program and tshark are each compared with it. Nothing here decides who
//! is right. What is known to differ is listed in docs/conformance.md, with the reason.

mod kernel;
mod known;
mod outcome;
mod reading;
mod tshark;
mod user_space;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, anyhow};

use netmon::capture::LinkType;

pub use outcome::Comparison;
use outcome::Witness;
use reading::Field;
use tshark::{Told, Tshark};
use user_space::Frame;

/// Whom user space is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnesses {
    /// The XDP program. Needs root.
    pub xdp: bool,
    /// tshark.
    pub tshark: bool,
}

/// What tshark can tell.
const TSHARK_FIELDS: [Field; 9] = [
    Field::Outcome,
    Field::Destination,
    Field::LateResponse,
    Field::Id,
    Field::Opcode,
    Field::Rcode,
    Field::Code,
    Field::DnsUnreachable,
    Field::Quoted,
];

/// Compares the witnesses over all captures of a directory.
pub fn compare(directory: &Path, witnesses: Witnesses) -> Result<Comparison> {
    let files = files(directory)?;
    let mut told = Vec::new().into_iter();
    if witnesses.tshark {
        told = ask_tshark(&files)?.into_iter();
    }
    let mut program = witnesses.xdp.then(kernel::Program::load).transpose()?;
    let mut comparison = Comparison::default();
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let told = told.next();
        let Some(capture) = user_space::open_capture(path)? else {
            continue;
        };
        let frames = user_space::read(capture);
        comparison.add_file(&name, frames.len());
        if let Some(program) = &mut program {
            with_kernel(&mut comparison, &name, &frames, program).with_context(|| name.to_string())?;
        }
        match told {
            Some(Told::Frames(told)) => with_tshark(&mut comparison, &name, &frames, told),
            Some(Told::Refused(why)) => {
                // What netmon does not read either is `not_ip` by its link type.
                if frames
                    .iter()
                    .any(|frame| !matches!(frame.link, LinkType::Unknown(_)))
                {
                    comparison.frames_differ(&name, frames.len(), 0);
                }
                comparison.refused.push(format!("{name}: {why}"));
            }
            None => {}
        }
    }
    if let Some(program) = &mut program {
        program.check()?;
    }
    let mut list = known::list()?;
    list.retain(|known| match known.witness {
        Witness::Xdp => witnesses.xdp,
        Witness::Tshark => witnesses.tshark,
    });
    known::look_up(&list, &mut comparison);
    Ok(comparison)
}

/// The files of a directory, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Asks tshark about each file, about as many at once as there are CPUs: it takes its time to start.
fn ask_tshark(files: &[PathBuf]) -> Result<Vec<Told>> {
    let tshark = Tshark::new()?;
    let next = AtomicUsize::new(0);
    let ask = || -> Result<Vec<(usize, Told)>> {
        let mut told = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else {
                return Ok(told);
            };
            told.push((index, tshark.ask(file)?));
        }
    };
    let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut told = Vec::new();
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..cpus).map(|_| scope.spawn(ask)).collect();
        for worker in workers {
            told.extend(worker.join().map_err(|_panic| anyhow!("a thread died"))??);
        }
        Ok(())
    })?;
    told.sort_by_key(|(index, _)| *index);
    Ok(told.into_iter().map(|(_, told)| told).collect())
}

fn with_kernel(
    comparison: &mut Comparison,
    file: &str,
    frames: &[Frame],
    program: &mut kernel::Program,
) -> Result<()> {
    for frame in frames {
        match program.read(frame)? {
            Ok((reading, fields)) => {
                comparison.run += 1;
                let differences = frame.reading.differences(&reading, fields);
                comparison.differ(file, frame.number, Witness::Xdp, differences);
            }
            Err(reason) => *comparison.not_run.entry(reason).or_default() += 1,
        }
    }
    Ok(())
}

fn with_tshark(comparison: &mut Comparison, file: &str, frames: &[Frame], told: tshark::Readings) {
    if frames.len() != told.len() {
        comparison.frames_differ(file, frames.len(), told.len());
    }
    for (frame, told) in frames.iter().zip(told) {
        match told {
            Ok(reading) => {
                comparison.told += 1;
                let differences = frame.reading.differences(&reading, &TSHARK_FIELDS);
                comparison.differ(file, frame.number, Witness::Tshark, differences);
            }
            Err(untold) => {
                let outcome = frame.reading.get(Field::Outcome);
                comparison.is_silent(file, frame.number, untold.column.name(), outcome);
            }
        }
    }
}
