//! Text that is cut, or is none: what can be read is analysed, what cannot is told with its place.

use netmon_testkit::captures::textbook::{DATE, TEXT};
use serde_json::{Value, json};

use super::run::{Files, analyze, document_of};
use super::textbook_captures::gzip;

fn document(text: &[u8], status: i32) -> Value {
    document_of(text, &["--date", DATE], status)
}

/// The message of the only warning, which has this word.
#[track_caller]
fn message(document: &Value, word: &str) -> String {
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["warning"], word);
    warnings[0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_log_that_is_cut_in_a_line_gives_what_stands_before() {
    // In the address that the last error is about.
    let cut = &TEXT.as_bytes()[..TEXT.len() - 70];
    let document = document(cut, 0);
    let message = message(&document, "unreadable_lines");
    assert!(message.contains("line 6"), "{message}");
    let incident = &document["incidents"][0];
    assert_eq!(incident["queries"], 3);
    assert_eq!(incident["errors"]["port"], 2);
    assert_eq!(incident["last_seen"], format!("{DATE}T13:27:15.934126Z"));
}

#[test]
fn lines_of_something_else_are_told_with_their_numbers_and_left_out() {
    let mut lines: Vec<&str> = TEXT.lines().collect();
    lines.insert(2, "the cat has walked over the keyboard");
    lines.push("Kind regards");
    let document = document(lines.join("\n").as_bytes(), 0);
    assert_eq!(document["incidents"][0]["errors"]["port"], 3);
    let message = message(&document, "unreadable_lines");
    assert!(
        message.contains("3 (`the cat has") && message.contains("8 (`Kind"),
        "{message}"
    );
}

#[test]
fn a_server_that_is_a_name_keeps_it_in_every_form() {
    let files = Files::new();
    let path = files.write("log", TEXT.replace("203.0.113.2", "<dns>.example"));
    let path = path.to_str().unwrap();
    let document = analyze(["--format", "json", path]).document(0);
    let message = message(&document, "host_names");
    assert!(
        message.contains("`<dns>.example`") && message.contains("tcpdump -n"),
        "{message}"
    );
    let incident = &document["incidents"][0];
    assert_eq!(incident["server"], "<dns>.example");
    assert_eq!(incident["server_is_name"], true);
    assert_eq!(incident["reporters"], json!(["<dns>.example"]));
    assert_eq!(incident["verified"], 3);
    assert!(
        incident["id"]
            .as_str()
            .unwrap()
            .ends_with("-unreachable-<dns>.example-53-udp")
    );
    assert_eq!(document["destinations"][0]["address"], "<dns>.example");
    for (form, name) in [
        ("text", "<dns>.example"),
        ("markdown", "<dns>.example"),
        ("html", "&lt;dns&gt;.example"),
    ] {
        let run = analyze(["--format", form, path]);
        assert!(
            run.out.contains(name) && !run.out.contains("6e65:"),
            "{form}: {}",
            run.out
        );
    }
}

#[test]
fn a_verdict_is_given_only_where_one_is_possible() {
    let query = |second: u32, server: &str| {
        format!("10:00:0{second}.000000 IP 192.0.2.20.40000 > {server}.53: 1+ A? h.example.com. (31)\n")
    };
    let answer = "10:00:01.100000 IP 198.51.100.2.53 > 192.0.2.20.40000: 1 1/0/0 A 192.0.2.80 (47)\n";
    let error = "10:00:01.100000 IP 198.51.100.2 > 192.0.2.99: ICMP 198.51.100.2 udp port 53 unreachable, length 67\n";
    let web =
        "10:00:01.000000 IP 192.0.2.20.40000 > 198.51.100.2.443: Flags [S], seq 1, win 64240, length 0\n";
    let three: String = (1..4).map(|second| query(second, "198.51.100.2")).collect();
    let iterative = three.replace("1+ A?", "1 A?");
    let without_times = (1..4).fold(three.clone(), |text, second| {
        text.replace(&format!("10:00:0{second}.000000 "), "")
    });
    let quiet = three.replace(" 1+ A? h.example.com. (31)", " UDP, length 31");
    // A server that takes a connection and says nothing.
    let taken = web.replace(".443:", ".53:")
        + "10:00:01.010000 IP 198.51.100.2.53 > 192.0.2.20.40000: Flags [S.], seq 7, ack 2, win 64240, length 0\n";
    for (verdict, text, headline, status) in [
        ("no_incident", query(1, "198.51.100.2") + answer, "No incident", 0),
        (
            "no_dns",
            web.to_owned(),
            "Cannot be judged: there is no DNS in it",
            0,
        ),
        (
            "too_few",
            three,
            "Cannot be judged: 3 unanswered queries for 1 name are too few to tell",
            0,
        ),
        (
            "too_few",
            taken,
            "Cannot be judged: 1 attempt to connect over TCP, without a query, is not enough to tell",
            0,
        ),
        (
            "only_iterative",
            iterative,
            "Cannot be judged: 3 unanswered iterative queries (RD = 0), as resolvers send, which --iterative judges",
            0,
        ),
        (
            "no_times",
            without_times,
            "Cannot be judged: the text has no times (tcpdump -t), and not all queries were answered well",
            0,
        ),
        (
            "quiet",
            quiet.clone(),
            "Cannot be judged: the text shows neither names nor response codes (tcpdump -q)",
            0,
        ),
        (
            "no_incident",
            query(1, "198.51.100.2") + answer + &quiet,
            "No incident",
            0,
        ),
        (
            "only_answers",
            answer.to_owned(),
            "Cannot be judged: only answers were captured",
            0,
        ),
        (
            "unproven",
            query(1, "198.51.100.2") + error,
            "Cannot be judged: 1 error quotes no query that was captured and still waited",
            0,
        ),
        (
            "nothing_read",
            "what a day\n".to_owned(),
            "Cannot be judged: nothing could be read",
            2,
        ),
    ] {
        let document = document(text.as_bytes(), status);
        assert_eq!(document["incidents"], json!([]), "{verdict}");
        assert_eq!(document["judgement"]["verdict"], verdict, "{text}");
        let files = Files::new();
        let path = files.write("log", &text);
        for form in ["text", "markdown", "html"] {
            let run = analyze(["--format", form, path.to_str().unwrap()]);
            assert!(run.out.contains(headline), "{form}: {}", run.out);
            assert_eq!(
                run.out.contains("No incident"),
                verdict == "no_incident",
                "{form}: {}",
                run.out
            );
        }
    }
}

#[test]
fn where_so_much_is_cut_off_that_an_outage_could_hide_none_is_ruled_out() {
    let failures = |cut: bool| {
        let of = |number: u32| {
            let name = format!(
                "10:00:{number:02}.000000 IP 192.0.2.20.40000 > 198.51.100.2.53: {number}+ A? w{number}.zone{number}.com."
            );
            let rest = if cut { "" } else { " (31)" };
            format!(
                "{name}{rest}\n10:00:{number:02}.100000 IP 198.51.100.2.53 > 192.0.2.20.40000: {number} ServFail 0/0/0 (31)\n"
            )
        };
        (1..20).map(of).collect::<String>()
    };
    let unread = failures(false).replace("198.51.100.2.53: 1", "198.51.1");
    assert_eq!(
        document(failures(false).as_bytes(), 0)["incidents"][0]["kind"],
        "failing"
    );
    for (verdict, text) in [("cut_names", failures(true)), ("unread_packets", unread)] {
        let document = document(text.as_bytes(), 0);
        assert_eq!(document["judgement"]["verdict"], verdict, "{document:#}");
        let mut warnings = document["warnings"].as_array().unwrap().iter();
        assert!(
            warnings.any(|warning| warning["warning"] == verdict),
            "{document:#}"
        );
    }
}

#[test]
fn what_is_neither_a_capture_nor_a_log_is_said_to_be_that() {
    let binary: Vec<u8> = (0..=255_u8).cycle().take(5_000).collect();
    for nonsense in [
        b"".to_vec(),
        b"\n\n\n".to_vec(),
        b"Lorem ipsum dolor sit amet\n".repeat(10),
        b"{\"event\": \"started\"}\n".to_vec(),
        binary.clone(),
        gzip(&binary),
        vec![b'x'; 1 << 20],
    ] {
        let document = document(&nonsense, 2);
        let message = message(&document, "unreadable_file");
        assert!(message.contains("byte 0: it is neither a capture"), "{message}");
        assert_eq!(document["totals"]["frames"], 0);
        assert_eq!(document["incidents"], json!([]));
    }
}

#[test]
fn a_compressed_log_that_is_cut_says_behind_which_line() {
    // Not compressible to the end, so that a cut leaves whole lines.
    let compressed = gzip(TEXT.repeat(20).as_bytes());
    let document = document(&compressed[..compressed.len() - 30], 0);
    let warnings = document["warnings"].as_array().unwrap();
    let [next_day, cut] = warnings.as_slice() else {
        panic!("{warnings:#?}");
    };
    assert_eq!(cut["warning"], "truncated_file");
    assert!(
        cut["message"]
            .as_str()
            .is_some_and(|message| message.contains("behind line 1")),
        "{cut}"
    );
    // The same day twenty times.
    assert_eq!(next_day["warning"], "next_day");
    assert!(
        document["totals"]["frames"].as_u64() > Some(6),
        "{}",
        document["totals"]
    );
}

#[test]
fn nonsense_beside_a_log_does_not_hide_it() {
    let files = Files::new();
    let good = files.write("good", TEXT);
    let bad = files.write("bad", "nonsense\n");
    let run = analyze([
        good.as_os_str(),
        bad.as_os_str(),
        "--format".as_ref(),
        "json".as_ref(),
    ]);
    let document = run.document(0);
    assert_eq!(document["incidents"][0]["errors"]["port"], 3);
    assert!(message(&document, "unreadable_file").starts_with(bad.to_str().unwrap()));
}
