//! Executables that a test makes: a copy of netmon that another user may run, a script.
//!
//! A child process writes them. If the test wrote them itself, a child that another thread of it starts at that moment
//! would inherit the file open for writing, and until that child has become another program the kernel refuses to run
//! the file: "Text file busy" (`ETXTBSY`, execve(2)).

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// A directory that everybody may enter, and in it a copy of the program, which everybody may run. It is gone with the
/// directory.
pub fn for_everybody(program: impl AsRef<Path>) -> Result<(TempDir, PathBuf)> {
    let directory = tempfile::tempdir().context("cannot make a directory")?;
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(directory.path(), everybody)?;
    let program = program.as_ref();
    let name = program.file_name().context("a program has a name")?;
    let copy = directory.path().join(name);
    install(program.as_os_str(), &copy, b"")?;
    Ok((directory, copy))
}

/// Writes a script that everybody may run.
pub fn script(path: &Path, text: &str) -> Result<()> {
    install("/dev/stdin".as_ref(), path, text.as_bytes())
}

/// Copies a file by install(1), which reads this on its standard input.
fn install(from: &std::ffi::OsStr, to: &Path, input: &[u8]) -> Result<()> {
    let mut command = Command::new("install");
    command.args(["-m", "755"]).arg(from).arg(to);
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let mut stdin = child.stdin.take().context("it has a standard input")?;
    // One that fails says so by its status.
    let _ended = stdin.write_all(input);
    drop(stdin);
    let status = child.wait()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// With `fs::write` in the place of `script` this fails within some rounds.
    #[test]
    fn a_script_runs_at_once_while_other_threads_start_programs() {
        const ROUNDS: usize = 100;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("script");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let others = [(); 3].map(|()| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        Command::new("true").status().unwrap();
                    }
                })
            });
            let run = || {
                for round in 0..ROUNDS {
                    script(&path, &format!("#!/bin/sh\necho {round}\n"))?;
                    let output = Command::new(&path).output()?;
                    ensure!(
                        output.stdout == format!("{round}\n").as_bytes(),
                        "{round}: {output:?}"
                    );
                }
                Ok(())
            };
            let outcome = run();
            over.store(true, Ordering::Relaxed);
            for other in others {
                other.join().unwrap();
            }
            outcome.unwrap();
        });
    }

    #[test]
    fn a_copy_is_the_same_program_and_everybody_may_run_it() {
        let (_directory, copy) = for_everybody("/bin/sh").unwrap();
        assert_eq!(fs::read(&copy).unwrap(), fs::read("/bin/sh").unwrap());
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&copy).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o755);
        assert!(for_everybody("/no/such/program").is_err());
    }
}
