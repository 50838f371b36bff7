//! Every key, from the one table, and what can follow a key that others follow.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use super::draw_scrolled;
use crate::model::search;
use crate::tui::app::App;
use crate::tui::keys::{Context, contexts};
use crate::tui::modal::HelpView;
use crate::tui::theme::Theme;
use crate::tui::widgets::paint::{cut, lines, padded, popup, wrapped};
use crate::tui::widgets::prompt;

/// How much room the keys have.
const KEYS: usize = 18;
/// What is narrower has no room for both.
const NARROW: usize = 56;

/// Keys that belong together, each with what it does and with the name of its action.
struct Section {
    title: &'static str,
    rows: Vec<(String, &'static str, &'static str)>,
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, help: &mut HelpView) {
    let theme = app.setup.look.theme;
    let inside = popup(frame, area, "Every key · / searches, ↓ scrolls, any other key ends it", (76, 60), theme);
    let is_searched = help.is_typing || !help.search.text().is_empty();
    let [typed, body] =
        Layout::vertical([Constraint::Length(u16::from(is_searched)), Constraint::Fill(1)]).areas(inside);
    let width = usize::from(body.width);
    let sections = sections(app);
    let texts: Vec<String> = sections
        .iter()
        .flat_map(|section| section.rows.iter().map(|(key, label, name)| format!("{key} {label} {name}")))
        .collect();
    let found: BTreeSet<usize> = search::fuzzy(help.search.text(), &texts).into_iter().collect();
    let mut told = Vec::new();
    let mut at = 0;
    for section in sections {
        let rows: Vec<Line<'static>> = (at..)
            .zip(&section.rows)
            .filter(|(at, _)| found.contains(at))
            .flat_map(|(_, (key, label, _))| line(key, label, width, theme))
            .collect();
        at += section.rows.len();
        if !rows.is_empty() {
            told.push(Line::styled(section.title, theme.title()));
            told.extend(rows);
            told.push(Line::raw(""));
        }
    }
    if found.is_empty() {
        told.push(Line::styled("No key of this kind.", theme.faint()));
    } else if !is_searched {
        let more = "Each action has a name (: shows them), and can have other keys: [keys] in the settings file.";
        told.extend(wrapped(more, width).into_iter().map(|line| Line::styled(line, theme.faint())));
    }
    draw_scrolled(frame, body, told, &mut help.scroll);
    if help.is_typing {
        prompt::draw(frame, typed, &help.search, format!("{} of {}", found.len(), texts.len()), theme);
    } else if is_searched {
        let kept = format!("/{} · esc shows all of them", help.search.text());
        lines(frame, typed, vec![Line::styled(cut(&kept, width), theme.key())]);
    }
}

fn sections(app: &App) -> Vec<Section> {
    let keymap = &app.setup.look.keymap;
    let of_context = |context: Context| {
        let here = [context];
        let bindings = keymap.offered(&here, app.setup.capabilities);
        let rows = bindings.map(|binding| (binding.all_keys(), binding.entry.label, binding.entry.name)).collect();
        Section { title: context.title(), rows }
    };
    let typed = [
        ("tab, ↓, ↑", "from line to line"),
        ("enter", "to the next line, and at the last one: go"),
        ("ctrl-u, ctrl-w", "empty the line, take a word away"),
        ("esc", "leave"),
        ("ctrl-c", "leave the program, from anywhere"),
    ];
    let rows = typed.map(|(key, label)| (key.to_owned(), label, "")).into();
    let forms = Section { title: "In forms, and wherever something is typed", rows };
    Context::ALL.into_iter().map(of_context).chain([forms]).collect()
}

/// A key and what it does: beside each other, or the second below the first where there is no room for that.
fn line(key: &str, label: &str, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let room = width.saturating_sub(KEYS + 3);
    if label.width() > room && width < NARROW {
        let key = Line::styled(format!("  {key}"), theme.key());
        let label = wrapped(label, width.saturating_sub(4)).into_iter().map(|line| Line::raw(format!("    {line}")));
        return std::iter::once(key).chain(label).collect();
    }
    vec![Line::from(vec![
        Span::raw("  "),
        Span::styled(padded(key, KEYS), theme.key()),
        Span::raw(" "),
        Span::raw(cut(label, room)),
    ])]
}

/// Says which keys can follow, above the footer.
pub(super) fn draw_which_key(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let look = &app.setup.look;
    let here = contexts(app.view);
    let follow = look.keymap.after(&app.pending, &here, app.setup.capabilities);
    let cell = |(key, binding): &(String, &crate::tui::keys::Binding)| (key.clone(), binding.entry.label);
    let cells: Vec<(String, &str)> = follow.iter().map(cell).collect();
    let width = cells.iter().map(|(key, label)| key.width() + label.width() + 4).max().unwrap_or(1).max(1);
    let columns = (usize::from(area.width) / width).clamp(1, 4);
    let rows = cells.len().div_ceil(columns);
    let height = u16::try_from(rows + 1).unwrap_or(u16::MAX).min(area.height);
    let [_, place] = Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    frame.render_widget(Clear, place);
    let pressed: Vec<String> = app.pending.iter().map(ToString::to_string).collect();
    let title = format!(" {} … esc leaves", pressed.join(" "));
    let mut told = vec![Line::styled(padded(&title, usize::from(place.width)), look.theme.faint())];
    for row in 0..rows {
        let cells = cells.iter().skip(row).step_by(rows);
        let spans = cells.flat_map(|(key, label)| {
            let gap = width.saturating_sub(key.width() + 3);
            [
                Span::raw(" "),
                Span::styled(key.clone(), look.theme.key()),
                Span::raw(" "),
                Span::raw(padded(label, gap)),
                Span::raw(" "),
            ]
        });
        told.push(spans.collect());
    }
    lines(frame, place, told);
}
