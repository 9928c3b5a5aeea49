//! The web page in a real browser, Chromium, during a real outage.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may die of a surprise")]

mod support;

use std::path::Path;
use std::time::Duration;

use netmon_testkit::captures::{Link, Pcap, textbook};
use netmon_testkit::lab::{
    Browser, DnsServer, Namespace, PATIENCE, SERVER_V4, Tmux, dig, eventually, two_hosts,
};
use serde_json::{Value, json};
use support::{NETMON, ask_answered, ask_refused, watch};

/// A name that is meant to become markup.
const HOSTILE: &str = "<script>alert(1)</script>.test";

/// A page of a browser. What it cannot do fails the test.
struct Page(Browser);

impl Page {
    /// `None`, and a line that says so, where what it needs is not installed.
    fn start(host: &Namespace, url: &str) -> Option<Self> {
        let browser = Browser::start(host, url).unwrap();
        if browser.is_none() {
            println!("SKIPPED: playwright-core is missing: cargo xtask setup test");
        }
        browser.map(Self)
    }

    #[track_caller]
    fn ask(&mut self, command: &str, argument: impl Into<Value>) -> Value {
        self.0
            .ask(command, argument)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Waits for a text, and says how long.
    fn see(&mut self, text: &str) -> Duration {
        Duration::from_millis(self.ask("see", text).as_u64().unwrap())
    }

    /// What the accessibility checks find.
    #[track_caller]
    fn assert_accessible(&mut self, what: &str) {
        assert_eq!(self.ask("axe", Value::Null), json!([]), "{what}");
    }

    /// A picture for the docs, where somebody asked for them.
    fn shot(&mut self, name: &str) {
        if let Some(directory) = std::env::var_os("NETMON_SHOTS") {
            let path = Path::new(&directory).join(format!("{name}.png"));
            self.ask("shot", path.display().to_string());
        }
    }
}

/// To the incident's page, by keyboard alone.
fn open_by_keyboard(browser: &mut Page) {
    browser.ask("open", "/");
    browser.see("Open incidents (1)");
    assert_eq!(browser.ask("press", "Tab"), "To the content");
    assert_eq!(browser.ask("press", "Tab"), "netmon");
    assert_eq!(
        browser.ask("press", "Tab"),
        "203.0.113.2 (ns1) udp port 53 is unreachable"
    );
    browser.ask("press", "Enter");
}

#[test]
#[ignore = "needs root: network namespaces, TC and a browser"]
fn an_outage_on_the_open_page() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let history = directory.path().join("history.db").display().to_string();
    let config = directory.path().join("netmon.toml");
    let named = format!("[[server]]\naddress = \"{SERVER_V4}\"\nname = \"ns1\"\nowner = \"Network team\"\n");
    std::fs::write(&config, named).unwrap();
    let config = config.display().to_string();
    let arguments = [
        "--config",
        &config,
        "--interface",
        "to-server",
        "--socket",
        "none",
        "--web",
        "127.0.0.1:19054",
        "--history",
        &history,
    ];
    let mut netmon = watch(&hosts.client, &arguments);
    let Some(mut browser) = Page::start(&hosts.client, "http://127.0.0.1:19054") else {
        return;
    };
    browser.ask("open", "/");
    browser.see("All is well");
    for _ in 0..3 {
        ask_answered(&hosts.client, SERVER_V4, 3);
        std::thread::sleep(Duration::from_secs(2));
    }
    browser.see("203.0.113.2 (ns1)");
    browser.assert_accessible("calm");
    browser.shot("web-calm");
    let before = browser.ask("chart", Value::Null);

    server.stop().unwrap();
    dig(&hosts.client, SERVER_V4, HOSTILE, Duration::from_secs(2)).unwrap();
    ask_refused(&hosts.client, SERVER_V4, 3);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let waited = browser.see("203.0.113.2 (ns1) udp port 53 is unreachable");
    assert!(
        waited < Duration::from_secs(2),
        "the incident was on the page after {waited:?}"
    );
    for text in [
        "service-down (likely)",
        "by dig (pid ",
        HOSTILE,
        "Open incidents (1)",
    ] {
        browser.see(text);
    }
    browser.ask("chartMoves", before);
    browser.assert_accessible("during the outage");
    for scheme in ["light", "dark"] {
        browser.ask("scheme", scheme);
        browser.assert_accessible(scheme);
        browser.shot(&format!("web-outage-{scheme}"));
    }
    browser.ask("size", json!({"width": 380, "height": 800}));
    assert_eq!(browser.ask("overflow", Value::Null), 0, "it fits on a phone");
    browser.assert_accessible("on a phone");
    browser.shot("web-outage-phone");
    browser.ask("size", json!({"width": 1200, "height": 900}));
    browser.ask("scheme", "light");

    browser.ask("fill", json!({"label": "Search", "text": "state:well"}));
    browser.see("Servers 0 to 0 of 0 (of 1)");
    browser.ask("fill", json!({"label": "Search", "text": ""}));
    browser.see("Servers 1 to 1 of 1");
    open_by_keyboard(&mut browser);
    browser.see("Part 1: Summary of the problem");
    browser.see("Processes of this host that it hits");
    browser.see(HOSTILE);
    assert_eq!(browser.ask("scripts", Value::Null), 1, "only the page's own");
    browser.assert_accessible("the incident's page");
    browser.shot("web-incident");
    browser.ask("click", "203.0.113.2 (ns1)");
    browser.see("Errors about DNS by code");
    browser.see("refused0.test");
    browser.see("dig (pid ");
    browser.assert_accessible("the server's page");
    browser.shot("web-server");

    browser.ask("click", "netmon");
    browser.see("Open incidents (1)");
    let loads = browser.ask("loads", Value::Null);
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 2);
    browser.see("All is well");
    browser.see("(answered)");
    netmon.stop().unwrap();
    browser.see("Trying again");
    let mut netmon = watch(&hosts.client, &arguments);
    browser.ask("miss", "Trying again");
    browser.see("All is well");
    browser.see("(answered)");
    assert_eq!(browser.ask("loads", Value::Null), loads, "without a reload");
    assert_eq!(browser.ask("complaints", Value::Null), json!([]));
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: a network namespace and a browser"]
fn a_capture_on_the_page_waits_and_goes_where_it_is_asked_to() {
    let hosts = two_hosts().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let capture = directory.path().join("textbook.pcap");
    std::fs::write(&capture, Pcap::USUAL.file(&textbook::frames(Link::Ethernet))).unwrap();
    let top = format!(
        "{NETMON} top --replay {} --web 127.0.0.1:19054",
        capture.display()
    );
    let tmux = Tmux::start(&hosts.client, ["100", "30"], &top).unwrap();
    let screen = || tmux.run(&["capture-pane", "-p"]).unwrap();
    eventually("replay", screen, |screen| screen.contains("textbook.pcap"));
    let Some(mut browser) = Page::start(&hosts.client, "http://127.0.0.1:19054") else {
        return;
    };
    browser.ask("open", "/?replay=30");
    browser.see("Replay of textbook.pcap");
    browser.see("203.0.113.2 udp port 53 is unreachable");
    browser.see("3 queries, 0 answers");
    browser.assert_accessible("a replay");
    browser.shot("web-replay");
    browser.ask("push", "Pause");
    browser.see("Go on");
    let first = 1_773_926_672_192_u64;
    let place = |seconds: u64| json!({"label": "Where", "text": (first + seconds * 1_000).to_string()});
    // Between the first error and the second query.
    browser.ask("fill", place(60));
    browser.see("1 query, 0 answers");
    browser.ask("fill", place(250));
    browser.see("3 queries, 0 answers");
    browser.ask("fill", place(0));
    browser.see("All is well: no server");
    browser.ask("push", "Go on");
    browser.see("203.0.113.2 udp port 53 is unreachable");
    assert_eq!(browser.ask("complaints", Value::Null), json!([]));
}
