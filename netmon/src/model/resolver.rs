//! Which of this host's resolvers a server is, and how it stands with each of them.

use netmon_common::Address;
use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// How it stands with a resolver, as its exchanges say.
    pub enum ResolverState {
        /// It was answered lately, and no incident is open.
        Up = "up",
        /// An incident is open, and some get answers; or one of its two transports is down.
        Degraded = "degraded",
        /// An incident is open, and nobody gets answers.
        Down = "down",
        /// Nobody asked it lately.
        Unknown = "unknown",
    }
}

/// A resolver that this host is configured to use, and how it stands with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolver {
    /// Its address.
    pub server: Address,
    /// The name of the interface of a link-local one.
    pub interface: Option<String>,
    /// Its place in the list that names it, from 1.
    pub position: u32,
    /// How many this list has.
    pub of: u32,
    /// The file that says so.
    pub by: String,
    /// How it stands with it.
    pub state: ResolverState,
}

/// Which of this host's resolvers the server of an incident is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhichResolver {
    /// Whether it is one of them.
    pub configured: bool,
    /// Its place in the list that names it, from 1.
    pub position: Option<u32>,
    /// How many the list has; of a server that is none of them, how many resolvers there are.
    pub of: u32,
    /// The file that says so.
    pub by: Option<String>,
    /// The others of this list, in its order.
    pub others: Vec<OtherResolver>,
}

/// Another resolver of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherResolver {
    /// Its address.
    pub server: Address,
    /// How it stands with it.
    pub state: ResolverState,
}
