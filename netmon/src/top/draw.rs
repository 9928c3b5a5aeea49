//! The frame: the overview, and around it what every screen has. [`super::page`] has the pages of one server and one incident.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row, Table, TableState};

use super::app::{App, Focus, Screen};
use super::column::{Column, rate};
use super::look::{dim, health, listed, style};
use super::page;
use super::replay::KEYS;
use crate::model::Incident;
use crate::model::view::{Health, Summary};
use crate::report::knowledge;
use crate::report::story::numbers::{between, count, duration};
use crate::report::story::{askers, service};

/// The least that is drawn on.
const LEAST: (u16, u16) = (60, 15);

impl App {
    /// Draws it.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.width = area.width;
        if area.width < LEAST.0 || area.height < LEAST.1 {
            let words = format!("netmon top needs {} columns and {} rows", LEAST.0, LEAST.1);
            frame.render_widget(Paragraph::new(words), area);
            return;
        }
        let rows = [Constraint::Length(2), Constraint::Min(1), Constraint::Length(1)];
        let [head, body, foot] = Layout::vertical(rows).areas(area);
        self.head(frame, head);
        match self.screen().clone() {
            Screen::Server(_) | Screen::Incident(_) => page::draw(self, frame, body),
            Screen::Overview | Screen::Columns | Screen::Help => self.overview(frame, body),
        }
        match self.screen() {
            Screen::Help => self.help(frame, body),
            Screen::Columns => self.columns(frame, body),
            _ => {}
        }
        self.foot(frame, foot);
    }

    fn head(&self, frame: &mut Frame<'_>, area: Rect) {
        let Some(data) = &self.data else {
            let words = self.problem.as_deref().unwrap_or("netmon top is asking ...");
            frame.render_widget(Paragraph::new(words), area);
            return;
        };
        let summary = &data.summary;
        let word = match summary.state {
            Health::Well => "WELL",
            Health::Degraded => knowledge::severity(crate::model::Severity::Degraded),
            Health::Down => knowledge::severity(crate::model::Severity::Down),
            Health::Starting => "STARTING",
            Health::Stopped => "ENDED",
        };
        let first = Line::from(vec![
            Span::styled(
                format!(" {word} "),
                style(self, summary.state).add_modifier(Modifier::REVERSED),
            ),
            Span::raw(" "),
            Span::styled(summary.sentence.clone(), style(self, summary.state)),
        ]);
        // On a narrow terminal the day gives way.
        let time = if area.width < 80 {
            self.clock.time(summary.time.0)
        } else {
            self.clock.second(summary.time.0)
        };
        let zone = self.clock.name(summary.time.0);
        let right = match (&self.problem, self.frozen) {
            (Some(problem), _) => problem.clone(),
            (None, true) => format!("FROZEN at {time} {zone}"),
            (None, false) => format!("{time} {zone}"),
        };
        let [top, bottom] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
        frame.render_widget(Paragraph::new(first), top);
        frame.render_widget(Paragraph::new(self.rates(summary)).style(dim(self)), bottom);
        let style = if self.problem.is_some() {
            style(self, Health::Down)
        } else {
            dim(self)
        };
        let width = u16::try_from(right.chars().count()).unwrap_or(u16::MAX);
        let [_, right_area] =
            Layout::horizontal([Constraint::Min(0), Constraint::Length(width)]).areas(bottom);
        frame.render_widget(Clear, right_area);
        frame.render_widget(Paragraph::new(right).style(style), right_area);
    }

    fn rates(&self, summary: &Summary) -> String {
        let per_second = &summary.per_second;
        let replayed = self.replayed();
        let from = replayed.as_deref().or(self.note.as_deref());
        let from = from.unwrap_or(&summary.host);
        format!(
            " {from}: {} queries/s, {} answers/s, {} errors/s",
            rate(per_second.queries),
            rate(per_second.answers),
            rate(per_second.errors)
        )
    }

    fn overview(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let Some(data) = &self.data else { return };
        let incidents = self.incidents(area);
        let height = if data.summary.open.is_empty() {
            0
        } else {
            u16::try_from(incidents.len())
                .unwrap_or(u16::MAX)
                .min(area.height / 2)
                + 1
        };
        let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(3)]).areas(area);
        self.areas.incidents.clear();
        if height > 0 {
            let block = self.block(&format!(" Open incidents ({}) ", data.summary.open.len()));
            let inner = block.inner(above);
            frame.render_widget(block, above);
            let lines: Vec<Line<'_>> = incidents.iter().map(|(line, _)| line.clone()).collect();
            frame.render_widget(Paragraph::new(lines), inner);
            for (row, (_, number)) in (0..inner.height).zip(incidents) {
                let row = Rect {
                    y: inner.y + row,
                    height: 1,
                    ..inner
                };
                self.areas.incidents.push((row, number));
            }
        }
        self.servers(frame, below);
    }

    fn block(&self, title: &str) -> Block<'static> {
        Block::new()
            .borders(Borders::TOP)
            .border_style(dim(self))
            .title(title.to_owned())
    }

    /// Each open incident in some lines, with its number; the selected one can be seen.
    fn incidents(&self, area: Rect) -> Vec<(Line<'static>, usize)> {
        let Some(data) = &self.data else { return Vec::new() };
        let open = &data.summary.open;
        // Where there is room each has its cause and whom it hits.
        let room = usize::from(area.height / 2);
        let each = (room / open.len().max(1)).clamp(1, 4);
        let first = (self.incident + 1).saturating_sub(room / each);
        let mut lines = Vec::new();
        for (number, incident) in open.iter().enumerate().skip(first) {
            let is_selected = self.focus == Focus::Incidents && number == self.incident;
            let mut about = self.about(incident, data.summary.time.0, is_selected);
            about.truncate(each);
            lines.extend(about.into_iter().map(|line| (line, number)));
        }
        lines.truncate(room);
        lines
    }

    fn about(&self, incident: &Incident, now: Timestamp, is_selected: bool) -> Vec<Line<'static>> {
        let kind = knowledge::kind(incident.kind);
        let began = incident.began.0;
        let mark = if is_selected { ">" } else { " " };
        let since = format!(
            ", since {} {} ({})",
            self.clock.time(began),
            self.clock.name(began),
            duration(between(began, now))
        );
        let word = format!("{mark}{:<8} ", knowledge::severity(incident.severity));
        let headline = format!("{} {}", service(incident), kind.now);
        let mut lines = vec![Line::from(vec![
            Span::styled(word, style(self, health(incident))),
            Span::styled(headline, Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(since),
        ])];
        let indent = " ".repeat(10);
        if let Some(cause) = incident.causes.first() {
            lines.push(Line::from(format!(
                "{indent}{} ({}): {}",
                cause.cause, cause.likelihood, cause.evidence
            )));
        }
        let clients = incident.clients.iter().map(ToString::to_string);
        let hit = listed(clients, incident.clients_more);
        let names = listed(incident.names.iter().cloned(), incident.names_more);
        lines.push(Line::from(format!(
            "{indent}{}, {}; hits {hit}, for {names}",
            count(incident.queries, "query", "queries"),
            count(incident.answers, "answer", "answers"),
        )));
        if let Some(askers) = askers(incident) {
            lines.push(Line::from(format!("{indent}asked by {askers}")));
        }
        lines
    }

    fn servers(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let Some(data) = &self.data else { return };
        let servers = &data.servers;
        let order = if self.reverse { ", reversed" } else { "" };
        let filter = if self.filter.is_empty() {
            String::new()
        } else {
            format!(", filter: {}", self.filter)
        };
        let title = format!(
            " Servers ({} of {}), by {}{order}{filter} ",
            servers.matching, servers.total, self.sort
        );
        let block = self.block(&title);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let columns = Column::that_fit(|column| !self.hidden.contains(&column), inner.width);
        let widths = widths(&columns, inner.width);
        let cell = |column: Column, text: String| {
            let alignment = if column.is_number() {
                Alignment::Right
            } else {
                Alignment::Left
            };
            Cell::from(Line::from(text).alignment(alignment))
        };
        let header = columns.iter().map(|column| {
            let mark = if column.by() == self.sort
                && !matches!(column, Column::Owner | Column::Recent | Column::Resolver)
            {
                if self.reverse { "^" } else { "v" }
            } else {
                ""
            };
            cell(*column, format!("{column}{mark}"))
        });
        let rows = servers.servers.iter().map(|line| {
            let row = columns.iter().zip(&widths).map(|(column, width)| {
                let shown = cell(*column, column.text(line, *width));
                if *column == Column::State {
                    shown.style(style(self, line.state))
                } else {
                    shown
                }
            });
            Row::new(row)
        });
        let height = usize::from(inner.height.saturating_sub(1));
        let selected = self.server.saturating_sub(servers.offset);
        let first = (selected + 1).saturating_sub(height);
        let mut state = TableState::new().with_offset(first);
        if self.focus == Focus::Servers {
            state.select(Some(selected));
        }
        let table = Table::new(rows, widths.iter().copied())
            .header(Row::new(header).style(Style::new().add_modifier(Modifier::UNDERLINED)))
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
        let first = servers.offset + first;
        frame.render_stateful_widget(table, inner, &mut state);
        self.areas.columns.clear();
        let mut x = inner.x;
        for (column, width) in columns.into_iter().zip(widths) {
            let name = Rect {
                x,
                width,
                height: 1,
                ..inner
            };
            self.areas.columns.push((name, column));
            x += width + 1;
        }
        let rows = Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        };
        self.areas.servers = (rows, first);
    }

    fn foot(&self, frame: &mut Frame<'_>, area: Rect) {
        let words = match (&self.typed, self.screen()) {
            (Some(typed), _) => {
                format!(" filter: {typed}_   (state:down client:192.0.2. name:example; Enter, Esc)")
            }
            (None, Screen::Overview) if self.is_replay() => KEYS.to_owned(),
            (None, Screen::Overview) => {
                " ? help  Enter more  Tab incidents  s sort  / filter  Space freeze  q quit".to_owned()
            }
            (None, Screen::Columns) => " Space shows or hides it  Esc back".to_owned(),
            (None, Screen::Server(_)) => {
                " Up, Down scroll  i its incident  Space freeze  Esc back".to_owned()
            }
            (None, _) => " Up, Down scroll  Esc back".to_owned(),
        };
        frame.render_widget(
            Paragraph::new(words).style(Style::new().add_modifier(Modifier::REVERSED)),
            area,
        );
    }

    fn help(&self, frame: &mut Frame<'_>, area: Rect) {
        const LINES: [&str; 12] = [
            "Up Down PgUp PgDn Home End   move, scroll (also j k g G)",
            "Tab                          incidents or servers",
            "Enter, i                     more of it; its incident",
            "Esc, Backspace               back",
            "s, S                         sort by the next, the last column",
            "r                            the other way round",
            "c                            choose columns",
            "/                            filter: state:down client:192.0.2.",
            "                             name:example owner:dns, or any part",
            "Space                        freeze, and go on",
            "p , . < > - +                a replay: pause, go back and on, speed",
            "q, Ctrl-C                    quit",
        ];
        let lines = LINES.map(Line::from);
        self.over(frame, area, " Keys; the mouse works too ", lines.into());
    }

    fn columns(&self, frame: &mut Frame<'_>, area: Rect) {
        let lines = Column::ALL.into_iter().enumerate().map(|(number, column)| {
            let mark = if self.hidden.contains(&column) { ' ' } else { 'x' };
            let line = Line::from(format!("[{mark}] {column}"));
            if number == self.column {
                line.style(Style::new().add_modifier(Modifier::REVERSED))
            } else {
                line
            }
        });
        self.over(frame, area, " Columns ", lines.collect());
    }

    /// Something over the rest.
    fn over(&self, frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'static>>) {
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let area = area.centered(Constraint::Length(68), Constraint::Length(height));
        frame.render_widget(Clear, area);
        let block = Block::bordered().title(title.to_owned());
        let scroll = (self.column + 3).saturating_sub(usize::from(area.height));
        let scroll = u16::try_from(scroll).unwrap_or_default();
        frame.render_widget(Paragraph::new(lines).block(block).scroll((scroll, 0)), area);
    }
}

/// What room is left the columns share that can use it.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let needed: u16 = columns.iter().map(|column| column.width() + 1).sum();
    let growing = columns.iter().filter(|column| column.grows()).count();
    let more = (width + 1).saturating_sub(needed) / u16::try_from(growing.max(1)).unwrap_or(1);
    let width = |column: &Column| column.width() + if column.grows() { more.min(48) } else { 0 };
    columns.iter().map(width).collect()
}
