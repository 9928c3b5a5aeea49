//! Which processes of this host an incident hits, in one line.

use super::rich::Text;
use crate::model::{Asker, Incident};

/// Processes that are named.
const NAMED: usize = 3;

/// Digits of a container's id that people use.
const SHORT_ID: usize = 12;

/// `dig (pid 812), unbound (pid 77, unbound.service) and 2 more`; `None` where nothing is known of them.
pub fn askers(incident: &Incident) -> Option<String> {
    let all = incident.askers.as_ref().filter(|all| !all.is_empty())?;
    let mut named: Vec<Text> = all.iter().take(NAMED).map(|one| asker(one).into()).collect();
    let more = all.len().saturating_sub(NAMED) as u64 + incident.askers_more.unwrap_or(0);
    if more > 0 {
        named.push(format!("{more} more").into());
    }
    Some(Text::list(named).to_string())
}

/// `unbound (pid 77, unbound.service)`.
pub fn asker(asker: &Asker) -> String {
    let mut details = Vec::new();
    details.extend(asker.pid.map(|pid| format!("pid {pid}")));
    match (&asker.container, &asker.unit) {
        (Some(container), _) => {
            let short = container.get(..SHORT_ID).unwrap_or(container);
            details.push(format!("container {short}"));
        }
        (None, Some(unit)) => details.push(unit.clone()),
        (None, None) => {}
    }
    let name = asker.process.as_deref().unwrap_or("a process");
    if details.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", details.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::model::{Kind, Wall};

    #[test]
    fn processes_are_named_with_where_they_run() {
        let asker = |name: &str, pid, unit: Option<&str>, container: Option<&str>| Asker {
            process: Some(name.to_owned()),
            pid: Some(pid),
            unit: unit.map(str::to_owned),
            container: container.map(str::to_owned),
            ..Asker::default()
        };
        let dig = || asker("dig", 812, None, None);
        let unbound = || asker("unbound", 77, Some("unbound.service"), None);
        let inside = || asker("app", 5, Some("docker-0.scope"), Some("0123456789abcdef"));
        let cases: [(Vec<Asker>, Option<&str>); 4] = [
            (vec![], None),
            (vec![dig()], Some("dig (pid 812)")),
            (
                vec![dig(), unbound()],
                Some("dig (pid 812) and unbound (pid 77, unbound.service)"),
            ),
            (
                vec![inside(), dig(), dig(), dig()],
                Some("app (pid 5, container 0123456789ab), dig (pid 812), dig (pid 812) and 1 more"),
            ),
        ];
        let server = IpAddr::from([192, 0, 2, 1]).into();
        let mut incident =
            Incident::opened("1", server, Kind::Unreachable, Wall(jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(askers(&incident), None);
        for (all, expected) in cases {
            incident.askers = Some(all);
            assert_eq!(askers(&incident).as_deref(), expected);
        }
    }
}
