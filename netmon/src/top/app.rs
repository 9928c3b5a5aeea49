//! What `netmon top` shows, apart from the screen: keys, clicks and data in, a frame out ([`super::draw`]).

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use netmon_common::Address;
use ratatui::layout::{Position, Rect};
use serde::Serialize;

use super::column::Column;
use crate::model::view::{IncidentPage, ReplayOrder, ServerPage, Servers, Summary};
use crate::report::story::numbers::Clock;
use crate::views::By;
use crate::views::client::escaped;

/// Servers that are asked for at once: more than any screen has rows.
const WINDOW: usize = 200;

/// What there is to show.
#[derive(Clone, Debug, Serialize)]
pub struct Data {
    /// All in one look.
    pub summary: Summary,
    /// The servers around the selected one.
    pub servers: Servers,
    /// The server that is looked at.
    #[serde(skip)]
    pub server: Option<Box<ServerPage>>,
    /// The incident that is looked at.
    #[serde(skip)]
    pub incident: Option<Box<IncidentPage>>,
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The path of the servers.
    pub servers: String,
    /// The path of the server that is looked at.
    pub server: Option<String>,
    /// The path of the incident that is looked at.
    pub incident: Option<String>,
}

/// What is on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Incidents and servers.
    Overview,
    /// One server.
    Server(Address),
    /// One incident.
    Incident(String),
    /// Which columns there are.
    Columns,
    /// The keys.
    Help,
}

/// Which list of the overview the keys move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The incidents.
    Incidents,
    /// The servers.
    Servers,
}

/// Where what can be clicked was drawn.
#[derive(Clone, Debug, Default)]
pub struct Areas {
    /// The rows of incidents, each with its number.
    pub incidents: Vec<(Rect, usize)>,
    /// The names of columns.
    pub columns: Vec<(Rect, Column)>,
    /// The rows of servers, and the number of the first.
    pub servers: (Rect, usize),
}

/// All that decides what is drawn.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a key turns")]
pub struct App {
    pub(super) data: Option<Data>,
    /// Why there is nothing newer.
    pub(super) problem: Option<String>,
    /// Where the data comes from, if not from a daemon.
    pub(super) note: Option<String>,
    pub(super) clock: Clock,
    pub(super) colour: bool,
    pub(super) width: u16,
    screens: Vec<Screen>,
    pub(super) focus: Focus,
    pub(super) sort: By,
    pub(super) reverse: bool,
    pub(super) filter: String,
    /// The filter while it is typed.
    pub(super) typed: Option<String>,
    pub(super) hidden: BTreeSet<Column>,
    pub(super) frozen: bool,
    pub(super) server: usize,
    pub(super) incident: usize,
    pub(super) column: usize,
    /// Lines that have gone out at the top of a page.
    pub(super) scroll: u16,
    pub(super) areas: Areas,
    pub(super) orders: Vec<ReplayOrder>,
    /// How many orders keys have given in all.
    pub(super) ordered: usize,
    quit: bool,
}

impl App {
    /// With nothing to show yet.
    pub const fn new(clock: Clock, colour: bool, note: Option<String>) -> Self {
        Self {
            data: None,
            problem: None,
            note,
            clock,
            colour,
            width: 80,
            screens: Vec::new(),
            focus: Focus::Servers,
            sort: By::Activity,
            reverse: false,
            filter: String::new(),
            typed: None,
            hidden: BTreeSet::new(),
            frozen: false,
            server: 0,
            incident: 0,
            column: 0,
            scroll: 0,
            areas: Areas {
                incidents: Vec::new(),
                columns: Vec::new(),
                servers: (Rect::ZERO, 0),
            },
            orders: Vec::new(),
            ordered: 0,
            quit: false,
        }
    }

    /// The order and the filter that it begins with.
    #[must_use]
    pub fn sorted(mut self, by: By, reverse: bool, filter: &str) -> Self {
        (self.sort, self.reverse) = (by, reverse);
        filter.clone_into(&mut self.filter);
        self
    }

    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        self.quit
    }

    /// What is on the screen.
    pub fn screen(&self) -> &Screen {
        self.screens.last().unwrap_or(&Screen::Overview)
    }

    /// What is to be asked for.
    pub fn wanted(&self) -> Wanted {
        let offset = self.server.saturating_sub(WINDOW / 2);
        // The help and the columns stand before what is looked at.
        let below = self.screens.iter().rev();
        let mut below = below.filter(|screen| !matches!(screen, Screen::Help | Screen::Columns));
        let (server, incident) = match below.next() {
            Some(Screen::Server(address)) => (Some(format!("/api/v1/servers/{address}")), None),
            Some(Screen::Incident(id)) => {
                let path = format!("/api/v1/incidents/{}?width={}", escaped(id), self.width);
                (None, Some(path))
            }
            _ => (None, None),
        };
        Wanted {
            servers: format!(
                "/api/v1/servers?sort={}&reverse={}&filter={}&offset={offset}&limit={WINDOW}",
                self.sort,
                self.reverse,
                escaped(&self.filter)
            ),
            server,
            incident,
        }
    }

    /// What somebody asks of the replay.
    pub fn take_orders(&mut self) -> Vec<ReplayOrder> {
        std::mem::take(&mut self.orders)
    }

    /// Takes what came. It was asked for when so many orders had been delivered.
    pub fn take(&mut self, data: Result<Data, String>, delivered: usize) {
        match data {
            Ok(mut data) if !self.frozen => {
                if delivered < self.ordered {
                    self.keep_replay(&mut data);
                }
                let last = data.servers.matching.saturating_sub(1);
                self.server = self.server.min(last);
                self.incident = self.incident.min(data.summary.open.len().saturating_sub(1));
                if data.summary.open.is_empty() {
                    self.focus = Focus::Servers;
                }
                self.data = Some(data);
                self.problem = None;
            }
            Ok(_) => self.problem = None,
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) {
        // Terminals send Alt and a key as Esc and the key: Esc and a key right after it come as this too. No key means anything
        // else with Alt.
        if key.modifiers.contains(KeyModifiers::ALT) {
            self.key(KeyEvent::from(KeyCode::Esc));
            self.key(KeyEvent::new(key.code, key.modifiers - KeyModifiers::ALT));
        } else if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            self.quit = true;
        } else if self.typed.is_some() {
            self.type_filter(key.code);
        } else if !self.key_of_screen(key.code) {
            self.key_of_all(key.code);
        }
    }

    fn type_filter(&mut self, code: KeyCode) {
        let Some(typed) = &mut self.typed else { return };
        match code {
            KeyCode::Char(letter) => typed.push(letter),
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Esc => self.typed = None,
            KeyCode::Enter => {
                self.filter = std::mem::take(typed);
                self.typed = None;
                self.server = 0;
            }
            _ => {}
        }
    }

    /// Keys that mean something on what is shown; whether it was one.
    fn key_of_screen(&mut self, code: KeyCode) -> bool {
        match (self.screen().clone(), code) {
            (Screen::Overview, KeyCode::Tab) => {
                let has_incidents = self
                    .data
                    .as_ref()
                    .is_some_and(|data| !data.summary.open.is_empty());
                self.focus = match self.focus {
                    Focus::Servers if has_incidents => Focus::Incidents,
                    _ => Focus::Servers,
                };
            }
            (Screen::Overview, KeyCode::Enter) => match self.focus {
                Focus::Incidents => self.open_incident(self.incident),
                Focus::Servers => self.open_server(),
            },
            (Screen::Overview, KeyCode::Char('i')) => self.open_incident(self.incident),
            (Screen::Server(_), KeyCode::Char('i') | KeyCode::Enter) => {
                let page = self.data.as_ref().and_then(|data| data.server.as_ref());
                if let Some(incident) = page.and_then(|page| page.incidents.first()) {
                    self.show(Screen::Incident(incident.id.clone()));
                }
            }
            (Screen::Columns, KeyCode::Char(' ') | KeyCode::Enter) => {
                if let Some(column) = Column::ALL.get(self.column)
                    && *column != Column::Server
                    && !self.hidden.remove(column)
                {
                    self.hidden.insert(*column);
                }
            }
            _ => return false,
        }
        true
    }

    fn key_of_all(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char('q') if self.screens.is_empty() => self.quit = true,
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => {
                self.screens.pop();
                self.scroll = 0;
            }
            KeyCode::Char('?' | 'h') => self.show(Screen::Help),
            KeyCode::Char('c') => self.show(Screen::Columns),
            KeyCode::Char('/') => self.typed = Some(self.filter.clone()),
            KeyCode::Char(' ') => self.frozen = !self.frozen,
            KeyCode::Char('r') => self.reverse = !self.reverse,
            KeyCode::Char('s') => self.next_sort(1),
            KeyCode::Char('S') => self.next_sort(By::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::Up | KeyCode::Char('k') => self.go(-1),
            KeyCode::PageDown => self.go(10),
            KeyCode::PageUp => self.go(-10),
            KeyCode::Home | KeyCode::Char('g') => self.go(isize::MIN / 2),
            KeyCode::End | KeyCode::Char('G') => self.go(isize::MAX / 2),
            _ => self.key_of_replay(code),
        }
    }

    fn next_sort(&mut self, step: usize) {
        let now = By::ALL.iter().position(|by| *by == self.sort).unwrap_or_default();
        self.sort = By::ALL
            .get((now + step) % By::ALL.len())
            .copied()
            .unwrap_or(By::Activity);
        self.server = 0;
    }

    fn show(&mut self, screen: Screen) {
        if *self.screen() != screen {
            self.screens.push(screen);
            self.scroll = 0;
        }
    }

    /// The server that is selected, if it is among those that are there.
    pub(super) fn selected(&self) -> Option<Address> {
        let servers = &self.data.as_ref()?.servers;
        let line = servers.servers.get(self.server.checked_sub(servers.offset)?)?;
        Some(line.address)
    }

    fn open_server(&mut self) {
        if let Some(address) = self.selected() {
            self.show(Screen::Server(address));
        }
    }

    fn open_incident(&mut self, number: usize) {
        let open = self.data.as_ref().map(|data| &data.summary.open);
        if let Some(incident) = open.and_then(|open| open.get(number)) {
            self.show(Screen::Incident(incident.id.clone()));
        }
    }

    fn go(&mut self, by: isize) {
        let (open, servers) = self
            .data
            .as_ref()
            .map_or((0, 0), |data| (data.summary.open.len(), data.servers.matching));
        let (at, length) = match (self.screen(), self.focus) {
            (Screen::Overview, Focus::Incidents) => (&mut self.incident, open),
            (Screen::Overview, Focus::Servers) => (&mut self.server, servers),
            (Screen::Columns, _) => (&mut self.column, Column::ALL.len()),
            _ => {
                let by = i16::try_from(by).unwrap_or(if by < 0 { i16::MIN } else { i16::MAX });
                self.scroll = self.scroll.saturating_add_signed(by);
                return;
            }
        };
        *at = at.saturating_add_signed(by).min(length.saturating_sub(1));
    }

    /// The mouse did something.
    pub fn mouse(&mut self, mouse: MouseEvent) {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollDown => self.go(3),
            MouseEventKind::ScrollUp => self.go(-3),
            MouseEventKind::Down(MouseButton::Left) if *self.screen() == Screen::Overview => self.click(at),
            MouseEventKind::Down(MouseButton::Right) => self.key_of_all(KeyCode::Esc),
            _ => {}
        }
    }

    /// A column sorts; a row is selected, and opens if it was.
    fn click(&mut self, at: Position) {
        let areas = self.areas.clone();
        if let Some((_, column)) = areas.columns.iter().find(|(area, _)| area.contains(at)) {
            let by = column.by();
            self.reverse = self.sort == by && !self.reverse;
            self.sort = by;
        } else if let Some((_, number)) = areas.incidents.iter().find(|(area, _)| area.contains(at)) {
            self.focus = Focus::Incidents;
            self.incident = *number;
            self.open_incident(*number);
        } else if areas.servers.0.contains(at) {
            let number = areas.servers.1 + usize::from(at.y - areas.servers.0.y);
            let was_selected = self.focus == Focus::Servers && self.server == number;
            self.focus = Focus::Servers;
            self.server = number;
            if was_selected {
                self.open_server();
            }
        }
    }
}
