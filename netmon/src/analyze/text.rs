//! tcpdump's text: every printed packet through the door, what it means to the engine.

use std::collections::BTreeMap;

use netmon_common::DnsPorts;

use super::engine::Engine;
use super::hearing::Hearing;
use super::progress::Bar;
use super::{Found, Options};
pub(super) use crate::capture::text::Assumed as Untold;
use crate::capture::text::{DuplicatePackets, TextDoor, TextFile, TextPacket};
use crate::model::Warning;

/// Analyses the packets of these texts in the order of their times.
pub(super) fn analyze(mut files: Vec<TextFile>, options: &Options, hearing: Hearing, bar: &mut Bar) -> Found {
    let ports: DnsPorts = options.ports;
    let mut door = TextDoor::new(ports);
    door.set_local(options.local.iter().copied());
    let mut engine = Engine::new(
        options.thresholds.clone(),
        options.scope.clone(),
        options.local.iter().copied(),
    );
    let mut duplicates = DuplicatePackets::default();
    while let Some((file, packet)) = next(&mut files) {
        engine.advance(packet.time, &hearing.over(|client| door.heard(client)));
        if !duplicates.has(file, &packet) {
            door.take(&packet, &mut |observation| engine.observe(&observation));
            door.make_room(|| engine.staying());
        }
        bar.packet();
    }
    let finished = engine.finish(&door.unseen());
    let counts = door.counts();
    let untold = files
        .iter()
        .map(TextFile::assumed)
        .fold(Untold::default(), Untold::or);
    let mut warnings: Vec<Warning> = files.iter().flat_map(TextFile::warnings).collect();
    warnings.extend(door.warnings());
    warnings.extend(duplicates.warning());
    Found {
        counts,
        latency: BTreeMap::new(),
        span: door.span(),
        finished,
        warnings,
        heard_late: hearing.late(|client| door.heard(client)),
        assumed: untold,
    }
}

/// The earliest of the next packets, the first file's of several; and which file that is.
fn next(files: &mut [TextFile]) -> Option<(usize, TextPacket)> {
    let times = files.iter_mut().enumerate();
    let (_, index) = times
        .filter_map(|(index, file)| Some((file.peek()?.time, index)))
        .min()?;
    let packet = files.get_mut(index)?.take()?;
    Some((index, packet))
}
