//! Control groups: where their file system is, and which path has which id.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::names::Place;
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
    known: HashMap<u64, Place>,
    walked: Option<Instant>,
}

impl Cgroups {
    /// Those below that root.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            known: HashMap::new(),
            walked: None,
        }
    }

    /// Where the processes of that group run, such as this one; nothing is said of a group that cannot be found.
    pub fn place_of(&mut self, id: u64, pid: u32) -> Place {
        if let Some(place) = self.known.get(&id) {
            return place.clone();
        }
        if let Some(place) = self.of_process(id, pid) {
            self.note(id, &place);
        } else if self.walked.is_none_or(|walked| clock::since(walked) > PAUSE) {
            self.walked = Some(clock::instant());
            self.walk();
        }
        self.known.get(&id).cloned().unwrap_or_default()
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
        self.known.clear();
        let mut left = vec![self.root.clone()];
        while self.known.len() < GROUPS
            && let Some(directory) = left.pop()
        {
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
        if self.known.len() < GROUPS {
            self.known.insert(id, Place::of(path));
        }
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
        assert_eq!(groups.place_of(id, nobody).unit.as_deref(), Some("a.service"));
        assert_eq!(groups.place_of(0, nobody), Place::default());
    }
}
