//! The other sides of an incident: the same queries, seen on their way to another server, because an address was translated
//! in between.

use std::time::Duration;

use netmon_common::Address;

use super::context::Context;
use super::numbers::duration;
use super::rich::Text;
use crate::excerpt::{Packet, What};
use crate::model::Incident;
use crate::time::Time;

/// A host that translates sends a query on within this time; one that comes later was sent again.
const APART: Duration = Duration::from_millis(50);

/// A sentence for each incident that is another side of this one.
pub fn points(context: &Context<'_>, incident: &Incident) -> Vec<Text> {
    let (numbered, excerpts) = ((1..).zip(context.described()), context.report().excerpts);
    let own = excerpts.of(&incident.id);
    numbered
        .filter(|(_, other)| other.server != incident.server)
        .filter_map(|(number, other)| {
            let (here, there) = sent_on(own, excerpts.of(&other.id))?;
            let (first, second, when) = if here <= there {
                (incident.server, other.server, "later")
            } else {
                (other.server, incident.server, "earlier")
            };
            let apart = duration(here.since(there).max(there.since(here)));
            Some(sentence(
                number,
                other.server,
                &format!("{apart} {when}"),
                first,
                second,
            ))
        })
        .collect()
}

fn sentence(number: usize, other: Address, apart: &str, first: Address, second: Address) -> Text {
    Text::from("The same queries, by client, port and id, were seen on their way to ")
        .then(Text::code(other))
        .then(format!(", {apart} ("))
        .then(Text::link(
            format!("incident {number}"),
            format!("incident-{number}"),
        ))
        .then("). So address translation leads from ")
        .then(Text::code(first))
        .then(" to ")
        .then(Text::code(second))
        .then(", and both are sides of one problem; unless the client asks both at once.")
}

/// When a query was seen here, and when there.
fn sent_on(here: &[Packet], there: &[Packet]) -> Option<(Time, Time)> {
    let queries = |packets| {
        let packets: &[Packet] = packets;
        packets.iter().filter_map(|packet| match &packet.what {
            What::Query { name, .. } => Some((
                packet.time,
                (packet.client, packet.client_port?, packet.id?, name),
            )),
            What::Answer { .. } | What::Error { .. } => None,
        })
    };
    queries(here).find_map(|(at, query)| {
        queries(there)
            .find(|(then, same)| *same == query && at.since(*then).max(then.since(at)) <= APART)
            .map(|(then, _)| (at, then))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Name;

    fn query(millis: u64, client: [u8; 4], port: u16, id: u16, name: &str) -> Packet {
        Packet {
            time: Time::from_nanos(millis * 1_000_000),
            client: Address::v4(client),
            client_port: Some(port),
            id: Some(id),
            what: What::Query {
                recursion_desired: Some(true),
                query_type: Some(1),
                name: Some(Name::new(name)),
            },
        }
    }

    #[test]
    fn a_query_was_sent_on_if_all_but_the_server_is_the_same_shortly_after() {
        let client = [192, 0, 2, 1];
        let here = [
            query(1_000, client, 5_000, 7, "a.test"),
            query(2_000, client, 5_001, 8, "b.test"),
        ];
        let cases = [
            (query(1_001, client, 5_000, 7, "a.test"), true),
            (query(1_950, client, 5_001, 8, "b.test"), true),
            (query(1_051, client, 5_000, 7, "a.test"), false),
            (query(1_001, client, 5_000, 8, "a.test"), false),
            (query(1_001, client, 5_001, 7, "a.test"), false),
            (query(1_001, [192, 0, 2, 9], 5_000, 7, "a.test"), false),
            (query(1_001, client, 5_000, 7, "b.test"), false),
        ];
        for (there, is_sent_on) in cases {
            let found = sent_on(&here, std::slice::from_ref(&there));
            assert_eq!(found.is_some(), is_sent_on, "{there:?}");
        }
    }
}
