//! `netmon analyze` of any bytes; the seeds are captures in libpcap's format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netmon_fuzz::analyzed;

fuzz_target!(|bytes: &[u8]| analyzed(bytes));
