//! Which kernel runs, and the oldest one that netmon runs on.
//!
//! Whatever depends on a version is asked here. aya's own reading wants three numbers, and finds none in `7.3-amd64`.

use nix::sys::utsname::uname;

/// A version, as far as features follow it: the major and the minor number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

/// The oldest kernel that netmon runs on. A test holds README.md and docs/ to this number.
pub const OLDEST: Version = Version(5, 10);
/// What the kernels before [`OLDEST`] lack.
pub const OLDEST_BRINGS: &str = "maps that are bound to a program (BPF_PROG_BIND_MAP)";
/// Since this one maps are memory of the control group; before they count as locked memory.
pub const MAPS_UNLOCKED: Version = Version(5, 11);
/// The first one with XDP programs for packets in several buffers: the frags flag, `bpf_xdp_get_buff_len` and
/// `bpf_xdp_load_bytes`.
pub const XDP_FRAGS: Version = Version(5, 18);
/// Since this one a map can be read without rights, where unprivileged BPF is off
/// (Documentation/admin-guide/sysctl/kernel.rst).
pub const READS_WITHOUT_RIGHTS: Version = Version(5, 19);
/// The first one whose drivers say whether they have native XDP.
pub const XDP_FEATURES: Version = Version(6, 3);
/// The first one with TCX links.
pub const TCX: Version = Version(6, 6);

impl Version {
    /// From a release such as `6.18.44-fc-v595` or `7.3-amd64`.
    pub fn parse(release: &str) -> Option<Self> {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The kernel that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// What `uname -r` says; empty if that fails.
    pub release: String,
    /// The version in it, if there is one.
    pub version: Option<Version>,
}

impl Running {
    /// Asks the kernel.
    pub fn now() -> Self {
        let release = uname().map(|name| name.release().to_string_lossy().into_owned());
        Self::of(release.unwrap_or_default())
    }

    fn of(release: String) -> Self {
        let version = Version::parse(&release);
        Self { release, version }
    }

    /// Whether it is known to be older. A release that names no version is taken for a new one: what it lacks then shows
    /// when it is used.
    pub fn is_older_than(&self, version: Version) -> bool {
        self.version.is_some_and(|running| running < version)
    }
}

/// Whether a map can be read here only with a right.
pub fn reading_needs_rights() -> bool {
    Running::now().is_older_than(READS_WITHOUT_RIGHTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_versions() {
        for (release, expected) in [
            ("6.18.44-fc-v595", Some(Version(6, 18))),
            ("5.15.0-92-generic", Some(Version(5, 15))),
            ("7.3-amd64", Some(Version(7, 3))),
            ("7.3+deb14-cloud-amd64", Some(Version(7, 3))),
            ("6.6-rc1", Some(Version(6, 6))),
            ("5.14.0-503.el9_5.x86_64", Some(Version(5, 14))),
            ("10.0", Some(Version(10, 0))),
            ("next", None),
            ("7", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(release), expected, "{release}");
        }
    }

    #[test]
    fn a_kernel_is_too_old_where_its_release_says_so() {
        for (release, is_refused) in [
            ("2.6.32", true),
            ("5.4.0-190-generic", true),
            ("5.9.16", true),
            ("5.10.0-32-amd64", false),
            ("5.10-amd64", false),
            ("5.15.0-92-generic", false),
            ("6.1.0-18-amd64", false),
            ("10.0.0", false),
            ("custom", false),
        ] {
            let running = Running::of(release.to_owned());
            assert_eq!(running.is_older_than(OLDEST), is_refused, "{release}");
        }
    }
}
