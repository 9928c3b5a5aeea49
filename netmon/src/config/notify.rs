//! Settings of notifications: addresses that can be, a secret that can be read, a program by its full path.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ureq::http::Uri;

use super::Fault;
use crate::cli;
use crate::outlets::notify::{CommandSettings, Secret, Settings, WebhookSettings};

/// No secret is longer; whatever is, is another file.
const LONGEST_SECRET: u64 = 4_096;
/// The permission of all others to read.
const READABLE_BY_OTHERS: u32 = 0o004;

/// Whom to notify. What cannot be is added to `faults`.
pub fn settings(arguments: &cli::Notify, faults: &mut Vec<Fault>) -> Settings {
    Settings {
        events: arguments.notify_event.clone(),
        queue: usize::try_from(arguments.notify_queue).unwrap_or(usize::MAX),
        webhook: webhook(arguments, faults),
        command: command(arguments, faults),
    }
}

/// What is possible, and probably not what is wanted.
pub fn warnings(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(secret) = settings
        .webhook
        .as_ref()
        .and_then(|webhook| webhook.secret.as_ref())
        && secret.is_exposed
    {
        warnings.push(format!(
            "everybody on this host can read the secret in {0}, and could sign false notifications: chmod o= {0}",
            secret.file.display()
        ));
    }
    if let Some(program) = settings
        .command
        .as_ref()
        .and_then(|command| command.words.first())
        && let Err(why) = executable(Path::new(program))
    {
        warnings.push(format!("the notification command {} {why}", program.display()));
    }
    warnings
}

fn webhook(arguments: &cli::Notify, faults: &mut Vec<Fault>) -> Option<WebhookSettings> {
    let url = arguments.webhook.as_ref()?;
    if let Err(why) = check_url(url) {
        faults.push(Fault::new("notify.webhook.url", format!("webhook: {why}")));
    }
    let secret = match arguments
        .webhook_secret_file
        .as_deref()
        .map(read_secret)
        .transpose()
    {
        Ok(secret) => secret,
        Err(why) => {
            faults.push(Fault::new("notify.webhook.secret-file", why));
            None
        }
    };
    Some(WebhookSettings {
        url: url.clone(),
        secret,
        timeout: arguments.webhook_timeout,
        retry: arguments.webhook_retry,
    })
}

/// The address is not repeated: that of many receivers is itself a secret.
fn check_url(url: &str) -> Result<(), String> {
    const EXAMPLE: &str = "such as https://hooks.example.com/netmon";
    if !url.contains("://") {
        return Err(format!("the URL must begin with http:// or https://, {EXAMPLE}"));
    }
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("it is not a URL ({error}); write one {EXAMPLE}"))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(other) => {
            return Err(format!(
                "the URL must begin with http:// or https://, not {other}://"
            ));
        }
        None => return Err(format!("the URL must begin with http:// or https://, {EXAMPLE}")),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("the URL has no host; write one {EXAMPLE}"));
    }
    // `Uri::port` has none where the number is too large.
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let behind_user = authority.rsplit(['@', ']']).next().unwrap_or_default();
    if let Some((_, port)) = behind_user.split_once(':')
        && !matches!(port.parse::<u16>(), Ok(1..))
    {
        return Err(format!("{port} is not a port; write a number from 1 to 65535"));
    }
    Ok(())
}

fn read_secret(file: &Path) -> Result<Secret, String> {
    let cannot = |why: String| format!("cannot read the webhook's secret from {}: {why}", file.display());
    let meta = fs::metadata(file).map_err(|error| cannot(error.to_string()))?;
    if !meta.is_file() || meta.len() > LONGEST_SECRET {
        return Err(cannot(format!(
            "it must be a file of at most {LONGEST_SECRET} bytes"
        )));
    }
    let mut bytes = fs::read(file).map_err(|error| cannot(error.to_string()))?;
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(cannot("it is empty".to_owned()));
    }
    Ok(Secret {
        file: file.to_owned(),
        is_exposed: meta.permissions().mode() & READABLE_BY_OTHERS != 0,
        bytes,
    })
}

fn command(arguments: &cli::Notify, faults: &mut Vec<Fault>) -> Option<CommandSettings> {
    let words = &arguments.notify_command;
    let program = words.first()?;
    if !Path::new(program).is_absolute() {
        let why = format!(
            "the notification command must be a full path, such as /usr/local/bin/page, not `{}`",
            program.display()
        );
        faults.push(Fault::new("notify.command.command", why));
    }
    Some(CommandSettings {
        words: words.clone(),
        timeout: arguments.notify_command_timeout,
    })
}

/// Whether it is there and may be run; the kernel has the last word, when it is.
fn executable(program: &Path) -> Result<(), String> {
    let meta = fs::metadata(program).map_err(|error| format!("cannot be run: {error}"))?;
    if meta.is_file() && meta.permissions().mode() & 0o111 != 0 {
        Ok(())
    } else {
        Err("cannot be run: it is not an executable file".to_owned())
    }
}
