//! What it costs lookups that a server fails: they are asked again elsewhere.

use serde::{Deserialize, Serialize};

/// Lookups that a server failed and that its clients then asked another one for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failover {
    /// How many.
    pub lookups: u64,
    /// How long half of them waited at most until they were asked elsewhere.
    pub waited_p50_ms: Option<u64>,
    /// How long all of them did.
    pub waited_max_ms: Option<u64>,
    /// Whether names were looked at for some of the queries only, so that there may be more.
    pub sample: bool,
}
