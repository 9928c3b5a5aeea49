//! The reader of the name in a DNS message, over any bytes: it ends, and what it gives can go to a terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netmon_common::wire::name::{TEXT_MAX, read_question};

fuzz_target!(|message: &[u8]| {
    let Some(name) = read_question(message) else {
        return;
    };
    let text = name.as_str();
    assert!(!text.is_empty() && text.len() <= TEXT_MAX);
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    );
    // What follows the name is not read: cutting nothing off it changes nothing.
    let longer = [message, &[0]].concat();
    assert_eq!(
        read_question(&longer).as_ref().map(|name| name.as_str()),
        Some(text)
    );
});
