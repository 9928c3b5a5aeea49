//! `netmon top` in a real terminal, tmux: what is on the screen during an outage, and when there is no daemon.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::path::Path;
use std::process::Command;

use netmon_testkit::captures::{Link, Pcap, textbook};
use netmon_testkit::lab::{DnsServer, Namespace, SERVER_V4, Tmux, eventually, two_hosts};
use support::{NETMON, ask_answered, ask_refused, watch};

/// A terminal that says how its program ended.
struct Terminal<'a>(Tmux<'a>);

impl<'a> Terminal<'a> {
    fn start(host: &'a Namespace, size: [&str; 2], program: &str) -> Self {
        let program = format!("{program}; echo ended with $?; sleep 600");
        Self(Tmux::start(host, size, &program).unwrap())
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.0.run(arguments).unwrap()
    }

    /// The screen with its colours, for a picture, where somebody asked for it (netmon/tests/web/terminal.mjs).
    fn shot(&self, name: &str) {
        if let Some(directory) = std::env::var_os("NETMON_SHOTS") {
            let screen = self.run(&["capture-pane", "-p", "-e"]);
            std::fs::write(Path::new(&directory).join(format!("{name}.ansi")), screen).unwrap();
        }
    }

    fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// The screen, once all of these words are on it.
    #[track_caller]
    fn screen(&self, words: &[&str]) -> String {
        let screen = || self.run(&["capture-pane", "-p"]);
        eventually(&format!("screen with {words:?}"), screen, |screen| {
            words.iter().all(|words| screen.contains(words))
        })
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_screen_during_an_outage() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("netmon.sock").display().to_string();
    let mut netmon = watch(&hosts.client, &["--interface", "to-server", "--socket", &socket]);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let top = format!("{NETMON} top --timezone UTC --socket {socket}");
    let tmux = Terminal::start(&hosts.client, ["100", "30"], &top);
    tmux.screen(&["WELL", "All is well: 1 server", "203.0.113.2", "100 %"]);
    tmux.shot("top-calm");

    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 3);
    let screen = tmux.screen(&[
        "DOWN",
        "Open incidents (1)",
        "203.0.113.2 udp port 53 is unreachable, since",
        "service-down (likely)",
        "hits 192.51.100.15",
        "asked by dig (pid ",
    ]);
    assert!(!screen.contains("All is well"), "{screen}");
    tmux.shot("top-outage");
    tmux.press(&["Tab", "Enter"]);
    tmux.screen(&["1 incident: down, still open", "Part 1: Summary of the problem"]);
    tmux.press(&["Escape"]);
    tmux.screen(&["Servers (1 of 1)"]);
    tmux.run(&["resize-window", "-x", "60", "-y", "15"]);
    tmux.screen(&["DOWN", "203.0.113.2 udp port 53 is unreachable", "SERVER"]);
    tmux.run(&["resize-window", "-x", "200", "-y", "50"]);
    tmux.press(&["Tab", "Enter"]);
    tmux.screen(&[
        "dns_unreachable      port 3",
        "refused0.test",
        "processes dig (pid ",
    ]);
    tmux.press(&["Escape"]);

    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 2);
    tmux.screen(&["WELL", "All is well"]);
    netmon.stop().unwrap();
    tmux.screen(&["no netmon answers at"]);
    tmux.press(&["q"]);
    tmux.screen(&["ended with 0"]);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn without_a_daemon_it_watches_by_itself_and_leaves_nothing() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let top = format!("{NETMON} top --interface to-server --socket /nowhere/netmon.sock");
    let tmux = Terminal::start(&hosts.client, ["120", "50"], &top);
    tmux.screen(&["WELL", "no daemon, own monitor"]);
    ask_answered(&hosts.client, SERVER_V4, 2);
    tmux.screen(&["203.0.113.2", "well"]);
    tmux.press(&["Enter"]);
    // While all is well.
    tmux.screen(&["clients   192.51.100.15", "answered1.test", "processes dig (pid "]);
    tmux.press(&["Escape"]);
    tmux.press(&["q"]);
    tmux.screen(&["ended with 0"]);
    support::assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_terminal_that_is_closed_takes_the_own_monitor_with_it() {
    let hosts = two_hosts().unwrap();
    let top = format!("{NETMON} top --interface to-server --socket /nowhere/netmon.sock");
    let tmux = Terminal::start(&hosts.client, ["120", "50"], &top);
    tmux.screen(&["WELL", "no daemon, own monitor"]);
    drop(tmux);
    let programs = || support::programs_at_hooks(&hosts.client);
    eventually("end of it", programs, |programs| !programs.contains("netmon"));
    support::assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: a network namespace"]
fn a_capture_unfolds_as_it_was_at_the_chosen_speed_and_waits_and_goes_back() {
    let hosts = two_hosts().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (capture, text) = (
        directory.path().join("textbook.pcap"),
        directory.path().join("textbook.txt"),
    );
    std::fs::write(&capture, Pcap::USUAL.file(&textbook::frames(Link::Ethernet))).unwrap();
    std::fs::write(&text, textbook::TEXT).unwrap();
    for (file, name) in [(capture, "textbook.pcap"), (text, "textbook.txt")] {
        let top = format!(
            "{NETMON} top --timezone UTC --replay {} --speed 10",
            file.display()
        );
        let tmux = Terminal::start(&hosts.client, ["100", "30"], &top);
        tmux.screen(&[&format!("{name}, 10 times as fast"), "1 query, no answer"]);
        tmux.press(&["p"]);
        tmux.screen(&["paused"]);
        tmux.press(&["p", "+", "+", "+"]);
        tmux.screen(&[
            "DOWN",
            "203.0.113.2 udp port 53 is unreachable, since 13:24:32 UTC",
            "yummyrecipesforme.com",
            "80 times as fast",
        ]);
        tmux.screen(&["3 queries, no answer", "13:28:51", "over"]);
        // To the minute before: the third query is still to come.
        tmux.press(&["p", "<"]);
        tmux.screen(&["2 queries, no answer", "13:27:5", "paused"]);
        tmux.press(&["q"]);
        tmux.screen(&["ended with 0"]);
    }
}

#[test]
fn a_terminal_that_shows_no_screen_is_refused_in_a_line() {
    for (term, words) in [("dumb", "TERM=dumb"), ("xterm", "is no terminal")] {
        let output = Command::new(NETMON)
            .arg("top")
            .env("TERM", term)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_frame_and_its_data_for_scripts() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("netmon.sock").display().to_string();
    let mut netmon = watch(&hosts.client, &["--interface", "to-server", "--socket", &socket]);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let top = |form: &str| {
        let mut command = Command::new(NETMON);
        command
            .args(["top", form, "--socket", &socket])
            .env("TERM", "dumb");
        hosts.client.exec(&mut command).unwrap()
    };
    let data = || serde_json::from_str::<serde_json::Value>(&top("--json")).unwrap();
    // A poll may have come between the two queries: the next one knows both.
    let data = eventually("two queries", data, |data| {
        data["servers"]["servers"][0]["queries"] == 2
    });
    assert_eq!(data["summary"]["state"], "well", "{data:#}");
    let frame = top("--once");
    assert!(
        frame.starts_with(" WELL  All is well") && frame.contains("203.0.113.2") && !frame.contains('\u{1b}'),
        "{frame}"
    );
    netmon.stop().unwrap();
}
