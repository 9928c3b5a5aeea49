//! Standard input that is still being written: `tcpdump -w - | netmon analyze -`.

use std::io::Write as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::captures::textbook::{DATE, TEXT};
use netmon_testkit::captures::{Link, Order, Pcap, pcapng, textbook};

use super::incident::assert_textbook;
use super::run::{Run, command};

/// Hands the bytes over in two parts, with a pause between.
fn analyze_in_parts(bytes: &[u8], at: usize) -> Run {
    let mut child = command()
        .args(["--format", "json", "--date", DATE, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let (first, second) = bytes.split_at(at);
    input.write_all(first).unwrap();
    input.flush().unwrap();
    sleep(Duration::from_millis(150));
    // It waits for more, and does not take the pause for the end.
    assert!(child.try_wait().unwrap().is_none(), "{at}");
    input.write_all(second).unwrap();
    drop(input);
    child.wait_with_output().unwrap().into()
}

#[test]
fn what_grows_is_read_to_its_end() {
    let frames = textbook::frames(Link::Ethernet);
    let forms = [
        ("text", TEXT.as_bytes().to_vec()),
        ("pcap", Pcap::USUAL.file(&frames)),
        ("pcapng", pcapng::file(Order::Little, 1, 9, &frames)),
        (
            "pcap, gzip",
            super::textbook_captures::gzip(&Pcap::USUAL.file(&frames)),
        ),
    ];
    for (form, bytes) in forms {
        // Nothing yet; less than what tells the kind; in the middle of a packet or line; near the end.
        for at in [0, 3, bytes.len() / 2, bytes.len() - 1] {
            println!("{form}, {at}");
            assert_textbook(&analyze_in_parts(&bytes, at).good(), 13);
        }
    }
}
