//! Where the lists of resolvers are.

use std::path::{Path, PathBuf};

/// What the resolvers of C libraries read.
pub const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The files that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// What the resolvers of C libraries read.
    pub resolv_conf: PathBuf,
    /// The servers that systemd-resolved asks: per link, global, or else its fallback.
    pub resolved: PathBuf,
    /// The servers that `NetworkManager` has configured, whatever stub it runs before them.
    pub network_manager: PathBuf,
    /// Exists while the system's dnsmasq runs.
    pub dnsmasq_pid: PathBuf,
    /// What resolvconf writes for dnsmasq.
    pub dnsmasq_servers: PathBuf,
    /// dnsmasq's configuration.
    pub dnsmasq_conf: PathBuf,
    /// More of it: all files there.
    pub dnsmasq_conf_dir: PathBuf,
}

impl Files {
    /// Those of this host, with that file as resolv.conf.
    pub fn of_this_host(resolv_conf: impl Into<PathBuf>) -> Self {
        Self {
            resolv_conf: resolv_conf.into(),
            resolved: "/run/systemd/resolve/resolv.conf".into(),
            network_manager: "/run/NetworkManager/no-stub-resolv.conf".into(),
            dnsmasq_pid: "/run/dnsmasq/dnsmasq.pid".into(),
            dnsmasq_servers: "/run/dnsmasq/resolv.conf".into(),
            dnsmasq_conf: "/etc/dnsmasq.conf".into(),
            dnsmasq_conf_dir: "/etc/dnsmasq.d".into(),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> [&Path; 7] {
        [
            &self.resolv_conf,
            &self.resolved,
            &self.network_manager,
            &self.dnsmasq_pid,
            &self.dnsmasq_servers,
            &self.dnsmasq_conf,
            &self.dnsmasq_conf_dir,
        ]
    }
}
