use super::*;
use crate::model::{ByCode, Diagnosis, Likelihood, State, Wall};
use crate::report::story::Facts;
use crate::report::story::numbers::UTC;

fn address(text: &str) -> netmon_common::Address {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

fn incident(server: &str, transport: Transport, reporter: &str, client: &str) -> Incident {
    let at = |second: i64| Wall(jiff::Timestamp::from_second(1_790_000_000 + second).unwrap());
    Incident {
        transport,
        state: State::Closed,
        began: at(0),
        last_seen: at(60),
        closed: Some(at(90)),
        closed_because: Some(CloseReason::Answered),
        queries: 3,
        answers: 1,
        errors: ByCode {
            port: 3,
            ..ByCode::default()
        },
        verified: 3,
        reporters: vec![address(reporter)],
        clients: vec![address(client)],
        names: vec!["example.com".into()],
        ..Incident::opened("", address(server), Kind::Unreachable, at(4))
    }
}

/// Every family, transport and relation of the reporter to the incident.
fn incidents() -> Vec<Incident> {
    let mut incidents = Vec::new();
    for (server, router, client) in [
        ("192.0.2.53", "192.0.2.1", "10.0.0.7"),
        ("2001:db8::53", "2001:db8::1", "2001:db8:1::7"),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            for reporter in [server, router, client] {
                incidents.push(incident(server, transport, reporter, client));
            }
        }
    }
    incidents
}

/// All text that can be said about an incident.
fn all_said(incident: &Incident) -> Vec<String> {
    let facts = Facts::new(incident, &UTC);
    let mut templates = Vec::new();
    for word in Kind::ALL {
        let kind = kind(word);
        templates.extend([
            kind.short,
            kind.now,
            kind.name,
            kind.down,
            kind.degraded,
            kind.impact,
            kind.rule,
        ]);
    }
    templates.extend(CloseReason::ALL.map(|reason| close(reason).ended));
    templates.extend(DENIAL_OF_SERVICE.iter().map(|sentence| sentence.text));
    for code in Code::ALL {
        templates.extend([super::code(code).words, super::code(code).meaning]);
    }
    let mut said = Vec::new();
    for word in Cause::ALL {
        let cause = cause(word);
        templates.extend([cause.clause, cause.place]);
        templates.extend(
            cause
                .meaning
                .iter()
                .chain(cause.alternatives)
                .map(|sentence| sentence.text),
        );
        for step in facts
            .steps(cause.confirm)
            .into_iter()
            .chain(facts.steps(cause.fix))
        {
            said.push(step.what.to_string());
            said.extend(step.command);
        }
    }
    said.extend(
        templates
            .into_iter()
            .map(|template| facts.say(template).to_string()),
    );
    said
}

#[test]
fn every_word_of_the_contract_is_explained_and_every_hole_is_filled() {
    for incident in incidents() {
        for said in all_said(&incident) {
            // nft and vtysh need no braces either.
            assert!(!said.contains(['{', '}', '`']), "{said}");
            assert!(!said.contains("  "), "{said}");
        }
    }
}

#[test]
fn each_cause_says_how_to_confirm_and_how_to_fix_it_whoever_reported() {
    for incident in incidents() {
        let facts = Facts::new(&incident, &UTC);
        for word in Cause::ALL {
            let cause = cause(word);
            let confirm = facts.steps(cause.confirm);
            // The first one stands alone where there is room for one.
            assert!(
                confirm.first().is_some_and(|step| step.command.is_some()),
                "{word}"
            );
            assert!(!facts.steps(cause.fix).is_empty(), "{word}");
            assert!(!cause.alternatives.is_empty(), "{word}");
        }
    }
}

#[test]
fn commands_fit_the_incident() {
    let command = |incident: &Incident, word: Cause, starts: &str| {
        let steps = Facts::new(incident, &UTC).steps(cause(word).confirm);
        let mut commands = steps.into_iter().filter_map(|step| step.command);
        commands
            .find(|command| command.starts_with(starts))
            .unwrap_or_default()
    };
    let udp = incident("192.0.2.53", Transport::Udp, "192.0.2.53", "10.0.0.7");
    let tcp = Incident {
        port: 5_353,
        ..incident("2001:db8::53", Transport::Tcp, "2001:db8::53", "2001:db8:1::7")
    };
    let cases = [
        (&udp, Cause::ServiceDown, "ss", "ss -lunp 'sport = :53'"),
        (&tcp, Cause::ServiceDown, "ss", "ss -ltnp 'sport = :5353'"),
        (
            &udp,
            Cause::ServiceDown,
            "dig",
            "dig @192.0.2.53 example.com +tcp +tries=1",
        ),
        (
            &tcp,
            Cause::ServiceDown,
            "dig",
            "dig @2001:db8::53 -p 5353 +tcp example.com +tries=1",
        ),
        (
            &udp,
            Cause::ServiceDown,
            "journalctl",
            "journalctl --since '2026-09-21 14:03:20 UTC' --priority warning",
        ),
        (
            &udp,
            Cause::NoRoute,
            "traceroute",
            "traceroute -n -U -p 53 192.0.2.53",
        ),
        (
            &tcp,
            Cause::NoRoute,
            "traceroute",
            "traceroute -n -T -p 5353 2001:db8::53",
        ),
        (&tcp, Cause::NoRoute, "ip", "ip -6 route get 2001:db8::53"),
        (
            &tcp,
            Cause::NoRoute,
            "vtysh",
            "vtysh -c 'show ipv6 route 2001:db8::53'",
        ),
        (
            &udp,
            Cause::SilentDrop,
            "tcpdump",
            "tcpdump -ni any 'udp port 53 and host 10.0.0.7'",
        ),
    ];
    for (incident, word, starts, expected) in cases {
        assert_eq!(command(incident, word, starts), expected);
    }
}

#[test]
fn no_name_that_a_shell_could_misread_gets_into_a_command() {
    let cases: [(&[&str], &str); 6] = [
        (&["example.com"], "dig @192.0.2.53 example.com"),
        (&["$(reboot)", "example.com"], "dig @192.0.2.53 example.com"),
        (
            &["`id`.example", "a;b", "x y", "a'b", "q|r", "*"],
            "dig @192.0.2.53 . NS",
        ),
        (&["-f/etc/passwd", "+trace", "@10.0.0.1"], "dig @192.0.2.53 . NS"),
        (&[r"a\.b.example"], "dig @192.0.2.53 . NS"),
        (&["_dmarc.example.com"], "dig @192.0.2.53 _dmarc.example.com"),
    ];
    for (names, expected) in cases {
        let incident = Incident {
            names: names.iter().map(|&name| name.into()).collect(),
            ..incident("192.0.2.53", Transport::Udp, "192.0.2.53", "10.0.0.7")
        };
        assert_eq!(
            Facts::new(&incident, &UTC).say("{dig}").to_string(),
            expected,
            "{names:?}"
        );
    }
}

#[test]
fn a_flood_is_not_called_none() {
    let slow = incident("192.0.2.53", Transport::Udp, "192.0.2.53", "10.0.0.7");
    let fast = Incident {
        queries: 60 * 100,
        causes: vec![Diagnosis {
            cause: Cause::ServiceDown,
            likelihood: Likelihood::Likely,
            evidence: String::new(),
        }],
        ..slow.clone()
    };
    let unseen = Incident {
        queries: 0,
        ..slow.clone()
    };
    assert!(no_flood(&slow) && !no_flood(&fast) && !no_flood(&unseen));
}

#[test]
fn nobody_is_said_to_have_sent_what_others_may_have_forged() {
    let mut incident = incident("192.0.2.53", Transport::Udp, "192.0.2.53", "10.0.0.7");
    for answers in [0, 1] {
        incident.answers = answers;
        for (verified, is_claimed) in [(3, true), (2, false)] {
            incident.verified = verified;
            let said = Facts::new(&incident, &UTC).exchange(answers == 0).to_string();
            assert_eq!(
                said.contains("(the server itself) sent 3 ICMP errors"),
                is_claimed,
                "{said}"
            );
            let is_limited = said.contains("those that are verified were sent by 192.0.2.53");
            assert_eq!(is_limited, !is_claimed, "{said}");
        }
    }
}
