//! Which processes hold which BPF programs, by `/proc/PID/fdinfo`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a descriptor of a program links to.
const PROGRAM: &str = "anon_inode:bpf-prog";

/// The processes of each program id, those that this user may look into.
pub fn holders() -> BTreeMap<u32, Vec<u32>> {
    let mut holders: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let Ok(processes) = fs::read_dir("/proc") else {
        return holders;
    };
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        for program in programs_of(&process.path()) {
            let pids = holders.entry(program).or_default();
            if pids.last() != Some(&pid) {
                pids.push(pid);
            }
        }
    }
    holders
}

fn programs_of(process: &Path) -> Vec<u32> {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return Vec::new();
    };
    let programs = descriptors.flatten().filter_map(|descriptor| {
        let link = fs::read_link(descriptor.path()).ok()?;
        if link != Path::new(PROGRAM) {
            return None;
        }
        let info = process.join("fdinfo").join(descriptor.file_name());
        program_id(&fs::read_to_string(info).ok()?)
    });
    programs.collect()
}

fn program_id(info: &str) -> Option<u32> {
    let line = info.lines().find_map(|line| line.strip_prefix("prog_id:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_the_information_of_a_descriptor() {
        let info = "pos:\t0\nflags:\t02000002\nprog_type:\t6\nprog_id:\t117\nrun_time_ns:\t0\n";
        assert_eq!(program_id(info), Some(117));
        assert_eq!(program_id("pos:\t0\n"), None);
    }
}
