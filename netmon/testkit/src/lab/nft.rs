//! Firewall rules of a host, real ones of nftables, that are gone with their guard.

use std::{
    fmt::Write as _,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result};

use super::namespace::Namespace;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Where in a packet's way through a host rules stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// For this host.
    Input,
    /// Through this host.
    Forward,
    /// From this host.
    Output,
    /// Leaving, after all else: where source addresses are translated.
    Translate,
    /// Arriving, before all else: where destination addresses are translated.
    Redirect,
}

impl Hook {
    const fn chain(self) -> &'static str {
        match self {
            Self::Input => "type filter hook input priority filter",
            Self::Forward => "type filter hook forward priority filter",
            Self::Output => "type filter hook output priority filter",
            Self::Translate => "type nat hook postrouting priority srcnat",
            Self::Redirect => "type nat hook prerouting priority dstnat",
        }
    }
}

/// Rules in force on a host, for both families. Dropping it takes them away.
#[derive(Debug)]
pub struct Rules<'lab> {
    namespace: &'lab Namespace,
    table: String,
}

impl<'lab> Rules<'lab> {
    /// Puts rules in force, in nft's own words; what none of them decides passes.
    pub fn new(namespace: &'lab Namespace, hook: Hook, rules: &[&str]) -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let table = format!("lab{number}");
        let chain = hook.chain();
        let mut script = format!("add table inet {table}; add chain inet {table} rules {{ {chain}; }};");
        for rule in rules {
            write!(script, " add rule inet {table} rules {rule};")?;
        }
        namespace
            .exec(Command::new("nft").arg(&script))
            .with_context(|| format!("nft refuses {rules:?}"))?;
        Ok(Self { namespace, table })
    }
}

impl Drop for Rules<'_> {
    fn drop(&mut self) {
        let script = format!("delete table inet {}", self.table);
        // An error here must not hide the one that a test is dying of.
        if let Err(error) = self.namespace.exec(Command::new("nft").arg(script)) {
            eprintln!("{error:#}");
        }
    }
}
