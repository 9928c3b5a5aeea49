//! The parser, the classifier and the counters, over any bytes: exactly one outcome, nothing found outside the
//! packet, and a snap length that changes nothing but to make the packet `truncated`.
//!
//! `netmon_testkit::frames::input` says how an input is laid out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netmon_testkit::frames::input::Input;
use netmon_testkit::frames::laws::check_cut;

fuzz_target!(|bytes: &[u8]| {
    let input = Input::read(bytes);
    check_cut(input.frame, input.snap, input.offload, &input.ports);
});
