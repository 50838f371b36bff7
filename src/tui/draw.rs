//! Drawing the app: a head, a view, whatever is to be told, and the keys that count.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::app::App;
use super::keys::{self, Action, Binding, View};
use super::screens;
use super::widgets::last;
use super::widgets::paint::{cut, lines, wrapped};
use crate::backend::AboutServer;

/// The smallest screen that is drawn on.
const SMALLEST: (u16, u16) = (40, 12);
/// How much of a kept filter is shown.
const LONGEST_FILTER: usize = 16;
/// What moves while something is being done.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// How many lines a notice may take.
const NOTICE: usize = 5;

/// Draws one frame.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    app.forget_clickable();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        if area.height > 0 {
            lines(frame, area, vec![Line::raw("hallpass needs 40×12")]);
        }
        return;
    }
    let notice = notice_lines(app, usize::from(area.width));
    let told = u16::try_from(notice.len()).unwrap_or(0);
    frame.buffer_mut().set_style(area, app.setup.look.theme.text());
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
    last::disarm(frame.buffer_mut());
    if app.setup.look.is_ascii {
        last::spell_out(frame.buffer_mut());
    }
}

/// How many of the views are named in the head; the open one always is.
const NAMED_TABS: [usize; 3] = [View::ALL.len(), 4, 0];

fn draw_head(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.setup.look.theme;
    let width = usize::from(area.width);
    let wanted = badge(app, width).width();
    let tabs = |named: usize| tabs(app, named);
    let size = |tabs: &[(View, Vec<Span<'static>>)]| {
        1 + tabs.iter().flat_map(|(_, spans)| spans).map(|span| span.content.width()).sum::<usize>()
    };
    let fits = |named: &&usize| size(&tabs(**named)) + wanted < width;
    let mut tabs = tabs(*NAMED_TABS.iter().find(fits).unwrap_or(&0));
    if size(&tabs) + wanted >= width {
        // What is being done, or a server that is open, is worth more than the way elsewhere.
        tabs.retain(|(view, _)| *view == app.view);
    }
    let used = size(&tabs);
    let badge = badge(app, width.saturating_sub(used + 1));
    let badge = cut(&badge, width.saturating_sub(used + 1));
    let is_open = app.server.as_ref().is_some_and(|about| !about.needs_key);
    let is_doing = app.doing.as_ref().is_some_and(|doing| doing.is_shown(app.now));
    let style = if is_doing || is_open || app.is_sandbox { theme.warning() } else { theme.faint() };
    let mut from = 1;
    let mut line = vec![Span::raw(" ")];
    for (view, spans) in tabs {
        let width = spans.iter().map(|span| span.content.width()).sum();
        app.clickable.buttons.push((place(area, from, width), Action::Show(view)));
        from += width;
        line.extend(spans);
    }
    frame.render_widget(Line::from(line), area);
    let badge_width = u16::try_from(badge.width()).unwrap_or(0);
    let place = Rect { x: area.right().saturating_sub(badge_width + 1), width: badge_width, ..area };
    frame.render_widget(Line::styled(badge, style), place);
}

/// Returns the views, the first `named` of them with their names.
fn tabs(app: &App, named: usize) -> Vec<(View, Vec<Span<'static>>)> {
    let theme = app.setup.look.theme;
    let tab = |(number, view): (usize, View)| {
        let key = Span::styled((number + 1).to_string(), theme.key());
        let spans = if view == app.view {
            vec![key, Span::raw(" "), Span::styled(view.title(), theme.open_tab()), Span::raw("  ")]
        } else if number < named {
            vec![key, Span::raw(" "), Span::styled(view.title(), theme.faint()), Span::raw("  ")]
        } else {
            vec![key, Span::raw("  ")]
        };
        (view, spans)
    };
    View::ALL.into_iter().enumerate().map(tab).collect()
}

/// Says what is being done, or else where this is and what it may do, in `room` columns as far as that can be.
fn badge(app: &App, room: usize) -> String {
    match &app.doing {
        Some(doing) if doing.is_shown(app.now) => {
            let picture = if app.setup.look.moves { SPINNER[doing.frame(app.now, SPINNER.len())] } else { "…" };
            format!("{picture} {} · esc leaves it", doing.text)
        }
        _ => match (&app.server, &app.setup.host) {
            (Some(about), _) if app.is_sandbox => format!("SANDBOX · {}", serving(about, room.saturating_sub(10))),
            (Some(about), _) => serving(about, room),
            (None, Some(host)) if !app.setup.capabilities.can_change => format!("at {host} · read-only"),
            (None, Some(host)) => format!("at {host}"),
            (None, None) if app.is_sandbox => "SANDBOX · nothing of it is kept".to_owned(),
            (None, None) if !app.setup.capabilities.can_change => "read-only".to_owned(),
            (None, None) => "hallpass".to_owned(),
        },
    }
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
    let (mark, style) = (notice.tone.mark(), notice.tone.style(theme));
    let drawn = |with_causes: bool| {
        let mut told = Vec::new();
        for (index, text) in notice.told(with_causes).enumerate() {
            for (part, line) in wrapped(text, width.saturating_sub(4)).into_iter().enumerate() {
                let mark = if index == 0 && part == 0 { mark } else { " " };
                let style = if index == 0 { style } else { theme.title() };
                told.push(Line::from(vec![Span::styled(format!(" {mark} "), style), Span::styled(line, style)]));
            }
        }
        told
    };
    // What can be done is worth more than why: the causes stand among the messages too.
    let mut told = drawn(true);
    if told.len() > NOTICE {
        told = drawn(false);
    }
    told.truncate(NOTICE);
    told
}

/// Returns the place of so many columns of a line, from one of them on.
fn place(line: Rect, from: usize, width: usize) -> Rect {
    let x = line.x.saturating_add(u16::try_from(from).unwrap_or(u16::MAX));
    let width = u16::try_from(width).unwrap_or(0).min(line.right().saturating_sub(x));
    Rect { x, width, ..line }
}

fn draw_foot(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
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
        let mut spans = kept_marks(app);
        let before: usize = spans.iter().map(|span| span.content.width()).sum();
        spans.extend([
            Span::styled(" /", theme.key()),
            Span::raw(list.filter().text().to_owned()),
            Span::styled(format!("   {shown} of {total} · enter keeps it · esc clears it"), theme.faint()),
        ]);
        let line = Line::from(spans);
        let typed = before + 2 + list.filter().before_cursor().width();
        let cursor = area.x + u16::try_from(typed).unwrap_or(u16::MAX).min(area.width);
        frame.render_widget(line, area);
        if cursor < area.right() {
            frame.set_cursor_position((cursor, area.y));
        }
        return;
    }
    let mut spans = kept_marks(app);
    spans.extend(kept_filter(app));
    let mut used: usize = spans.iter().map(|span| span.content.width()).sum();
    let mut buttons = Vec::new();
    for binding in fitting(app, usize::from(area.width).saturating_sub(used + 1)) {
        let hint = [
            Span::raw(" "),
            Span::styled(binding.shown.clone(), theme.key()),
            Span::raw(" "),
            Span::styled(binding.entry.short, theme.faint()),
            Span::raw(" "),
        ];
        let width = hint.iter().map(|span| span.content.width()).sum();
        buttons.push((place(area, used, width), binding.entry.action));
        used += width;
        spans.extend(hint);
    }
    app.clickable.buttons.extend(buttons);
    frame.render_widget(Line::from(spans), area);
}

/// What is marked is refreshed and deleted in place of the selected row: it is always said.
fn kept_marks(app: &App) -> Vec<Span<'static>> {
    let count = app.marked.len();
    if app.view != View::Connections || count == 0 {
        return Vec::new();
    }
    let theme = app.setup.look.theme;
    vec![Span::styled(format!(" ■ {count} marked "), theme.marked())]
}

/// A filter that was kept hides rows: it is always said.
fn kept_filter(app: &App) -> Vec<Span<'static>> {
    let (list, theme) = (&app.rows[app.view.index()], app.setup.look.theme);
    let facet = app.facets[app.view.index()].as_ref().map(|facet| cut(&facet.words(), LONGEST_FILTER));
    let filter = Some(list.filter().text()).filter(|filter| !filter.is_empty());
    if facet.is_none() && filter.is_none() {
        return Vec::new();
    }
    let (shown, total) = list.counts();
    let facet = facet.map(|facet| Span::styled(format!(" [{facet}]"), theme.key()));
    let filter = filter.map(|filter| Span::styled(format!(" /{}", cut(filter, LONGEST_FILTER)), theme.key()));
    let count = Span::styled(format!(" {shown} of {total} "), theme.faint());
    facet.into_iter().chain(filter).chain([count]).collect()
}

/// Returns the hints that fit; the least important ones leave first.
fn fitting(app: &App, width: usize) -> Vec<&Binding> {
    let contexts = keys::contexts(app.view);
    let has_rows = app.rows[app.view.index()].counts().0 > 0;
    let mut hints: Vec<&Binding> = (app.setup.look.keymap.offered(&contexts, app.setup.capabilities))
        .filter(|binding| binding.entry.weight > 0 && !binding.shown.is_empty())
        .filter(|binding| binding.entry.action != Action::Details || !app.is_wide() || app.view == View::Activity)
        .filter(|binding| has_rows || binding.entry.counts_without_rows())
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
