//! What the kernel's side and user space must say alike of a frame, and of the whole capture.

use netmon_common::records::Totals;
use netmon_common::{Address, Outcome};

use crate::counts::Counts;
use crate::observation::{Observation, Service, What};

/// What the kernel has counted otherwise for a frame of `bytes` bytes, in words.
pub fn difference(counted: &Totals, expected: &Totals, bytes: u64) -> Option<String> {
    let comparable = |totals: &Totals| Totals {
        bytes: 0,
        // What depends on when the frames before were run.
        unsolicited: 0,
        unmatched_responses: 0,
        exchanges_overflow: 0,
        traces_overwritten: 0,
        ..*totals
    };
    if comparable(counted) == comparable(expected) && counted.bytes == bytes {
        return None;
    }
    let (kernel, user) = (outcome(counted), outcome(expected));
    Some(if kernel == user {
        format!("{user} to both, but they count it otherwise")
    } else {
        format!("{kernel} to the kernel, {user} to user space")
    })
}

fn outcome(totals: &Totals) -> String {
    let mut outcomes = Outcome::ALL
        .iter()
        .filter(|outcome| totals.outcome(**outcome) > 0);
    outcomes
        .next()
        .map_or("nothing".to_owned(), |outcome| format!("{outcome:?}"))
}

/// Whether what the kernel reports of a frame is what was seen in it, as far as time does not decide it: whether an answer
/// or an error belongs to a query that waits.
pub fn is_right(told: &Observation, seen: &[Observation]) -> bool {
    let about = |what: &What| match what {
        What::Asked(asked) => Some((0, asked.client, None)),
        What::Answered(answered) => Some((1, answered.client, None)),
        What::Failed(failed) => Some((2, failed.client, Some((failed.reporter, failed.code)))),
        What::Unverified(error) => Some((2, error.client, Some((error.reporter, error.code)))),
        What::Said(_) | What::Connected(_) | What::Seconds(_) | What::MoreErrors(_) => None,
    };
    let Some(said) = about(&told.what) else {
        return true;
    };
    let mut seen = seen.iter().filter(|seen| about(&seen.what).is_some()).peekable();
    if seen.peek().is_none() {
        // An answer that came again, to one side.
        return matches!(told.what, What::Answered(_) | What::Asked(_));
    }
    seen.any(|seen| {
        // Where a link-local server is, only the capture says.
        let service = Service {
            interface: 0,
            ..seen.service
        };
        told.service == service
            && about(&seen.what) == Some(said)
            && match (&told.what, &seen.what) {
                (What::Asked(told), What::Asked(seen)) => told.name == seen.name,
                (What::Answered(told), What::Answered(seen)) => {
                    (told.rcode, &told.name) == (seen.rcode, &seen.name)
                }
                (What::Failed(told), What::Failed(seen)) => told.name == seen.name,
                _ => true,
            }
    })
}

/// Destinations that are counted otherwise, or on one side only.
pub fn differing(counts: &Counts, expected: &Counts) -> Vec<Address> {
    let of = |counts: &Counts, address: &Address| counts.destinations.get(address).copied();
    let all = counts.destinations.keys().chain(expected.destinations.keys());
    let mut differing: Vec<Address> = all
        .filter(|address| of(counts, address) != of(expected, address))
        .copied()
        .collect();
    differing.sort_unstable();
    differing.dedup();
    differing
}

#[cfg(test)]
mod tests {
    use netmon_common::{Code, Rcode, Transport};

    use super::*;
    use crate::observation::{Answered, Asked, Details, Failed, Name, Proof, Service, Side, Unverified, Why};
    use crate::time::Time;

    fn totals(outcome: Outcome) -> Totals {
        let mut totals = Totals {
            frames: 1,
            bytes: 60,
            ..Totals::default()
        };
        totals.outcomes[outcome as usize] = 1;
        totals
    }

    #[test]
    fn a_frame_is_the_same_to_both_or_the_difference_is_told() {
        let query = totals(Outcome::DnsQuery);
        let told = |kernel: Totals| difference(&kernel, &query, 60);
        let otherwise = "DnsQuery to both, but they count it otherwise";
        let cases = [
            ("the same", query, None),
            (
                "unsolicited to one only",
                Totals {
                    unsolicited: 1,
                    ..query
                },
                None,
            ),
            (
                "a trace lost to one only",
                Totals {
                    traces_overwritten: 1,
                    ..query
                },
                None,
            ),
            (
                "another outcome",
                totals(Outcome::Other),
                Some("Other to the kernel, DnsQuery to user space"),
            ),
            (
                "nothing at all",
                Totals::default(),
                Some("nothing to the kernel, DnsQuery to user space"),
            ),
            ("other bytes", Totals { bytes: 61, ..query }, Some(otherwise)),
            (
                "in the table to one only",
                Totals { overflow: 1, ..query },
                Some(otherwise),
            ),
            (
                "about DNS to one only",
                Totals {
                    dns_unreachable: 1,
                    ..query
                },
                Some(otherwise),
            ),
            (
                "lost on the way",
                Totals {
                    events_lost: 1,
                    ..query
                },
                Some(otherwise),
            ),
        ];
        for (case, kernel, expected) in cases {
            assert_eq!(told(kernel).as_deref(), expected, "{case}");
        }
    }

    fn address(last: u8) -> Address {
        Address::v4([192, 0, 2, last])
    }

    fn observation(what: What) -> Observation {
        let service = Service {
            server: address(53),
            port: 53,
            transport: Transport::Udp,
            interface: 0,
        };
        Observation {
            time: Time::from_nanos(7),
            service,
            what,
        }
    }

    fn query(client: u8, name: &str) -> What {
        What::Asked(Asked {
            client: address(client),
            name: Some(Name::new(name)),
            recursion_desired: true,
            is_syn: false,
            details: Details::default(),
        })
    }

    fn answer(rcode: Rcode) -> What {
        What::Answered(Answered {
            client: address(1),
            side: Side::Only,
            sent: Time::from_nanos(1),
            earlier: Vec::new(),
            rcode: Some(rcode),
            standard: true,
            name: None,
            recursion_desired: true,
            details: Details::default(),
        })
    }

    fn failed(reporter: u8, code: Code) -> What {
        What::Failed(Failed {
            client: address(1),
            side: Side::Only,
            reporter: address(reporter),
            code,
            proof: Proof::QuerySeen(Time::from_nanos(1)),
            name: None,
            recursion_desired: true,
            last_answer: None,
            details: Details::default(),
        })
    }

    fn unsolicited(reporter: u8, code: Code) -> What {
        What::Unverified(Unverified {
            client: address(1),
            reporter: address(reporter),
            code,
            why: Why::Unsolicited,
        })
    }

    #[test]
    fn what_the_kernel_tells_must_be_what_was_seen() {
        let cases = [
            ("a query", query(1, "a"), query(1, "a"), true),
            ("another client", query(1, "a"), query(2, "a"), false),
            ("another name", query(1, "a"), query(1, "b"), false),
            ("another kind", query(1, "a"), answer(Rcode::NoError), false),
            (
                "another rcode",
                answer(Rcode::ServFail),
                answer(Rcode::Refused),
                false,
            ),
            (
                "an error",
                unsolicited(9, Code::Port),
                failed(9, Code::Port),
                true,
            ),
            (
                "another reporter",
                failed(9, Code::Port),
                failed(8, Code::Port),
                false,
            ),
            (
                "another code",
                failed(9, Code::Port),
                failed(9, Code::Host),
                false,
            ),
        ];
        for (case, told, seen, expected) in cases {
            assert_eq!(
                is_right(&observation(told), &[observation(seen)]),
                expected,
                "{case}"
            );
        }
        let mut elsewhere = observation(query(1, "a"));
        elsewhere.service.port = 5_353;
        assert!(!is_right(&elsewhere, &[observation(query(1, "a"))]));
        let twice = observation(answer(Rcode::NoError));
        assert!(is_right(&twice, &[]), "an answer that came again");
    }

    #[test]
    fn destinations_of_one_side_only_or_with_other_counts_differ() {
        let counts = |queries: &[(u8, u64)]| {
            let mut counts = Counts::default();
            for (last, dns_queries) in queries {
                let counters = counts.destinations.entry(address(*last)).or_default();
                counters.dns_queries = *dns_queries;
            }
            counts
        };
        let (kernel, user) = (
            counts(&[(1, 5), (2, 5), (3, 5)]),
            counts(&[(2, 5), (3, 6), (4, 1)]),
        );
        assert_eq!(differing(&kernel, &user), [address(1), address(3), address(4)]);
        assert_eq!(differing(&user, &user), []);
    }
}
