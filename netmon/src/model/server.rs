//! Who a server is to the people who run it: what the configuration calls it, and whose it is.

use std::fmt;

use netmon_common::Address;
use serde::{Deserialize, Serialize};

/// What `[[server]]` of the configuration says of a server, beside its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// What people call it.
    pub name: Option<String>,
    /// Whom to call.
    pub owner: Option<String>,
    /// What else whoever is called must know.
    pub note: Option<String>,
}

impl ServerInfo {
    /// Whether it says nothing.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.owner.is_none() && self.note.is_none()
    }
}

/// Whose it is: `Network team (restart needs a change)`.
impl fmt::Display for ServerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.owner, &self.note) {
            (Some(owner), Some(note)) => write!(f, "{owner} ({note})"),
            (Some(only), None) | (None, Some(only)) => f.write_str(only),
            (None, None) => Ok(()),
        }
    }
}

/// A server, with what people call it: `203.0.113.2 (ns1)`.
pub(super) fn title(server: Address, info: Option<&ServerInfo>) -> String {
    match info.and_then(|info| info.name.as_ref()) {
        Some(name) => format!("{server} ({name})"),
        None => server.to_string(),
    }
}
