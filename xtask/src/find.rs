//! Where programs are.

use std::{env, path::PathBuf};

/// Finds a program on PATH, or where Debian keeps what is for root.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let sbin = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(sbin)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}
