//! Which hooks there are, and what an interface got.

use super::interfaces::{Interface, Kind};

/// What the names of netmon's programs begin with.
pub const OURS: &str = "netmon_";

/// Which hook to use for what arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookChoice {
    /// Native XDP where the driver has it and it pays, else TC.
    #[default]
    Auto,
    /// Native XDP, or fail.
    XdpNative,
    /// Generic XDP.
    XdpGeneric,
    /// TC.
    Tc,
}

impl HookChoice {
    /// Whether an XDP program would run at the devices below such a one: a bond hands a native one to its ports. Each runs it
    /// as its own, and nobody knows there which frames are for this host.
    pub fn runs_below(self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Auto | Self::XdpNative, Kind::Stacked("bond"))
        )
    }
}

/// The hook that sees what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingress {
    /// XDP in the driver.
    XdpNative,
    /// XDP in the stack, behind the driver.
    XdpGeneric,
    /// TC.
    Tc,
}

impl Ingress {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XdpNative => "xdp-native",
            Self::XdpGeneric => "xdp-generic",
            Self::Tc => "tc",
        }
    }
}

/// The hook that sees what leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    /// A TCX link (Linux 6.6).
    Tcx,
    /// A filter of the `clsact` qdisc.
    Clsact,
    /// None: on `lo` everything that leaves arrives. Elsewhere nothing sees it, and [`Unseen`] says why.
    None,
}

impl Egress {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcx => "tcx",
            Self::Clsact => "clsact",
            Self::None => "none",
        }
    }
}

/// What an interface got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The interface.
    pub interface: Interface,
    /// What sees what arrives.
    pub ingress: Ingress,
    /// What sees what leaves.
    pub egress: Egress,
    /// Why these, in words.
    pub why: String,
    /// What netmon does not see all the same.
    pub unseen: Unseen,
}

/// Why netmon may not see all packets of an interface that it watches, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Of those that arrive.
    pub arrives: Option<String>,
    /// Of those that leave.
    pub leaves: Option<String>,
}

impl Unseen {
    /// Both in words; `None` where it sees all.
    pub fn words(&self) -> Option<String> {
        let reasons: Vec<&str> = self
            .arrives
            .iter()
            .chain(&self.leaves)
            .map(String::as_str)
            .collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

impl Attachment {
    /// Whether every packet on the wire is counted as one: generic XDP sees packets that the kernel merged,
    /// and cannot know of how many they were made.
    pub const fn is_exact(&self) -> bool {
        !matches!(self.ingress, Ingress::XdpGeneric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_bond_a_native_program_would_run_at_its_ports_and_a_generic_one_at_the_bond_itself() {
        let (bond, bridge) = (Kind::Stacked("bond"), Kind::Stacked("bridge"));
        for (hook, kind, expected) in [
            (HookChoice::Auto, bond, true),
            (HookChoice::XdpNative, bond, true),
            (HookChoice::XdpGeneric, bond, false),
            (HookChoice::Tc, bond, false),
            // Its driver takes none at all.
            (HookChoice::Auto, bridge, false),
            (HookChoice::Auto, Kind::Lowest, false),
        ] {
            assert_eq!(hook.runs_below(kind), expected, "{hook:?} {kind:?}");
        }
    }

    #[test]
    fn what_is_not_seen_is_said_of_each_direction() {
        let unseen = |arrives: Option<&str>, leaves: Option<&str>| Unseen {
            arrives: arrives.map(str::to_owned),
            leaves: leaves.map(str::to_owned),
        };
        assert_eq!(unseen(None, None).words(), None);
        assert_eq!(unseen(Some("a"), None).words().unwrap(), "a");
        assert_eq!(unseen(Some("a"), Some("b")).words().unwrap(), "a; b");
    }
}
