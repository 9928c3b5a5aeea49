//! Who asked what, and what came back. The counts of an incident are of everybody's queries; its clients and names are of those
//! that failed. One sentence has both only where every query failed.

use super::facts::Facts;
use super::rich::Text;

impl Facts<'_> {
    /// Whether the incident rests on errors alone, because no query is in the log.
    pub fn queries_unseen(&self) -> bool {
        self.incident.queries == 0 && self.incident.verified == 0 && self.errors() > 0
    }

    /// Who asked what, and what came back; `all_failed` tells whether each of the queries is known to have failed.
    pub fn exchange(&self, all_failed: bool) -> Text {
        let when = if self.has_times {
            Text::from(self.clock.stretch(self.incident.began.0, self.counted_to)).capitalised()
        } else {
            "In the log".into()
        };
        if self.queries_unseen() {
            return when.then(self.say(
                ", {reporters} sent {errors_by_code} about {asks} of {clients} at {server}{for_names}. netmon saw none of \
                these {asks}.",
            ));
        }
        when.then(self.say(match (all_failed, self.errors()) {
            (true, _) if self.some_are_unproven() => {
                ", {clients} made {queries} to {server}{for_names}, and no answer came back. Instead, {errors_by_code} \
                came; those that are verified were sent by {reporters}."
            }
            (false, _) if self.some_are_unproven() => {
                ", {queries} went to {server}, and {answers} came back. {Asks} of {clients}{for_names} failed: \
                {errors_by_code} came; those that are verified were sent by {reporters}."
            }
            (true, 0) => {
                ", {clients} made {queries} to {server}{for_names}; neither an answer nor an ICMP error came back."
            }
            (true, _) => {
                ", {clients} made {queries} to {server}{for_names}, and no answer came back. Instead, {reporters} \
                sent {errors_by_code}."
            }
            (false, 0) => {
                ", {queries} went to {server}, and {answers} came back. {Asks} of {clients}{for_names} failed."
            }
            (false, _) => {
                ", {queries} went to {server}, and {answers} came back. {Asks} of {clients}{for_names} failed: \
                {reporters} sent {errors_by_code}."
            }
        }))
    }

    /// The same in short, without what was sent instead of answers.
    pub fn asked(&self, all_failed: bool) -> Text {
        if self.queries_unseen() {
            return self
                .say("netmon saw no {asks} in the log, only errors about {asks} of {clients}{for_names}.");
        }
        let lasted = if self.lasted().is_zero() {
            Text::default()
        } else {
            self.say("In {lasted}, ")
        };
        let asked = if all_failed {
            "{clients} made {queries}{for_names} and got no answer."
        } else {
            "{queries} went to the server, and {answers} came back. {Asks} of {clients}{for_names} failed."
        };
        lasted.then(self.say(asked)).capitalised()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ByCode, Incident, Kind, Wall};
    use crate::report::story::numbers::UTC;
    use netmon_common::{Address, Transport};

    /// Two of five queries failed, those of one client for one name.
    fn incident() -> Incident {
        let began = Wall(jiff::Timestamp::from_second(1_790_000_000).unwrap());
        let server = Address::v4([203, 0, 113, 2]);
        Incident {
            queries: 5,
            errors: ByCode {
                port: 2,
                ..ByCode::default()
            },
            verified: 2,
            reporters: vec![server],
            clients: vec![Address::v4([192, 0, 2, 15])],
            names: vec!["a.test".into()],
            ..Incident::opened("", server, Kind::Unreachable, began)
        }
    }

    #[test]
    fn what_is_counted_of_all_is_not_said_of_those_that_failed() {
        let over_tcp = Incident {
            transport: Transport::Tcp,
            ..incident()
        };
        let unseen = Incident {
            queries: 0,
            verified: 0,
            ..incident()
        };
        for (incident, all_failed, exchange, asked) in [
            (
                incident(),
                true,
                "the client 192.0.2.15 made 5 DNS queries to 203.0.113.2 for the name a.test, and no answer came back. Instead, \
                203.0.113.2 (the server itself) sent 2 ICMP errors udp port 53 unreachable.",
                "The client 192.0.2.15 made 5 DNS queries for the name a.test and got no answer.",
            ),
            (
                incident(),
                false,
                "5 DNS queries went to 203.0.113.2, and no answer came back. Queries of the client 192.0.2.15 for the name a.test \
                failed: 203.0.113.2 (the server itself) sent 2 ICMP errors udp port 53 unreachable.",
                "5 DNS queries went to the server, and no answer came back. Queries of the client 192.0.2.15 for the name a.test \
                failed.",
            ),
            (
                over_tcp,
                false,
                "5 attempts at DNS over TCP went to 203.0.113.2, and no answer came back. Attempts of the client 192.0.2.15 for \
                the name a.test failed: 203.0.113.2 (the server itself) sent 2 ICMP errors tcp port 53 unreachable.",
                "5 attempts at DNS over TCP went to the server, and no answer came back. Attempts of the client 192.0.2.15 for \
                the name a.test failed.",
            ),
            (
                unseen,
                true,
                "203.0.113.2 (the server itself) sent 2 ICMP errors udp port 53 unreachable about queries of the client \
                192.0.2.15 at 203.0.113.2 for the name a.test. netmon saw none of these queries.",
                "netmon saw no queries in the log, only errors about queries of the client 192.0.2.15 for the name a.test.",
            ),
        ] {
            let mut facts = Facts::new(&incident, &UTC);
            let when = "At 14:13:20 UTC on 21 September 2026, ";
            assert_eq!(
                facts.exchange(all_failed).to_string(),
                format!("{when}{exchange}")
            );
            assert_eq!(facts.asked(all_failed).to_string(), asked);
            facts.has_times = false;
            let exchange = format!("In the log, {exchange}");
            assert_eq!(facts.exchange(all_failed).to_string(), exchange);
        }
    }
}
