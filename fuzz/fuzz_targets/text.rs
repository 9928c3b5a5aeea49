//! `netmon analyze` of any bytes; the seeds are tcpdump's text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netmon_fuzz::any_file;

fuzz_target!(|bytes: &[u8]| any_file(bytes));
