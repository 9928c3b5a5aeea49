//! `netmon top`.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::Top;
use netmon::config::UsageError;
use netmon::top::{self, App, OwnMonitor};
use netmon::views::client::{AskError, Client};
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
    let (client, own) = connect(arguments)?;
    let note = own.is_some().then(|| "no daemon, own monitor".to_owned());
    let app = App::new(
        clock_of(arguments.timezone.as_ref()),
        colours(&io::stdout()),
        note,
    );
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
        app.take(Ok(data));
        top::once(&mut app, size, &mut out)?;
    }
    out.flush().context("cannot write the frame")?;
    Ok(ExitCode::SUCCESS)
}

/// The netmon that answers at the socket; else one of its own.
fn connect(arguments: &Top) -> anyhow::Result<(Client, Option<OwnMonitor>)> {
    let client = Client::new(arguments.socket.clone())?;
    let nobody = match client.get::<serde_json::Value>("/api/v1/summary") {
        Err(error @ AskError::Nobody { .. }) => error,
        _ => return Ok((client, None)),
    };
    let program = std::env::current_exe().context("cannot find this program")?;
    let interfaces: Vec<String> = arguments
        .interface
        .iter()
        .flat_map(|name| ["--interface".to_owned(), name.clone()])
        .collect();
    let own = OwnMonitor::start(&program, &interfaces).with_context(|| nobody.to_string())?;
    Ok((Client::new(own.socket().to_owned())?, Some(own)))
}
