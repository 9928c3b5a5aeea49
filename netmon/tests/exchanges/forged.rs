//! Answers and errors that somebody made up.

use std::net::IpAddr;

use netmon_common::Address;
use netmon_testkit::frames::build::prelude::*;

use super::programs::*;

#[test]
#[ignore = "needs root: runs the programs"]
fn spoofed_answers_and_errors_change_nothing() {
    let (mut kernel, mut poller) = load(&[53]);
    let query = Query { port: 4_000, id: 7 };
    run(kernel.xdp().unwrap(), &query.asked(53));
    let wrong_id = Query { id: 8, ..query };
    let wrong_port = Query { port: 4_001, ..query };
    for spoofed in [wrong_id, wrong_port] {
        run(kernel.xdp().unwrap(), &spoofed.answered(0));
        run(kernel.xdp().unwrap(), &spoofed.answered(2));
        run(kernel.xdp().unwrap(), &spoofed.refused());
    }
    assert_eq!(sum(&of(&mut poller, 53)), seconds(1, 0, 0, 0));
    let counts = poller.counts().unwrap();
    assert!(counts.add_up());
    assert_eq!(counts.totals.unmatched_responses, 4);
    let server = counts.destinations[&Address::from(IpAddr::from(SERVER))];
    assert_eq!(server.unmatched_responses, [4, 0]);
    assert_eq!(server.dns_responses, 4);
    // The control: the true answer counts.
    run(kernel.xdp().unwrap(), &query.answered(0));
    assert_eq!(sum(&of(&mut poller, 53)), seconds(1, 1, 0, 0));
    assert_eq!(poller.totals().unwrap().unmatched_responses, 4);
}

#[test]
#[ignore = "needs root: runs the programs"]
fn an_error_that_quotes_the_id_must_quote_the_right_one_however_short_it_is() {
    let (mut kernel, mut poller) = load(&[53]);
    for (message, id, failed) in [
        (2, 8, 0),
        (11, 8, 0),
        (12, 8, 0),
        (0, 8, 1),
        (2, 7, 1),
        (11, 7, 1),
    ] {
        let query = Query {
            port: 4_000 + message as u16 * 16 + id,
            id: 7,
        };
        run(kernel.xdp().unwrap(), &query.asked(53));
        let before = sum(&of(&mut poller, 53)).failed;
        run(
            kernel.xdp().unwrap(),
            &Query { id, ..query }.refused_in_short(message),
        );
        let now = sum(&of(&mut poller, 53)).failed;
        assert_eq!(now - before, failed, "{message} bytes with id {id}");
    }
}
