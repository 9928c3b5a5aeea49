//! Real clients: `dig`, which notices a refusal at once, and `kdig`, which does not. Each call sends exactly
//! one query, whatever becomes of it, so that tests can count.

use std::{net::IpAddr, process::Command, time::Duration};

use anyhow::{Result, bail};

use super::namespace::Namespace;

/// What became of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The lines of the answer.
    Answered(Vec<String>),
    /// The client's kernel reported an ICMP error to it; the words are the client's.
    Refused(String),
    /// Nothing came in time.
    Silence,
}

impl Reply {
    /// Whether an answer with records came.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Answered(lines) if !lines.is_empty())
    }
}

/// Asks for the IPv4 address of a name with `dig`.
pub fn dig(from: &Namespace, server: IpAddr, name: &str, patience: Duration) -> Result<Reply> {
    let mut command = Command::new("dig");
    command
        // -r: the machine may have a ~/.digrc.
        .args(["-r", "+short", "+tries=1", "+nocookie"])
        .arg(format!("+timeout={}", seconds(patience)))
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = from.output(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with(";;")).collect();
    match errors.first() {
        None if output.status.success() => Ok(Reply::Answered(text.lines().map(str::to_owned).collect())),
        Some(error) if error.contains("timed out") => Ok(Reply::Silence),
        Some(error) if error.contains("communications error") => {
            let words = error.rsplit_once(": ").map_or(*error, |(_, words)| words);
            Ok(Reply::Refused(words.to_owned()))
        }
        _ => bail!(
            "{command:?} failed, {}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Asks for the IPv4 address of a name with `kdig`, which waits to the end of its patience when refused.
pub fn kdig(from: &Namespace, server: IpAddr, name: &str, patience: Duration) -> Result<Reply> {
    let mut command = Command::new("kdig");
    command
        .args(["+short", "+retry=0"])
        .arg(format!("+timeout={}", seconds(patience)))
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = from.output(&mut command)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(Reply::Answered(text.lines().map(str::to_owned).collect()))
    } else if errors.contains("timeout") {
        Ok(Reply::Silence)
    } else {
        bail!("{command:?} failed, {}: {errors}", output.status)
    }
}

/// Both programs take whole seconds, and at least one.
fn seconds(patience: Duration) -> u64 {
    patience.as_secs().max(1)
}
