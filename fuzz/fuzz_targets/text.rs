//! `netmon analyze` of any bytes; the seeds are tcpdump's text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netmon_fuzz::analyzed;

fuzz_target!(|bytes: &[u8]| analyzed(bytes));
