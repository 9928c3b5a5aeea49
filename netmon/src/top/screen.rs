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
use crate::model::view::ReplayOrder;
use crate::views::client::{AskError, Client};

/// How often data is asked for.
const REFRESH: Duration = Duration::from_secs(1);
/// How long a key waits at most until it is seen, and data until it is drawn.
const TICK: Duration = Duration::from_millis(50);

/// What is asked of whoever answers.
enum Question {
    /// What is to be shown from now on.
    Look(Wanted),
    /// What is to become of the replay.
    Order(ReplayOrder),
}

/// How many orders had been delivered when it was asked, and what came.
type Answer = (usize, Result<Data, String>);

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
        let (questions, asked) = channel();
        let (answer, answers) = channel();
        thread::Builder::new()
            .name("ask".to_owned())
            .spawn(move || ask_again(&client, &asked, &answer))?;
        show(&mut app, &mut terminal, &questions, &answers)
    });
    let _left = execute!(io::stdout(), DisableMouseCapture);
    ratatui::restore();
    shown
}

fn show(
    app: &mut App,
    terminal: &mut ratatui::DefaultTerminal,
    questions: &Sender<Question>,
    answers: &Receiver<Answer>,
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
            let _ended = questions.send(Question::Look(now.clone()));
            last = Some(now);
        }
        for order in app.take_orders() {
            let _ended = questions.send(Question::Order(order));
        }
        is_old = event::poll(TICK)?;
        if is_old {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => app.key(key),
                Event::Mouse(mouse) => app.mouse(mouse),
                _ => {}
            }
        }
        for (delivered, data) in answers.try_iter() {
            app.take(data, delivered);
            is_old = true;
        }
    }
    Ok(())
}

/// Asks once a second, and whenever something else is wanted.
fn ask_again(client: &Client, questions: &Receiver<Question>, answers: &Sender<Answer>) {
    let mut now = None;
    let mut delivered = 0;
    loop {
        let first = match questions.recv_timeout(REFRESH) {
            Ok(question) => Some(question),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        for question in first.into_iter().chain(questions.try_iter()) {
            match question {
                Question::Look(wanted) => now = Some(wanted),
                // The next summary shows what came of it, or that nobody answers.
                Question::Order(order) => {
                    let _told = client.post("/api/v1/replay", &order);
                    delivered += 1;
                }
            }
        }
        let Some(wanted) = &now else { continue };
        let data = ask(client, wanted).map_err(|error| error.to_string());
        if answers.send((delivered, data)).is_err() {
            return;
        }
    }
}
