//! Captures: every packet through the door, what it means to the engine.

use super::engine::Engine;
use super::hearing::Hearing;
use super::progress::Bar;
use super::{Found, Options};
use crate::capture::{Door, DuplicateFrames, Frames, PacketFile, Tunnels};

/// Analyses the packets of these files in the order of their times.
pub(super) fn analyze(files: Vec<PacketFile>, options: &Options, hearing: Hearing, bar: &mut Bar) -> Found {
    let mut duplicates = DuplicateFrames::new(files.len());
    let mut tunnels = Tunnels::default();
    let mut frames = Frames::new(files);
    let mut door = Door::new(options.ports);
    door.set_local(options.local.iter().copied());
    let mut engine = Engine::new(
        options.thresholds.clone(),
        options.scope.clone(),
        options.local.iter().copied(),
    );
    let mut observed = Vec::new();
    while let Some(frame) = frames.next() {
        let file = frame.file;
        engine.advance(frame.time, &hearing.over(|client| door.heard(client)));
        if !duplicates.has(&frame) {
            tunnels.look(&frame);
            door.take(&frame, &mut |observation| observed.push(observation));
            engine.learn(door.interfaces(), |interface| {
                frames.interface_name(file, interface)
            });
            for observation in observed.drain(..) {
                engine.observe(&observation);
            }
            door.make_room(|| engine.staying());
        }
        bar.packet();
    }
    let finished = engine.finish(&door.unseen());
    let counts = door.counts();
    let mut warnings = frames.warnings();
    warnings.extend(door.warnings());
    warnings.extend(duplicates.warning());
    warnings.extend(tunnels.warning());
    Found {
        latency: counts
            .destinations
            .keys()
            .map(|address| (*address, door.latency(*address)))
            .collect(),
        counts,
        span: door.span(),
        finished,
        warnings,
        heard_late: hearing.late(|client| door.heard(client)),
        assumed: super::text::Untold::default(),
    }
}
