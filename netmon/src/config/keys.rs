//! The keys of the configuration file: each is a flag of `netmon run` under another name, and nothing more.
//!
//! A key has the values, the range and the default of its flag: see [`super::schema`]. docs/architecture.md, "Add a flag",
//! has the steps to add one; tests compare flag, key, docs/configuration.md and deploy/netmon.toml.

/// A key, and the flag that says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// With the tables around it: `notify.webhook.url`.
    pub path: &'static str,
    /// The flag's name, without the two dashes.
    pub flag: &'static str,
    /// When a change in the file takes effect.
    pub change: Change,
}

/// When a change in the file takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At SIGHUP, and nothing is detached.
    Reload,
    /// When netmon restarts.
    Restart,
}

/// The table of thresholds: its keys are their names, and its flag takes `NAME=VALUE`.
pub const THRESHOLDS: Key = reload("thresholds", "threshold");

/// All keys, in the order in which they are shown: those of a table together, those of none first.
pub const KEYS: &[Key] = &[
    restart("interface", "interface"),
    restart("all-interfaces", "all-interfaces"),
    restart("exclude", "exclude"),
    restart("mirror", "mirror"),
    restart("hook", "hook"),
    restart("port", "port"),
    restart("destinations", "destinations"),
    restart("no-latency", "no-latency"),
    restart("no-askers", "no-askers"),
    restart("pin", "pin"),
    restart("resolv-conf", "resolv-conf"),
    reload("server", "server"),
    reload("service-cidr", "service-cidr"),
    reload("iterative", "iterative"),
    restart("probe", "probe"),
    reload("interval", "interval"),
    reload("idle-entries", "idle-entries"),
    restart("duration", "duration"),
    restart("format", "format"),
    restart("snapshots", "snapshots"),
    restart("quiet", "quiet"),
    restart("timezone", "timezone"),
    restart("exit-code", "exit-code"),
    restart("socket", "socket"),
    restart("allowed-host", "allowed-host"),
    reload("log-level", "log-level"),
    THRESHOLDS,
    restart("history.file", "history"),
    restart("history.keep", "history-keep"),
    restart("history.max-size", "history-max-size"),
    restart("metrics.listen", "metrics"),
    restart("metrics.max-servers", "metrics-max-servers"),
    restart("web.listen", "web"),
    restart("web.token-file", "web-token-file"),
    reload("notify.event", "notify-event"),
    reload("notify.queue", "notify-queue"),
    reload("notify.webhook.url", "webhook"),
    reload("notify.webhook.secret-file", "webhook-secret-file"),
    reload("notify.webhook.timeout", "webhook-timeout"),
    reload("notify.webhook.retry", "webhook-retry"),
    reload("notify.command.command", "notify-command"),
    reload("notify.command.timeout", "notify-command-timeout"),
];

const fn reload(path: &'static str, flag: &'static str) -> Key {
    let change = Change::Reload;
    Key { path, flag, change }
}

const fn restart(path: &'static str, flag: &'static str) -> Key {
    let change = Change::Restart;
    Key { path, flag, change }
}

impl Key {
    /// The key with that path.
    pub fn of(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The table that it lies in, `notify.webhook`, and its name there, `url`.
    pub fn split(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('.').unwrap_or(("", self.path))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_named_once_and_those_of_a_table_stand_together() {
        let paths: BTreeSet<&str> = KEYS.iter().map(|key| key.path).collect();
        assert_eq!(paths.len(), KEYS.len());
        let mut tables: Vec<&str> = KEYS.iter().map(|key| key.split().0).collect();
        tables.dedup();
        assert_eq!(tables.first(), Some(&""));
        let distinct: BTreeSet<&str> = tables.iter().copied().collect();
        assert_eq!(distinct.len(), tables.len(), "{tables:?}");
    }
}
