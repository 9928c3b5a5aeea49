//! What breaks a rule today. The list only shrinks: what is on it and breaks none any more is an error.

/// Files, and the room, the crate or the word that they should not import or use.
pub const AGAINST: &[(&str, &str)] = &[
    ("netmon/src/config/mod.rs", "analyze"),
    ("netmon/src/history/keeper.rs", "detect"),
    ("netmon/src/history/limits.rs", "detect"),
    ("netmon/src/history/mail.rs", "detect"),
    ("netmon/src/history/store.rs", "detect"),
];

/// Imports that close a circle of files: without them there is none.
pub const CIRCLES: &[(&str, &str)] = &[
    (
        "netmon-common/src/records/destination.rs",
        "netmon-common/src/records/tally.rs",
    ),
    (
        "netmon-common/src/records/totals.rs",
        "netmon-common/src/records/tally.rs",
    ),
];
