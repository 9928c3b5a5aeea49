//! The terminal: events in, frames out, and a thread that asks.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event, KeyEventKind};
use crossterm::execute;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::app::{App, Data, Wanted};
use crate::views::client::{AskError, Client};

/// How often data is asked for.
const REFRESH: Duration = Duration::from_secs(1);
/// How long a key waits at most until it is seen, and data until it is drawn.
const TICK: Duration = Duration::from_millis(50);

/// Asks for all that is to be shown.
pub fn ask(client: &Client, wanted: &Wanted) -> Result<Data, AskError> {
    // What is looked at may have been forgotten meanwhile: then it is not there.
    Ok(Data {
        summary: client.get("/api/v1/summary")?,
        servers: client.get(&wanted.servers)?,
        server: wanted.server.as_ref().and_then(|path| client.get(path).ok()),
        incident: wanted.incident.as_ref().and_then(|path| client.get(path).ok()),
    })
}

/// Draws a frame of this size as text.
pub fn once(app: &mut App, (width, height): (u16, u16), out: &mut dyn Write) -> io::Result<()> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).map_err(io::Error::other)?;
    terminal.draw(|frame| app.draw(frame)).map_err(io::Error::other)?;
    let buffer = terminal.backend().buffer();
    for row in buffer.content().chunks(usize::from(width)) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Shows it until somebody quits.
pub fn run(mut app: App, client: Client) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let shown = execute!(io::stdout(), EnableMouseCapture).and_then(|()| {
        let (wanted, asked) = channel();
        let (answer, answers) = channel();
        thread::Builder::new()
            .name("ask".to_owned())
            .spawn(move || ask_again(&client, &asked, &answer))?;
        show(&mut app, &mut terminal, &wanted, &answers)
    });
    let _left = execute!(io::stdout(), DisableMouseCapture);
    ratatui::restore();
    shown
}

fn show(
    app: &mut App,
    terminal: &mut ratatui::DefaultTerminal,
    wanted: &Sender<Wanted>,
    answers: &Receiver<Result<Data, String>>,
) -> io::Result<()> {
    let mut last = None;
    let mut is_old = true;
    while !app.is_over() {
        if is_old {
            terminal.draw(|frame| app.draw(frame))?;
        }
        // Something else is looked at: it is asked for at once.
        let now = app.wanted();
        if last.as_ref() != Some(&now) {
            // The thread ends with us.
            let _ended = wanted.send(now.clone());
            last = Some(now);
        }
        is_old = event::poll(TICK)?;
        if is_old {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => app.key(key),
                Event::Mouse(mouse) => app.mouse(mouse),
                _ => {}
            }
        }
        for data in answers.try_iter() {
            app.take(data);
            is_old = true;
        }
    }
    Ok(())
}

/// Asks once a second, and whenever something else is wanted.
fn ask_again(client: &Client, wanted: &Receiver<Wanted>, answers: &Sender<Result<Data, String>>) {
    let Ok(mut now) = wanted.recv() else { return };
    loop {
        let data = ask(client, &now).map_err(|error| error.to_string());
        if answers.send(data).is_err() {
            return;
        }
        match wanted.recv_timeout(REFRESH) {
            Ok(other) => now = wanted.try_iter().last().unwrap_or(other),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
