//! Which servers a view wants to see, in which order: `state:down client:192.0.2. name:example`, by queries.

use std::cmp::Ordering;
use std::collections::HashMap;

use netmon_common::Address;
use serde::Deserialize;

use super::State;
use crate::model::Incident;
use crate::model::view::ServerLine;
use crate::model::words::words;
use crate::views::limits::PAGE;
use crate::views::sightings::Lately;

words! {
    /// What servers are sorted by.
    pub enum By {
        /// Those in trouble, then the busiest.
        Activity = "activity",
        /// The address.
        Server = "server",
        /// What the configuration calls it.
        Name = "name",
        /// How bad it is.
        State = "state",
        /// Queries a second.
        Queries = "queries",
        /// Answers a second.
        Answers = "answers",
        /// Errors a second, then errors in all.
        Errors = "errors",
        /// The share of the queries that was answered, the smallest first.
        Answered = "answered",
        /// The median latency.
        P50 = "p50",
        /// The latency that one of a hundred exceeds.
        P99 = "p99",
    }
}

/// What is asked for: as parameters of a URL.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// The order.
    pub sort: By,
    /// The other way round.
    pub reverse: bool,
    /// Words that all must hold.
    pub filter: String,
    /// How many to leave out at the beginning.
    pub offset: usize,
    /// How many to show.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            sort: By::Activity,
            reverse: false,
            filter: String::new(),
            offset: 0,
            limit: PAGE,
        }
    }
}

/// A filter: each word is `state:`, `client:`, `name:` or `owner:` with what it is to contain, or any of these without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    State(String),
    Client(String),
    Name(String),
    Owner(String),
    Any(String),
}

impl Filter {
    /// The filter that people type.
    pub fn new(text: &str) -> Self {
        let word = |word: &str| {
            let word = word.to_lowercase();
            // An IPv6 address has colons too: whatever is no word is looked for as it stands.
            match word.split_once(':') {
                Some(("state", value)) => Word::State(value.to_owned()),
                Some(("client", value)) => Word::Client(value.to_owned()),
                Some(("name", value)) => Word::Name(value.to_owned()),
                Some(("owner", value)) => Word::Owner(value.to_owned()),
                _ => Word::Any(word),
            }
        };
        Self(text.split_whitespace().map(word).collect())
    }

    /// Whether a server is to be shown, with its open incidents, and what was seen of it lately.
    pub fn holds(&self, line: &ServerLine, incidents: &[&Incident], lately: Option<&Lately>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let info = line.server_info.as_ref();
        let title = info
            .and_then(|info| info.name.as_deref())
            .unwrap_or_default()
            .to_lowercase();
        let owner = info
            .and_then(|info| info.owner.as_deref())
            .unwrap_or_default()
            .to_lowercase();
        let asked = |value: &str| {
            let mut names = incidents.iter().flat_map(|incident| &incident.names);
            let mut seen = lately.iter().flat_map(|lately| &lately.names);
            names.any(|name| name.contains(value)) || seen.any(|name| name.as_str().contains(value))
        };
        let clients = || {
            let seen = lately.iter().flat_map(|lately| &lately.clients);
            incidents
                .iter()
                .flat_map(|incident| &incident.clients)
                .chain(seen)
        };
        self.0.iter().all(|word| match word {
            Word::State(value) => line.state.name().starts_with(value.as_str()),
            Word::Client(value) => clients().any(|client| client.to_string().starts_with(value.as_str())),
            Word::Name(value) => title.contains(value) || asked(value),
            Word::Owner(value) => owner.contains(value),
            Word::Any(value) => {
                line.address.to_string().contains(value)
                    || title.contains(value)
                    || owner.contains(value)
                    || asked(value)
            }
        })
    }
}

/// Which of two servers comes first, in an order where the most interesting does.
pub fn compare(by: By, one: &ServerLine, other: &ServerLine) -> Ordering {
    let float = |one: f64, other: f64| other.total_cmp(&one);
    let rates = (&one.per_second, &other.per_second);
    let busy = || float(rates.0.queries, rates.1.queries).then(other.queries.cmp(&one.queries));
    let first = match by {
        By::Activity => (other.state.cmp(&one.state)).then_with(busy),
        By::Server => Ordering::Equal,
        By::Name => {
            fn name(line: &ServerLine) -> (bool, Option<&str>) {
                let name = line.server_info.as_ref().and_then(|info| info.name.as_deref());
                (name.is_none(), name)
            }
            name(one).cmp(&name(other))
        }
        By::State => other.state.cmp(&one.state),
        By::Queries => busy(),
        By::Answers => float(rates.0.answers, rates.1.answers).then(other.answers.cmp(&one.answers)),
        By::Errors => float(rates.0.errors, rates.1.errors).then(other.errors.cmp(&one.errors)),
        By::Answered => {
            let share = |line: &ServerLine| line.answered.unwrap_or(f64::INFINITY);
            share(one).total_cmp(&share(other))
        }
        By::P50 => other.latency_us.p50.cmp(&one.latency_us.p50),
        By::P99 => other.latency_us.p99.cmp(&one.latency_us.p99),
    };
    first.then_with(|| one.address.cmp(&other.address))
}

impl State {
    /// The servers that are asked for, and how many there are of them.
    pub(super) fn find(&self, query: &Query) -> (usize, Vec<ServerLine>) {
        let filter = Filter::new(&query.filter);
        let open = self.open_by_server();
        let all = self.lines.get_or_init(|| self.all_lines(&open));
        let of = |line: &ServerLine| open.get(&line.address).map(Vec::as_slice).unwrap_or_default();
        let lately = |line: &ServerLine| self.servers.get(&line.address).map(|server| &server.lately);
        let shown = all
            .iter()
            .filter(|line| filter.holds(line, of(line), lately(line)));
        let mut lines: Vec<&ServerLine> = shown.collect();
        lines.sort_by(|one, other| compare(query.sort, one, other));
        if query.reverse {
            lines.reverse();
        }
        let matching = lines.len();
        let limit = query.limit.min(PAGE);
        let shown = lines.into_iter().skip(query.offset).take(limit).cloned();
        let mut shown: Vec<ServerLine> = shown.collect();
        for line in &mut shown {
            // Only for those that are shown: it is what costs most.
            if let Some(server) = self.servers.get(&line.address) {
                line.recent = server.recent.recent(self.now.time);
            }
        }
        (matching, shown)
    }

    fn open_by_server(&self) -> HashMap<Address, Vec<&Incident>> {
        let mut open: HashMap<Address, Vec<&Incident>> = HashMap::new();
        for incident in self.open.values() {
            open.entry(incident.server).or_default().push(incident);
        }
        open
    }

    /// All servers; made once for all who ask between two readings.
    fn all_lines(&self, open: &HashMap<Address, Vec<&Incident>>) -> Vec<ServerLine> {
        let of = |address| open.get(address).map(Vec::as_slice).unwrap_or_default();
        let lines = self
            .servers
            .keys()
            .filter_map(|address| self.line(*address, of(address)));
        lines.collect()
    }
}
