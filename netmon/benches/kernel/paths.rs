//! The paths of plain counting, which `tracking: false` leaves; and with tracking those of packets that are no DNS.

use anyhow::Result;
use netmon_testkit::figures::Figures;

use crate::compare::{compare, compare_varied};
use crate::reference::{Reference, Vary};
use crate::runner::Hook;
use crate::{frames, loaded};

/// A path, and how many nanoseconds it may add, where that is a goal.
struct Path {
    name: &'static str,
    frame: fn() -> Vec<u8>,
    vary: Option<Vary>,
    most_ns: Option<f64>,
}

/// What a packet may add that has nothing to do with DNS, and a query that is counted.
const OTHERS_NS: Option<f64> = Some(4.0);
const COUNTED_NS: Option<f64> = Some(30.0);

const fn path(name: &'static str, frame: fn() -> Vec<u8>, most_ns: Option<f64>) -> Path {
    Path {
        name,
        frame,
        vary: None,
        most_ns,
    }
}

/// In this order: the last one fills the table.
const PLAIN: [Path; 9] = [
    path("TCP to port 443", frames::tcp_443, OTHERS_NS),
    path("TCP to port 443, IPv6", frames::tcp_443_v6, OTHERS_NS),
    path("UDP, not DNS", frames::udp_443, None),
    path("DNS query, IPv4, hot", frames::query_v4, COUNTED_NS),
    path("DNS query, IPv6, hot", frames::query_v6, COUNTED_NS),
    path("ICMP unreachable, no evidence", frames::unreachable_443, None),
    path(
        "ICMP unreachable, no evidence, IPv6",
        frames::unreachable_443_v6,
        None,
    ),
    Path {
        vary: Some(Vary::Destinations(1_000)),
        ..path("DNS query, 1,000 random destinations", frames::query_v4, None)
    },
    Path {
        vary: Some(Vary::Destinations(u32::MAX)),
        ..path(
            "DNS query, unknown destination, table full",
            frames::query_v4,
            None,
        )
    },
];

const TRACKED: [Path; 3] = [
    path("TCP to port 443", frames::tcp_443, OTHERS_NS),
    path("UDP, not DNS", frames::udp_443, None),
    path("ICMP unreachable, no evidence", frames::unreachable_443, None),
];

/// Measures each at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    for (kind, tracking, paths) in [("plain", false, &PLAIN[..]), ("tracking", true, &TRACKED[..])] {
        for hook in Hook::ALL {
            let group = format!("{} {kind}", hook.name());
            let name = |path: &Path| format!("{group}: {}", path.name);
            if !paths.iter().any(|path| figures.wants(&name(path))) {
                continue;
            }
            figures.heading(&format!("{group}: times that of the same in C"));
            // Anew for each hook, as netmon's: no table is full yet.
            let mut reference = Reference::load()?;
            let mut kernel = loaded::load(tracking)?;
            let netmon = loaded::at(&mut kernel, hook)?;
            for path in paths {
                if !figures.wants(&name(path)) {
                    continue;
                }
                let frame = (path.frame)();
                let comparison = match path.vary {
                    None => compare(&reference, (hook, tracking), netmon, &frame)?,
                    Some(vary) => compare_varied(&mut reference, (hook, tracking), vary, netmon, &frame)?,
                };
                for figure in comparison.figures(&name(path), path.most_ns) {
                    figures.take(figure);
                }
            }
        }
    }
    Ok(())
}
