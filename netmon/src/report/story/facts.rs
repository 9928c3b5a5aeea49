//! What is known of one incident, as words: what fills the holes of the report's sentences and commands.
//!
//! Every sentence about an incident is a template such as `{Clients} sent {queries} to {server}`, so that
//! numbers, singular and plural are right in one place. Commands are templates, too: what fills them is safe
//! to paste into a shell, whatever names were asked for.

use jiff::{SignedDuration, Timestamp};
use netmon_common::{Address, Code, Transport};

use super::numbers::{self, Clock, UTC, count};
use super::rich::{self, Text};
use crate::model::Incident;
use crate::report::knowledge::{self, Sentence, Step};
use crate::stand_in;

/// Items of a list that prose names; beyond it says how many more.
const NAMED: usize = 3;

/// How long before the first failure a log is worth reading.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// One incident's facts.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// How its times are written.
    pub clock: &'a Clock,
    /// Until when the incident's counts run: up to its end, or as far as anything is known.
    pub counted_to: Timestamp,
    /// Whether the log has times: text may have none, and then all of them are made up.
    pub has_times: bool,
}

impl<'a> Facts<'a> {
    /// Of this incident.
    pub fn new(incident: &'a Incident, clock: &'a Clock) -> Self {
        Self::known_to(incident, clock, incident.last_seen.0)
    }

    /// Of this incident; what is known of its time goes to that moment.
    pub fn known_to(incident: &'a Incident, clock: &'a Clock, known: Timestamp) -> Self {
        let end = incident.recovered.or(incident.closed);
        Self {
            incident,
            clock,
            counted_to: end.map_or(known.max(incident.last_seen.0), |end| end.0),
            has_times: true,
        }
    }

    /// The sentence of a template.
    pub fn say(&self, template: &str) -> Text {
        Text::of(template, |hole| self.fill(hole))
    }

    /// The steps among these that fit the incident, with their commands.
    pub fn steps(&self, steps: &[Step]) -> Vec<rich::Step> {
        let has_time = |text: &str| text.contains("{began}") || text.contains("{since}");
        let fits = |step: &&Step| {
            let is_timed = has_time(step.what) || step.command.is_some_and(has_time);
            (step.when)(self.incident) && (self.has_times || !is_timed)
        };
        let say = |step: &Step| rich::Step {
            what: self.say(step.what),
            command: step.command.map(|command| self.say(command).to_string()),
        };
        steps.iter().filter(fits).map(say).collect()
    }

    /// The sentences among these that hold for the incident.
    pub fn hold(&self, sentences: &[Sentence]) -> Vec<Text> {
        let holds = |sentence: &&Sentence| (sentence.when)(self.incident);
        sentences
            .iter()
            .filter(holds)
            .map(|sentence| self.say(sentence.text))
            .collect()
    }

    /// All errors.
    pub fn errors(&self) -> u64 {
        self.incident.errors.sum()
    }

    /// The codes that came, the most frequent first.
    pub fn by_code(&self) -> Vec<(Code, u64)> {
        let mut codes = self.incident.errors.each().to_vec();
        codes.retain(|&(_, errors)| errors > 0);
        codes.sort_by_key(|&(_, errors)| std::cmp::Reverse(errors));
        codes
    }

    /// Clients that were hit, those that are not listed included.
    pub fn clients(&self) -> u64 {
        self.incident.clients.len() as u64 + self.incident.clients_more
    }

    /// Names that were asked for, those that are not listed included.
    pub fn names(&self) -> u64 {
        self.incident.names.len() as u64 + self.incident.names_more
    }

    /// Whether some errors are verified and others are not: nobody knows who sent these.
    pub fn some_are_unproven(&self) -> bool {
        (1..self.errors()).contains(&self.incident.verified)
    }

    /// Whether all errors came from the server's own address.
    pub fn server_says_so(&self) -> bool {
        let incident = self.incident;
        !incident.reporters.is_empty() && incident.reporters.iter().all(|&who| who == incident.server)
    }

    /// What a hole stands for; `None` for an unknown one.
    fn fill(&self, hole: &str) -> Option<Text> {
        let incident = self.incident;
        Some(match hole {
            "server" => Text::code(incident.server),
            "named_server" => self.named_server(),
            "port" => incident.port.to_string().into(),
            "transport" => incident.transport.name().to_uppercase().into(),
            "udp" => incident.transport.name().into(),
            "icmp" => if self.is_v4() { "ICMP" } else { "ICMPv6" }.into(),
            "clients" => self.clients_in_words(),
            "for_names" => self.for_names(),
            // Where an error came from; without any, where it would be worth a look.
            "reporter" => Text::code(incident.reporters.first().copied().unwrap_or(incident.server)),
            "reporters" => self.reporters(|_| true),
            "others" => self.reporters(|who| who != incident.server),
            // Over TCP, to try to connect counts as much as to ask.
            "queries" if incident.transport == Transport::Tcp => count(
                incident.queries,
                "attempt at DNS over TCP",
                "attempts at DNS over TCP",
            )
            .into(),
            "queries" => count(incident.queries, "DNS query", "DNS queries").into(),
            "asks" => self.over("queries", "attempts"),
            "ask" => self.over("query", "attempt"),
            "answers" => count(incident.answers, "answer", "answers").into(),
            "errors" => {
                let one = format!("{} error", if self.is_v4() { "ICMP" } else { "ICMPv6" });
                count(self.errors(), &one, &format!("{one}s")).into()
            }
            "errors_by_code" => self.errors_by_code(),
            "are" => if incident.queries == 1 { "is" } else { "are" }.into(),
            "failed_first" => self.over(
                "first query that failed was sent",
                "first attempt that failed was made",
            ),
            "began" => self.clock.moment(incident.began.0).into(),
            "began_time" => self.time(incident.began.0, Clock::time),
            "began_exactly" => format!(
                "{} {} on {}",
                self.clock.exact_time(incident.began.0),
                self.clock.name(incident.began.0),
                self.clock.day(incident.began.0)
            )
            .into(),
            "opened_exactly" => self.time(incident.opened.0, Clock::exact_time),
            "last_exactly" => self.time(incident.last_seen.0, Clock::exact_time),
            "ended" => self.time(incident.recovered.or(incident.closed)?.0, Clock::time),
            "closed" => self.time(incident.closed?.0, Clock::time),
            "lasted" => numbers::duration(self.lasted()).into(),
            "took" => numbers::duration(numbers::between(incident.began.0, incident.opened.0)).into(),
            _ => return self.in_command(hole),
        })
    }

    /// What stands for a hole in commands.
    fn in_command(&self, hole: &str) -> Option<Text> {
        let incident = self.incident;
        let (udp, port) = (incident.transport == Transport::Udp, incident.port);
        Some(match hole {
            "dig" => {
                let port = if port == 53 {
                    String::new()
                } else {
                    format!(" -p {port}")
                };
                let tcp = if udp { "" } else { " +tcp" };
                format!("dig @{}{port}{tcp} {}", incident.server, self.name_for_shell()).into()
            }
            "listeners" => format!("ss -{} 'sport = :{port}'", if udp { "lunp" } else { "ltnp" }).into(),
            "trace" => format!(
                "traceroute -n {} -p {port} {}",
                if udp { "-U" } else { "-T" },
                incident.server
            )
            .into(),
            "packets" => match self.client() {
                Some(client) => format!("'{} port {port} and host {client}'", incident.transport.name()),
                None => format!("'{} port {port}'", incident.transport.name()),
            }
            .into(),
            "accept" => match self.client() {
                Some(client) => Text::from(format!("{} saddr {client} ", self.family())),
                None => Text::default(),
            }
            .then(self.say("{accept_to}")),
            "accept_to" => format!(
                "{} daddr {} {} dport {port} accept",
                self.family(),
                incident.server,
                incident.transport.name()
            )
            .into(),
            "name" => self.name_for_shell().into(),
            "route" => if self.is_v4() { "ip route" } else { "ipv6 route" }.into(),
            "ip" => if self.is_v4() { "ip" } else { "ip -6" }.into(),
            "since" => {
                let since = incident
                    .began
                    .0
                    .checked_sub(BEFORE)
                    .unwrap_or(Timestamp::UNIX_EPOCH);
                format!("'{} UTC'", UTC.second(since)).into()
            }
            _ => return None,
        })
    }

    /// Whether the server is asked over IPv4.
    pub fn is_v4(&self) -> bool {
        stand_in::is_v4(self.incident.server)
    }

    /// What is asked: over TCP an attempt to connect counts as much as a query.
    fn over(&self, udp: &str, tcp: &str) -> Text {
        match self.incident.transport {
            Transport::Udp => udp.into(),
            Transport::Tcp => tcp.into(),
        }
    }

    /// How nftables calls the family.
    fn family(&self) -> &'static str {
        if self.is_v4() { "ip" } else { "ip6" }
    }

    /// The first client.
    fn client(&self) -> Option<Address> {
        self.incident.clients.first().copied()
    }

    /// How long it went on, from the first query that failed: the time over which its counts run.
    pub fn lasted(&self) -> std::time::Duration {
        numbers::between(self.incident.began.0, self.counted_to)
    }

    /// A time of day, with its day where that is another one than the day on which the incident began.
    fn time(&self, moment: Timestamp, time: impl Fn(&Clock, Timestamp) -> String) -> Text {
        let (clock, name) = (self.clock, self.clock.name(moment));
        let time = time(clock, moment);
        if clock.day(moment) == clock.day(self.incident.began.0) {
            format!("{time} {name}").into()
        } else {
            format!("{time} {name} on {}", clock.day(moment)).into()
        }
    }

    /// The first name that no shell and no option parser can misread; the root's servers else.
    fn name_for_shell(&self) -> &str {
        let is_plain = |name: &&String| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        self.incident
            .names
            .iter()
            .find(is_plain)
            .map_or(". NS", String::as_str)
    }

    fn clients_in_words(&self) -> Text {
        let listed = self.incident.clients.iter().map(Text::code).collect();
        some(listed, self.incident.clients_more, "client", "clients")
    }

    /// `` for the name `example.com` ``, or nothing if no name is known.
    fn for_names(&self) -> Text {
        if self.names() == 0 {
            return Text::default();
        }
        let listed = self.incident.names.iter().map(Text::code).collect();
        Text::from(" for ").then(some(listed, self.incident.names_more, "name", "names"))
    }

    /// Some of those who sent the errors, and what they are to this incident.
    fn reporters(&self, some: impl Fn(Address) -> bool) -> Text {
        let incident = self.incident;
        let with_role = |who: &Address| {
            Text::code(who).then(if *who == incident.server {
                " (the server itself)"
            } else if incident.clients.contains(who) {
                " (the client's own host)"
            } else {
                " (a router or firewall on the path)"
            })
        };
        let those: Vec<_> = incident.reporters.iter().filter(|&&who| some(who)).collect();
        let mut all: Vec<Text> = those.iter().take(NAMED).map(|who| with_role(who)).collect();
        let more = those.len().saturating_sub(all.len());
        if more > 0 {
            all.push(format!("{} more", numbers::number(more as u64)).into());
        }
        Text::list(all)
    }

    /// Errors by code: ``3 ICMP errors `udp port 53 unreachable` ``.
    fn errors_by_code(&self) -> Text {
        let codes = self.by_code();
        let name = |code| self.say(knowledge::code(code).words);
        match codes.as_slice() {
            [] => self.say("{errors}"),
            [(code, _)] => self.say("{errors} ").then(name(*code)),
            _ => {
                let each = codes
                    .iter()
                    .map(|&(code, errors)| {
                        Text::from(format!("{} ", numbers::number(errors))).then(name(code))
                    })
                    .collect();
                self.say("{errors} (").then(Text::list(each)).then(")")
            }
        }
    }
}

/// Some of them: `the client a`, `the clients a and b`, `34 clients (a, b, c and 31 more)`.
fn some(mut listed: Vec<Text>, left_out: u64, one: &str, many: &str) -> Text {
    let all = listed.len() as u64 + left_out;
    match all {
        0 => format!("no known {one}").into(),
        1 if left_out == 0 => Text::from(format!("the {one} ")).then(Text::list(listed)),
        _ if left_out == 0 && listed.len() <= NAMED => {
            Text::from(format!("the {many} ")).then(Text::list(listed))
        }
        _ => {
            listed.truncate(NAMED);
            let more = all - listed.len() as u64;
            listed.push(format!("{} more", numbers::number(more)).into());
            Text::from(format!("{} {many} (", numbers::number(all)))
                .then(Text::list(listed))
                .then(")")
        }
    }
}
