//! `netmon top`.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use anyhow::Context as _;
use axum::Router;
use netmon::cli::Top;
use netmon::config::{UsageError, names_in};
use netmon::outlets::http::Hosts;
use netmon::replay::Replay;
use netmon::report::story::numbers::Clock;
use netmon::top::{self, App, OwnMonitor};
use netmon::views::client::{AskError, Client};
use netmon::views::{Controls, Options, Shown};
use tempfile::TempDir;
use terminal_size::{Height, Width, terminal_size};

use super::{clock_of, colours};

/// The size of a frame where there is no terminal.
const SIZE: (u16, u16) = (100, 30);

/// Shows what a running netmon knows.
pub fn top(arguments: &Top) -> anyhow::Result<ExitCode> {
    let is_shown = !arguments.once && !arguments.json;
    if is_shown && std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty()) {
        let why = "this terminal (TERM=dumb) shows no screen: netmon top --once prints a frame, netmon status the rest";
        return Err(UsageError::Terminal(why).into());
    }
    if is_shown && !io::stdout().is_terminal() {
        let why = "standard output is no terminal: netmon top --once prints a frame, --json its data";
        return Err(UsageError::Terminal(why).into());
    }
    let clock = clock_of(arguments.timezone.as_ref());
    let (client, source) = connect(arguments, &clock)?;
    // Of a replay the summary says what it is.
    let note = matches!(source, Source::Own(_)).then(|| "no daemon, own monitor".to_owned());
    let app = App::new(clock, colours(&io::stdout()), note);
    let mut app = app.sorted(arguments.sort, arguments.reverse, &arguments.filter);
    if is_shown {
        top::run(app, client).context("cannot use the terminal")?;
        return Ok(ExitCode::SUCCESS);
    }
    let data = top::ask(&client, &app.wanted())?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &data)?;
        writeln!(out)?;
    } else {
        let size = terminal_size().map_or(SIZE, |(Width(width), Height(height))| (width, height));
        app.take(Ok(data), 0);
        top::once(&mut app, size, &mut out)?;
    }
    out.flush().context("cannot write the frame")?;
    Ok(ExitCode::SUCCESS)
}

/// What is shown. It ends with this.
enum Source {
    Daemon,
    Own(#[expect(dead_code, reason = "it ends with this")] OwnMonitor),
    Replay(#[expect(dead_code, reason = "its socket lies there")] TempDir),
}

/// The netmon that answers at the socket; else one of its own.
fn connect(arguments: &Top, clock: &Clock) -> anyhow::Result<(Client, Source)> {
    if let Some(capture) = &arguments.replay {
        return replay(arguments, capture, clock.clone());
    }
    let client = Client::new(arguments.socket.clone())?;
    let Err(nobody @ AskError::Nobody { .. }) = client.get::<serde_json::Value>("/api/v1/summary") else {
        return Ok((client, Source::Daemon));
    };
    let program = std::env::current_exe().context("cannot find this program")?;
    let interfaces: Vec<String> = arguments
        .interface
        .iter()
        .flat_map(|name| ["--interface".to_owned(), name.clone()])
        .collect();
    let own = OwnMonitor::start(&program, &interfaces).with_context(|| nobody.to_string())?;
    Ok((Client::new(own.socket().to_owned())?, Source::Own(own)))
}

/// A capture as it unfolded, shown as a running netmon is.
fn replay(arguments: &Top, capture: &Path, clock: Clock) -> anyhow::Result<(Client, Source)> {
    let names = names_in(arguments.naming.config.as_ref())?;
    let replay = Replay::open(capture, clock.zone.clone(), &names)?;
    let controls = Controls::default();
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("netmon.sock");
    let mut shown = Shown::new(Options {
        token: None,
        history: None,
        clock,
        host: capture
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        hosts: Hosts::default(),
        controls: Some(controls.clone()),
    });
    shown.at_socket(&socket)?;
    if let Some(address) = arguments.web {
        shown.at_address(address, Router::new())?;
    }
    if let Some(mut views) = shown.start()? {
        let speed = arguments.speed;
        let play = move || replay.play(speed, controls, &mut views);
        thread::Builder::new().name("replay".to_owned()).spawn(play)?;
    }
    Ok((Client::new(socket)?, Source::Replay(directory)))
}
