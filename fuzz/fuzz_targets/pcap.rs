//! `netmon analyze` of any bytes; the seeds are captures in libpcap's format.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use netmon_fuzz::{Place, analyzed};

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

fuzz_target!(|bytes: &[u8]| analyzed(&PLACE, bytes));
