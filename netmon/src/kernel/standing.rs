//! How it stands with what was attached: whether it is there still, and whether a program of others runs before it.

use std::io;

use aya::programs::TcAttachType;
use aya::programs::links::FdLink;

use super::attach::{IngressLink, TcLink};
use super::interfaces::xdp_at;
use super::tcx::{self, AtHook};

/// How it stands with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its program sees all packets, as far as is known.
    First,
    /// The program with that id runs before it. What that one does not leave to the next, it does not see.
    Behind(u32),
    /// Somebody has taken it away, or its interface is gone.
    Gone,
}

impl IngressLink {
    /// How it stands with the link at that interface.
    pub(super) fn standing(&self, index: u32) -> Standing {
        match self {
            Self::Xdp(link) => known(of_xdp(link, index)),
            Self::Tc(link) => link.standing(index, TcAttachType::Ingress),
        }
    }
}

impl TcLink {
    /// How it stands with the link at that side of that interface.
    pub(super) fn standing(&self, index: u32, direction: TcAttachType) -> Standing {
        known(match self {
            Self::Tcx(link) => of_tcx(link, index, direction),
            Self::Clsact(link) => link
                .is_there()
                .map(|is_there| if is_there { Standing::First } else { Standing::Gone }),
        })
    }
}

/// Where the kernel does not say, nothing is to be done.
fn known(standing: io::Result<Standing>) -> Standing {
    standing.unwrap_or_else(|error| {
        tracing::debug!("the kernel does not say what is attached: {error}");
        Standing::First
    })
}

fn of_xdp(link: &FdLink, index: u32) -> io::Result<Standing> {
    let own = link.info().map_err(io::Error::other)?.program_id();
    Ok(match xdp_at(index)? {
        Some(there) if there.id == own => Standing::First,
        Some(_) | None => Standing::Gone,
    })
}

fn of_tcx(link: &FdLink, index: u32, direction: TcAttachType) -> io::Result<Standing> {
    let own = link.info().map_err(io::Error::other)?.id();
    Ok(among(&tcx::at(index, direction)?, own))
}

/// How it stands with a link among those at its hook.
fn among(there: &[AtHook], link: u32) -> Standing {
    match there.first() {
        Some(first) if first.link == link => Standing::First,
        Some(first) if there.iter().any(|one| one.link == link) => Standing::Behind(first.program),
        Some(_) | None => Standing::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_first_or_behind_the_first_one_or_gone() {
        let at = |program, link| AtHook { program, link };
        for (case, there, expected) in [
            ("alone", vec![at(1, 7)], Standing::First),
            (
                "before one that is attached without a link",
                vec![at(1, 7), at(2, 0)],
                Standing::First,
            ),
            (
                "behind two",
                vec![at(3, 0), at(2, 8), at(1, 7)],
                Standing::Behind(3),
            ),
            ("others are there", vec![at(2, 8)], Standing::Gone),
            ("nothing is there", Vec::new(), Standing::Gone),
        ] {
            assert_eq!(among(&there, 7), expected, "{case}");
        }
    }
}
