//! Control groups: where their file system is, and which path has which id.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::names::Place;
use crate::bounded::Bounded;
use crate::clock;

/// Groups that are remembered, and looked at in one walk.
const GROUPS: usize = 16_384;

/// How often all of them are looked at, at most.
const PAUSE: Duration = Duration::from_millis(200);

/// The root of the second version's hierarchy; `None` where it is not mounted.
pub fn root() -> Option<PathBuf> {
    root_in(&fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// From lines as `proc_pid_mountinfo(5)` has them.
fn root_in(mounts: &str) -> Option<PathBuf> {
    let mut found = None;
    for line in mounts.lines() {
        let Some((mount, kind)) = line.split_once(" - ") else {
            continue;
        };
        let mut fields = mount.split(' ').skip(3);
        if !kind.starts_with("cgroup2 ") {
            continue;
        }
        let (top, at) = (fields.next()?, fields.next()?);
        // A part of it that is mounted elsewhere is better than nothing.
        if top == "/" {
            return Some(at.into());
        }
        found = found.or_else(|| Some(at.into()));
    }
    found
}

/// The groups that were met, and where they are.
#[derive(Debug)]
pub struct Cgroups {
    root: PathBuf,
    /// Of one that cannot be found nothing is said: it is gone, and its id never comes again.
    known: Bounded<u64, Place>,
    walked: Option<Instant>,
}

impl Cgroups {
    /// Those below that root.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            known: Bounded::new(GROUPS),
            walked: None,
        }
    }

    /// Where the processes of that group run, such as this one: nowhere, where the group cannot be found; `None` while it was not
    /// looked for everywhere.
    pub fn place_of(&mut self, id: u64, pid: u32) -> Option<&Place> {
        if self.known.get(&id).is_some() {
            return self.known.get(&id);
        }
        if let Some(path) = self.of_process(id, pid) {
            self.note(id, &path);
        } else if self.walked.is_none_or(|walked| clock::since(walked) > PAUSE) {
            self.walked = Some(clock::instant());
            self.walk();
            if self.known.get(&id).is_none() {
                self.known.insert(id, Place::default());
            }
        }
        self.known.get(&id)
    }

    /// The quick way: the process still runs, may be looked at, and is in the group.
    fn of_process(&self, id: u64, pid: u32) -> Option<String> {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
        let directory = self.root.join(path.trim_start_matches('/'));
        (fs::metadata(directory).ok()?.ino() == id).then(|| path.to_owned())
    }

    /// All groups, by the numbers of their directories, which are their ids.
    fn walk(&mut self) {
        let mut left = vec![self.root.clone()];
        let mut looked_at = 0;
        while looked_at < GROUPS
            && let Some(directory) = left.pop()
        {
            looked_at += 1;
            let Ok(entries) = fs::read_dir(&directory) else {
                continue;
            };
            if let Ok(of) = fs::metadata(&directory) {
                let path = directory.strip_prefix(&self.root).unwrap_or(Path::new(""));
                self.note(of.ino(), &format!("/{}", path.display()));
            }
            let below = entries
                .flatten()
                .filter(|one| one.file_type().is_ok_and(|kind| kind.is_dir()));
            left.extend(below.map(|one| one.path()));
        }
    }

    fn note(&mut self, id: u64, path: &str) {
        self.known.insert(id, Place::of(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_whole_hierarchy_is_mounted() {
        let v1 = "33 32 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
        let part = "40 32 0:29 /a /mnt/a rw - cgroup2 cgroup2 rw\n";
        let whole =
            "34 32 0:29 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
        let unified = Some("/sys/fs/cgroup/unified".into());
        assert_eq!(root_in(&[v1, part, whole].concat()), unified);
        assert_eq!(root_in(&[v1, part].concat()), Some("/mnt/a".into()));
        assert_eq!(root_in(v1), None);
        assert_eq!(root_in(""), None);
    }

    #[test]
    fn a_group_is_found_by_the_number_of_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("system.slice/a.service");
        fs::create_dir_all(&path).unwrap();
        let mut groups = Cgroups::new(directory.path().to_owned());
        let nobody = u32::MAX;
        let id = fs::metadata(&path).unwrap().ino();
        let unit = groups
            .place_of(id, nobody)
            .and_then(|place| place.unit.as_deref());
        assert_eq!(unit, Some("a.service"));
        // Of one that is gone nobody asks the whole hierarchy again.
        groups.walked = None;
        assert_eq!(groups.place_of(0, nobody), Some(&Place::default()));
        let walked = groups.walked.take();
        assert!(walked.is_some());
        assert_eq!(groups.place_of(0, nobody), Some(&Place::default()));
        assert_eq!(groups.walked, None);
    }

    #[test]
    fn of_too_many_groups_the_one_met_last_is_known() {
        let mut groups = Cgroups::new(PathBuf::from("/nowhere"));
        for id in 0..=GROUPS as u64 {
            groups.note(id, &format!("/system.slice/n{id}.service"));
        }
        let unit = |groups: &Cgroups, id: u64| groups.known.get(&id).and_then(|place| place.unit.clone());
        assert_eq!(unit(&groups, 0), None);
        assert_eq!(unit(&groups, GROUPS as u64), Some(format!("n{GROUPS}.service")));
    }
}
