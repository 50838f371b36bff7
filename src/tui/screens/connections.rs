//! Connections: how each one is, and for how long.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::providers::quirks;
use super::{Cell, heading, row, safe};
use crate::model::freshness::spoken;
use crate::model::{Connection, Health, Time, WayIn, untrusted};
use crate::service::copy::{self, Form};
use crate::service::error::authorize_command;
use crate::tui::app::App;
use crate::tui::keys::{Action, View};
use crate::tui::modal::copy_forms;
use crate::tui::theme::Theme;
use crate::tui::widgets::paint::{bar, cut, field, padded, wrapped};

/// How wide the bar is that empties.
const BAR: usize = 5;

/// What fits a width. Shape, word, name, provider, time left; then the last refresh; then the scopes.
const SMALL: [u16; 3] = [1, 0, 13];
const MEDIUM: [u16; 5] = [1, 12, 0, 12, 14];
const LARGE: [u16; 6] = [1, 12, 0, 12, 14, 10];
const WIDER: [u16; 6] = [1, 12, 0, 20, 14, 10];
const HUGE: [u16; 7] = [1, 12, 30, 14, 14, 10, 0];

fn widths(width: u16) -> &'static [u16] {
    match width {
        ..64 => &SMALL,
        64..78 => &MEDIUM,
        78..90 => &LARGE,
        90..110 => &WIDER,
        110.. => &HUGE,
    }
}

pub(super) fn heads(width: u16) -> Vec<Cell> {
    let widths = widths(width);
    if widths.len() == SMALL.len() {
        return heading(&["", "CONNECTION", "STATUS"], widths, width);
    }
    let heads = ["", "STATUS", "CONNECTION", "PROVIDER", "LEFT", "REFRESHED", "SCOPES"];
    heading(&heads[..widths.len()], widths, width)
}

pub(super) fn cells(app: &App, index: usize, width: u16) -> Vec<Cell> {
    let Some(connection) = app.lists.connections.get(index) else { return Vec::new() };
    let theme = app.setup.look.theme;
    let health = connection.health(app.now);
    let (shape, style) = theme.health(health);
    let widths = widths(width);
    let name = if app.is_grouped && app.rows[View::Connections.index()].filter().text().is_empty() {
        format!("  {}", untrusted::line(connection.reference.id.as_str()))
    } else {
        untrusted::line(&connection.reference.to_string())
    };
    if widths.len() == SMALL.len() {
        let state = if left(health).is_empty() { health.word().to_owned() } else { left_bar(connection, health) };
        return row(vec![(shape.to_owned(), style), (name, Style::new()), (state, style)], widths, width);
    }
    let refreshed = connection.refreshed_at.map_or_else(|| "–".to_owned(), |time| ago(time, app.now));
    let scopes = connection.granted_scopes.as_ref().unwrap_or(&connection.requested_scopes).join(" ");
    let mut cells = vec![
        (shape.to_owned(), style),
        (health.word().to_owned(), style),
        (name, Style::new()),
        (connection.provider.to_string(), theme.faint()),
        (left_bar(connection, health), style),
        (refreshed, theme.faint()),
        (untrusted::line(&scopes), theme.faint()),
    ];
    cells.truncate(widths.len());
    row(cells, widths, width)
}

/// The heading of the connections under one config.
pub(super) fn group(app: &App, row: usize, count: usize, width: usize) -> Line<'static> {
    let theme = app.setup.look.theme;
    let Some(connection) = app.lists.connections.get(row) else { return Line::default() };
    let count = if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") };
    let config = safe(connection.reference.config.as_str(), width.saturating_sub(2));
    let note = cut(&format!("  {} · {count}", connection.provider), width.saturating_sub(config.width() + 2));
    Line::from(vec![Span::raw(" "), Span::styled(config, theme.title()), Span::styled(note, theme.faint())])
}

pub(super) fn is_marked(app: &App, row: usize) -> bool {
    app.lists.connections.get(row).is_some_and(|connection| app.marked.contains(&connection.reference))
}

/// The time left, and before it a bar of how much of the token's life that is.
fn left_bar(connection: &Connection, health: Health) -> String {
    let whole = connection.expires_at.and_then(|end| (end - connection.obtained_at).to_std().ok());
    match (health, whole) {
        (Health::Fresh(left) | Health::Expiring(left), Some(whole)) => {
            format!("{} {}", bar(left, whole, BAR), spoken(left))
        }
        _ => left(health),
    }
}

fn left(health: Health) -> String {
    match health {
        Health::Fresh(left) | Health::Expiring(left) => spoken(left),
        Health::Endless => "no end".to_owned(),
        Health::Refreshable | Health::Expired | Health::Refused | Health::Untold => String::new(),
    }
}

fn ago(time: Time, now: Time) -> String {
    (now - time).to_std().map_or_else(|_| "just now".to_owned(), |past| format!("{} ago", spoken(past)))
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(connection) = app.selected_connection() else { return Vec::new() };
    let theme = app.setup.look.theme;
    let health = connection.health(app.now);
    let (shape, style) = theme.health(health);
    let mut lines = vec![
        Line::styled(safe(&connection.reference.to_string(), width), theme.title()),
        Line::from(vec![Span::styled(format!("{shape} {}", sentence(health)), style)]),
    ];
    if let Some(problem) = &connection.problem {
        lines.extend(wrapped(&problem.reason, width).into_iter().map(|line| Line::styled(line, theme.bad())));
    }
    if health.needs_authorization() {
        let mend = match &app.setup.host {
            None => format!("→ a authorizes it again ({})", authorize_command(&connection.reference)),
            Some(host) => format!("→ it is authorized again at {host}"),
        };
        lines.extend(wrapped(&mend, width).into_iter().map(|line| Line::styled(line, theme.title())));
    }
    lines.push(Line::raw(""));
    let time = |time: Time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut add =
        |name: &str, value: &str, style: Style| lines.extend(field(name, &untrusted::line(value), style, width, theme));
    add("provider", connection.provider.as_str(), Style::new());
    add("way in", connection.way.word(), Style::new());
    add(
        "expires",
        &connection.expires_at.map_or_else(|| "never, as far as the provider says".to_owned(), time),
        Style::new(),
    );
    add("refreshes", refreshes(connection), Style::new());
    add("refreshed", &connection.refreshed_at.map_or_else(|| "never".to_owned(), time), Style::new());
    add("authorized", &time(connection.created_at), Style::new());
    for (name, value) in &connection.variables {
        add(name, value, Style::new());
    }
    if !connection.way.is_entered() {
        lines.extend(scopes(connection, width, theme));
    }
    lines.extend(samples(app, connection, width));
    lines.extend(history(app, connection, width));
    lines.extend(at_provider(app, connection, width));
    lines
}

fn refreshes(connection: &Connection) -> &'static str {
    match (connection.way, connection.is_refreshable) {
        (WayIn::OAuth2, true) => "with its refresh token",
        (WayIn::ClientCredentials, _) => "by getting another one",
        (WayIn::TokenExchange, _) => "with what was entered",
        (WayIn::SignedJwt, _) => "by signing another one",
        (WayIn::OAuth2, false) | (WayIn::OAuth1 | WayIn::OAuth1Token | WayIn::ApiKey | WayIn::Basic, _) => "no",
    }
}

/// Scopes asked for and granted, side by side: each on a line of its own, with what became of it.
fn scopes(connection: &Connection, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let asked = &connection.requested_scopes;
    let Some(granted) = &connection.granted_scopes else {
        let told = if asked.is_empty() { "none named".to_owned() } else { asked.join(" ") };
        let said = "the provider did not say what it granted";
        let asked = field("asked for", &untrusted::line(&told), Style::new(), width, theme);
        return asked.into_iter().chain(field("granted", said, theme.faint(), width, theme)).collect();
    };
    let extra = granted.iter().filter(|scope| !asked.contains(scope));
    let rows: Vec<(&String, bool, bool)> = asked
        .iter()
        .map(|scope| (scope, true, granted.contains(scope)))
        .chain(extra.map(|scope| (scope, false, true)))
        .collect();
    if rows.is_empty() {
        return field("scopes", "none named", theme.faint(), width, theme);
    }
    let row = |(scope, is_asked, is_granted): &(&String, bool, bool)| {
        let (words, style) = match (is_asked, is_granted) {
            (true, true) => ("", Style::new()),
            (true, false) => ("  (not granted)", theme.warning()),
            _ => ("  (not asked for)", theme.faint()),
        };
        let mark = |is_so: &bool| padded(if *is_so { "✓" } else { "–" }, 9);
        let text = format!("{}{}{}{words}", mark(is_asked), mark(is_granted), untrusted::line(scope));
        Line::styled(cut(&text, width), style)
    };
    let head = Line::styled(cut("asked    granted  scope", width), theme.faint());
    std::iter::once(head).chain(rows.iter().map(row)).collect()
}

fn sentence(health: Health) -> String {
    match health {
        Health::Fresh(left) => format!("ok, valid for {}", spoken(left)),
        Health::Endless => "ok, valid without an end".to_owned(),
        Health::Expiring(left) => format!("expiring in {}; the next use refreshes it", spoken(left)),
        Health::Refreshable => "stale; the next use refreshes it".to_owned(),
        Health::Expired => "expired, and there is nothing to refresh it with".to_owned(),
        Health::Refused => "it must be authorized again".to_owned(),
        Health::Untold => "its host does not tell before a token is asked for".to_owned(),
    }
}

/// The lines that can be copied, without the secrets in them.
fn samples(app: &App, connection: &Connection, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let Some(provider) = app.provider(&connection.provider) else { return Vec::new() };
    let key = app.setup.look.keymap.key_of(Action::CopyAs);
    let forms = copy_forms();
    let line = |(form, text): (Form, String)| {
        let letter = forms.iter().find(|(_, other, _)| *other == form).map_or(' ', |(letter, ..)| *letter);
        let keys = padded(&format!("{key} {letter}"), 4);
        let text = safe(&text, width.saturating_sub(5));
        Line::from(vec![Span::styled(keys, theme.key()), Span::raw(" "), Span::styled(text, theme.faint())])
    };
    under("Ready to copy", copy::samples(provider, connection).into_iter().map(line).collect(), theme)
}

/// What is unusual about the provider, and what its file says to people.
fn at_provider(app: &App, connection: &Connection, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let Some(provider) = app.provider(&connection.provider) else { return Vec::new() };
    let told = provider.notes.iter().cloned().chain(provider.quirks(connection.way));
    under(&format!("At {}", safe(&provider.name, width)), quirks(told, width, theme), theme)
}

/// Puts a title above lines, where there are any.
fn under(title: &str, lines: Vec<Line<'static>>, theme: Theme) -> Vec<Line<'static>> {
    if lines.is_empty() {
        return lines;
    }
    [Line::raw(""), Line::styled(title.to_owned(), theme.title())].into_iter().chain(lines).collect()
}

fn history(app: &App, connection: &Connection, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let rows = app.lists.activity.iter().filter(|row| row.is_of(&connection.reference)).take(8);
    let line = |row: &crate::model::Activity| {
        let text = format!("{}  {}  {}", row.at.format("%m-%d %H:%M:%S"), row.what(), row.detail);
        Line::styled(safe(&text, width), theme.faint())
    };
    under("History", rows.map(line).collect(), theme)
}
