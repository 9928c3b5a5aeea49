//! Which hooks there are, and what an interface got.

use super::interfaces::Interface;

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
    /// None: on `lo` everything that leaves arrives.
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
}

impl Attachment {
    /// Whether every packet on the wire is counted as one: generic XDP sees packets that the kernel merged,
    /// and cannot know of how many they were made.
    pub const fn is_exact(&self) -> bool {
        !matches!(self.ingress, Ingress::XdpGeneric)
    }
}
