//! How things look: colours for those who see them, and lists that are not too long.

use ratatui::style::{Color, Modifier, Style};

use super::app::App;
use crate::model::Incident;
use crate::model::view::Health;

/// The colour of how things are. What it says, words say too.
pub const fn style(app: &App, health: Health) -> Style {
    let style = Style::new().add_modifier(Modifier::BOLD);
    if !app.colour {
        return style;
    }
    match health {
        Health::Down => style.fg(Color::Red),
        Health::Degraded | Health::Starting | Health::Stopped => style.fg(Color::Yellow),
        Health::Well => style.fg(Color::Green),
    }
}

/// What matters less.
pub const fn dim(app: &App) -> Style {
    if app.colour {
        Style::new().fg(Color::DarkGray)
    } else {
        Style::new()
    }
}

/// How bad an incident is.
pub fn health(incident: &Incident) -> Health {
    match (incident.closed, incident.is_down()) {
        (Some(_), _) => Health::Well,
        (None, true) => Health::Down,
        (None, false) => Health::Degraded,
    }
}

/// The first of a list, and how many more there are.
pub fn listed(all: impl ExactSizeIterator<Item = String>, more: u64) -> String {
    const SHOWN: usize = 3;
    let more = more + all.len().saturating_sub(SHOWN) as u64;
    let shown: Vec<String> = all.take(SHOWN).collect();
    let shown = if shown.is_empty() {
        "nobody known".to_owned()
    } else {
        shown.join(", ")
    };
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}
