//! Which room may import which, in one table, and who alone may import or touch what.

use std::path::Path;

use super::graph::To;

/// The source of user space, whose directories and files are its rooms.
const USER_SPACE: &str = "netmon/src";

/// The ground floor of user space: words that everything speaks, time, the kernel's records, and what accumulates from
/// them.
const GROUND: &[&str] = &[
    "bounded",
    "clock",
    "counter",
    "counts",
    "excerpt",
    "latency",
    "limits",
    "model",
    "observation",
    "ongoing",
    "resources",
    "rights",
    "served",
    "stand_in",
    "time",
    "timeline",
];

/// Each room of user space, and what it may import besides the ground floor. From above: what stands below another
/// may not import it. `lib.rs` may import everything; `main.rs` and
/// `commands` are a crate of their own, which the library cannot import.
const ROOMS: &[(&str, &[&str])] = &[
    // Two doors, and the decider: three rooms that do not know each other.
    ("capture", &[]),
    ("kernel", &[]),
    ("detect", &[]),
    // Which process asks, and where it runs.
    ("askers", &[]),
    // Which servers this host is configured to use.
    ("resolvers", &[]),
    // Its own queries.
    ("probe", &["kernel"]),
    // How a finished story reads, and who gets the events.
    ("report", &[]),
    ("outlets", &["report"]),
    ("history", &["report", "outlets"]),
    // What is shown to those who look.
    ("views", &["report", "outlets", "history"]),
    // The same at a terminal, asked for at the socket.
    ("top", &["report", "views"]),
    // A capture: what brings doors, decider and outlets together, once.
    ("analyze", &["capture", "kernel", "detect", "report", "outlets"]),
    // Flags and file become settings of the rooms below.
    (
        "cli",
        &[
            "kernel",
            "detect",
            "history",
            "outlets",
            "report",
            "resolvers",
            "views",
        ],
    ),
    (
        "config",
        &[
            "cli", "analyze", "kernel", "detect", "history", "outlets", "report", "views",
        ],
    ),
    // What brings them together for as long as the host runs.
    ("replay", &["capture", "detect", "outlets", "views"]),
    ("doctor", &["kernel", "config", "report", "resolvers"]),
    ("status", &["kernel", "outlets", "report"]),
    // What the command line says of itself.
    ("manual", &["cli"]),
    (
        "monitor",
        &[
            "askers",
            "kernel",
            "detect",
            "config",
            "report",
            "outlets",
            "history",
            "probe",
            "resolvers",
            "views",
        ],
    ),
];

/// Of the rooms on the ground floor the model imports none but time.
const BELOW_MODEL: &[&str] = &["time"];

/// Crates that only files below some path may import, of those below another one.
const CRATES: &[(&str, &str, &str)] = &[
    ("netmon/src", "aya", "netmon/src/kernel"),
    ("netmon/src", "aya_log", "netmon/src/kernel"),
];

/// Files that alone may touch packet memory, and the words by which it is touched.
const PACKET_FILES: &[&str] = &["packet.rs", "xdp.rs", "skb.rs"];
const PACKET_WORDS: &[&str] = &[
    "bpf_skb_load_bytes",
    "bpf_skb_load_bytes_relative",
    "bpf_skb_pull_data",
    "bpf_xdp_get_buff_len",
    "bpf_xdp_load_bytes",
    "data_end",
];

/// What of an import is against the rules, and why.
pub fn against(from: &Path, to: &To) -> Option<(String, String)> {
    match to {
        To::Crate(name) => CRATES
            .iter()
            .find(|(below, crate_, only)| {
                from.starts_with(below) && name == crate_ && !from.starts_with(only)
            })
            .map(|(_, _, only)| (name.clone(), format!("only {only} may"))),
        To::File(to) => {
            let (from, to) = (room(from)?, room(to)?);
            if from == to || from == "model" && BELOW_MODEL.contains(&to) {
                return None;
            }
            let why = if GROUND.contains(&from) {
                if from != "model" && GROUND.contains(&to) {
                    return None;
                }
                "the ground floor imports no other room".to_owned()
            } else {
                let Some((_, may)) = ROOMS.iter().find(|(room, _)| *room == from) else {
                    let room = from.to_owned();
                    return Some((
                        room,
                        "it is in no table of xtask/src/structure/rules.rs".to_owned(),
                    ));
                };
                if GROUND.contains(&to) || may.contains(&to) {
                    return None;
                }
                format!("{from} may import the ground floor and {}", list(may))
            };
            Some((to.to_owned(), why))
        }
    }
}

fn list(rooms: &[&str]) -> String {
    if rooms.is_empty() {
        "no other room".to_owned()
    } else {
        rooms.join(", ")
    }
}

/// Why a file may not use a word, if it may not.
pub fn against_word(file: &Path, word: &str) -> Option<&'static str> {
    let is_packet_file = file
        .file_name()
        .is_some_and(|name| PACKET_FILES.iter().any(|file| name == *file));
    (file.starts_with("netmon-ebpf/src") && !is_packet_file && PACKET_WORDS.contains(&word))
        .then_some("only packet.rs, xdp.rs and skb.rs touch packet memory")
}

/// The room of a file: the directory of user space that it is in, or its own name.
fn room(file: &Path) -> Option<&str> {
    let first = file.strip_prefix(USER_SPACE).ok()?.components().next()?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?;
    (!["lib", "main"].contains(&name)).then_some(name)
}
