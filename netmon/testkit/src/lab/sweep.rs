//! Clears away the namespaces, and the processes in them, of laboratories whose process was killed before
//! its guards could. It refuses to touch one whose process is alive, or whose name is not of our making.

use std::{fs, path::Path, process::Command, sync::Once};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::command;

/// What every namespace of a laboratory begins with; a process id, a number and a label follow.
pub const PREFIX: &str = "netmon-";

/// Where `ip netns` keeps its namespaces.
pub const DIRECTORY: &str = "/run/netns";

/// Does it the first time in this process. What cannot be cleared away is left: it does not stand in the
/// way of a new laboratory.
pub fn once() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let Ok(entries) = fs::read_dir(DIRECTORY) else {
            return;
        };
        entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| owner(name).is_some_and(is_dead))
            .for_each(|name| remove(&name));
    });
}

/// The process that made the namespace, if a laboratory did.
fn owner(name: &str) -> Option<u32> {
    let (pid, rest) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let (number, _label) = rest.split_once('-')?;
    number.parse::<u32>().ok()?;
    pid.parse().ok()
}

fn is_dead(pid: u32) -> bool {
    !Path::new("/proc").join(pid.to_string()).exists()
}

/// Ends what still runs inside, and removes the namespace. Both may already be under way in another
/// process that sweeps at the same moment, so failures say nothing.
fn remove(name: &str) {
    if let Ok(pids) = command::run(Command::new("ip").args(["netns", "pids", name])) {
        for pid in pids.lines().filter_map(|pid| pid.trim().parse().ok()) {
            let _gone_already = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    let _gone_already = command::run(Command::new("ip").args(["netns", "delete", name]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_a_laboratory_have_an_owner() {
        assert_eq!(owner("netmon-4711-0-client"), Some(4711));
        assert_eq!(owner("netmon-4711-12-a-b"), Some(4711));
        for other in [
            "netmon-4711",
            "netmon-bench-1-x",
            "netmon-4711-x-y",
            "vpn-4711-0-client",
            "",
        ] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn a_running_process_is_not_dead() {
        assert!(!is_dead(std::process::id()));
        // Above the largest number that Linux gives to a process.
        assert!(is_dead(5_000_000));
    }
}
