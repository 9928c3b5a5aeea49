//! Where files lie on the machine that builds must not show in what is built, or two machines build two things.
//!
//! `netmon/build.rs` includes this file by path, for the kernel programs; `cargo xtask dist` uses it for the rest. So it knows only
//! the standard library.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Each directory that the compilers see, and what they call it instead. The last one that fits counts. `cargo_home` is for a
/// build whose is not this process's.
pub fn renamed(workspace: &Path, sysroot: &Path, cargo_home: Option<&Path>) -> [(PathBuf, &'static str); 3] {
    let cargo = cargo_home
        .map(Path::to_owned)
        .or_else(|| env::var_os("CARGO_HOME").map(PathBuf::from))
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cargo")));
    [
        (sysroot.to_owned(), "/rust"),
        (cargo.unwrap_or_default(), "/cargo"),
        (workspace.to_owned(), "/netmon"),
    ]
}

/// The same as flags of a compiler, such as `--remap-path-prefix` of rustc.
pub fn flags(flag: &str, renamed: &[(PathBuf, &'static str)]) -> Vec<String> {
    renamed
        .iter()
        .filter(|(path, _)| path.as_os_str() != "")
        .map(|(path, name)| format!("{flag}={}={name}", path.display()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_renamed_after_all_that_it_may_lie_in() {
        let home = Path::new("/home/a/.cargo");
        let renamed = renamed(Path::new("/usr/src/netmon"), Path::new("/usr"), Some(home));
        assert_eq!(
            flags("--remap-path-prefix", &renamed),
            [
                "--remap-path-prefix=/usr=/rust",
                "--remap-path-prefix=/home/a/.cargo=/cargo",
                "--remap-path-prefix=/usr/src/netmon=/netmon",
            ]
        );
    }
}
