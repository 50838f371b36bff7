//! Drawing the app: a head, a view, whatever is to be told, and the keys that count.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::app::App;
use super::keys::{self, Binding, View};
use super::screens;
use super::widgets::paint::{cut, lines, wrapped};
use crate::backend::AboutServer;

/// The smallest screen that is drawn on.
const SMALLEST: (u16, u16) = (40, 12);
/// How much of a kept filter is shown.
const LONGEST_FILTER: usize = 16;
/// How many lines a notice may take.
const NOTICE: usize = 5;

/// Draws one frame.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        if area.height > 0 {
            lines(frame, area, vec![Line::raw("hallpass needs 40×12")]);
        }
        return;
    }
    let notice = notice_lines(app, usize::from(area.width));
    let told = u16::try_from(notice.len()).unwrap_or(0);
    let [head, body, below, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(told), Constraint::Length(1)])
            .areas(area);
    draw_head(app, frame, head);
    screens::draw_view(app, frame, body);
    lines(frame, below, notice);
    draw_foot(app, frame, foot);
    screens::draw_modals(app, frame, body);
    if app.shows_which_key() {
        screens::draw_which_key(app, frame, body);
    }
}

fn draw_head(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.setup.look.theme;
    let is_short = area.width < 70;
    let mut spans = vec![Span::raw(" ")];
    for (number, view) in View::ALL.into_iter().enumerate() {
        let key = (number + 1).to_string();
        if view == app.view {
            spans.extend([
                Span::styled(key, theme.key()),
                Span::raw(" "),
                Span::styled(view.title(), theme.open_tab()),
                Span::raw("  "),
            ]);
        } else if is_short {
            spans.extend([Span::styled(key, theme.key()), Span::raw("  ")]);
        } else {
            spans.extend([
                Span::styled(key, theme.key()),
                Span::raw(" "),
                Span::styled(view.title(), theme.faint()),
                Span::raw("  "),
            ]);
        }
    }
    let used: usize = spans.iter().map(|span| span.content.width()).sum();
    frame.render_widget(Line::from(spans), area);
    let room = usize::from(area.width).saturating_sub(used + 1);
    let badge = match &app.doing {
        Some(doing) => format!("… {doing}"),
        None => match &app.server {
            Some(about) => serving(about, room),
            None => match &app.setup.host {
                Some(host) if !app.setup.capabilities.can_change => format!("at {host} · read-only"),
                Some(host) => format!("at {host}"),
                None if !app.setup.capabilities.can_change => "read-only".to_owned(),
                None => "hallpass".to_owned(),
            },
        },
    };
    let badge = cut(&badge, room);
    let is_open = app.server.as_ref().is_some_and(|about| !about.needs_key);
    let style = if app.doing.is_some() || is_open { theme.warning() } else { theme.faint() };
    let width = u16::try_from(badge.width()).unwrap_or(0);
    let place = Rect { x: area.right().saturating_sub(width + 1), width, ..area };
    frame.render_widget(Line::styled(badge, style), place);
}

/// Says that the server runs, as long as there is room for. What is open to every program of this machine is said
/// in any case.
fn serving(about: &AboutServer, room: usize) -> String {
    let address = about.url.split_once("://").map_or(about.url.as_str(), |(_, rest)| rest);
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    let words = if about.needs_key {
        [format!("serving {address}"), format!("serving :{port}"), format!(":{port}")]
    } else {
        [format!("serving {address} · no key"), format!("serving :{port} · no key"), format!("no key :{port}")]
    };
    let fits = |words: &&String| words.width() <= room;
    words.iter().find(fits).unwrap_or(&words[2]).clone()
}

fn notice_lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let Some(notice) = &app.notice else { return Vec::new() };
    let style = if notice.is_bad { theme.bad() } else { theme.good() };
    let mark = if notice.is_bad { "✗" } else { "✓" };
    let mut told = Vec::new();
    for (index, text) in notice.lines.iter().enumerate() {
        for (part, line) in wrapped(text, width.saturating_sub(4)).into_iter().enumerate() {
            let mark = if index == 0 && part == 0 { mark } else { " " };
            let style = if index == 0 { style } else { theme.title() };
            told.push(Line::from(vec![Span::styled(format!(" {mark} "), style), Span::styled(line, style)]));
        }
    }
    told.truncate(NOTICE);
    told
}

fn draw_foot(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.setup.look.theme;
    if !app.modals.is_empty() {
        // The keys of what stands in front are in front too.
        let hint = Line::from(vec![Span::styled(" esc", theme.key()), Span::styled(" back", theme.faint())]);
        frame.render_widget(hint, area);
        return;
    }
    if app.is_filtering {
        let list = &app.rows[app.view.index()];
        let (shown, total) = list.counts();
        let line = Line::from(vec![
            Span::styled(" /", theme.key()),
            Span::raw(list.filter().text().to_owned()),
            Span::styled(format!("   {shown} of {total} · enter keeps it · esc clears it"), theme.faint()),
        ]);
        let cursor = area.x + 2 + u16::try_from(list.filter().before_cursor().width()).unwrap_or(0);
        frame.render_widget(line, area);
        if cursor < area.right() {
            frame.set_cursor_position((cursor, area.y));
        }
        return;
    }
    let kept = kept_filter(app);
    let used: usize = kept.iter().map(|span| span.content.width()).sum();
    let hints = fitting(app, usize::from(area.width).saturating_sub(used + 1));
    let hints = hints.into_iter().flat_map(|binding| {
        [
            Span::raw(" "),
            Span::styled(&binding.shown, theme.key()),
            Span::raw(" "),
            Span::styled(binding.entry.short, theme.faint()),
            Span::raw(" "),
        ]
    });
    frame.render_widget(kept.into_iter().chain(hints).collect::<Line<'_>>(), area);
}

/// A filter that was kept hides rows: it is always said.
fn kept_filter(app: &App) -> Vec<Span<'static>> {
    let (list, theme) = (&app.rows[app.view.index()], app.setup.look.theme);
    if list.filter().text().is_empty() {
        return Vec::new();
    }
    let (shown, total) = list.counts();
    let text = cut(list.filter().text(), LONGEST_FILTER);
    vec![Span::styled(format!(" /{text}"), theme.key()), Span::styled(format!(" {shown} of {total} "), theme.faint())]
}

/// Returns the hints that fit; the least important ones leave first.
fn fitting(app: &App, width: usize) -> Vec<&Binding> {
    let contexts = keys::contexts(app.view);
    let mut hints: Vec<&Binding> = (app.setup.look.keymap.offered(&contexts, app.setup.capabilities))
        .filter(|binding| binding.entry.weight > 0 && !binding.shown.is_empty())
        .filter(|binding| binding.entry.action != keys::Action::Details || !app.is_wide())
        .collect();
    let size =
        |hints: &[&Binding]| hints.iter().map(|hint| hint.shown.width() + hint.entry.short.width() + 3).sum::<usize>();
    while size(&hints) > width {
        let Some(lightest) =
            hints.iter().enumerate().rev().min_by_key(|(_, hint)| hint.entry.weight).map(|(index, _)| index)
        else {
            break;
        };
        hints.remove(lightest);
    }
    hints
}
