//! Activity: what happened, newest first.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::model::{Activity, Outcome, untrusted};
use crate::tui::app::App;
use crate::tui::keys::Action;
use crate::tui::widgets::paint::{field, wrapped};

const WIDE: [u16; 5] = [14, 1, 14, 20, 0];
const NARROW: [u16; 4] = [8, 1, 14, 0];

fn is_wide(width: u16) -> bool {
    width >= 64
}

pub(super) fn heads(width: u16) -> Vec<Cell> {
    if is_wide(width) {
        heading(&["WHEN", "", "WHAT", "WHOSE", "DETAIL"], &WIDE, width)
    } else {
        heading(&["WHEN", "", "WHAT", "WHOSE"], &NARROW, width)
    }
}

fn mark(app: &App, outcome: Outcome) -> (&'static str, Style) {
    let theme = app.setup.look.theme;
    match outcome {
        Outcome::Done => ("●", theme.good()),
        Outcome::Failed => ("◐", theme.warning()),
        Outcome::Refused => ("✗", theme.bad()),
    }
}

pub(super) fn cells(app: &App, index: usize, width: u16) -> Vec<Cell> {
    let Some(activity) = app.lists.activity.get(index) else { return Vec::new() };
    let theme = app.setup.look.theme;
    let (shape, style) = mark(app, activity.outcome);
    let when = |format: &str| (activity.at.format(format).to_string(), theme.faint());
    let what = (activity.what(), style);
    let whose = (activity.subject(), Style::new());
    if is_wide(width) {
        let detail = (untrusted::line(&activity.detail), theme.faint());
        row(vec![when("%m-%d %H:%M:%S"), (shape.to_owned(), style), what, whose, detail], &WIDE, width)
    } else {
        row(vec![when("%H:%M:%S"), (shape.to_owned(), style), what, whose], &NARROW, width)
    }
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(activity) = app.selected_activity() else { return Vec::new() };
    let theme = app.setup.look.theme;
    let (shape, style) = mark(app, activity.outcome);
    let title = format!("{shape} {} ({})", activity.what(), activity.outcome.word());
    let mut lines = vec![Line::styled(safe(&title, width), style), Line::raw("")];
    let mut add =
        |name: &str, value: &str| lines.extend(field(name, &untrusted::line(value), Style::new(), width, theme));
    add("when", &activity.at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    add("whose", &activity.subject());
    if !activity.detail.is_empty() {
        add("detail", &activity.detail);
    }
    if let Some(took) = activity.took {
        add("took", &format!("{} ms", took.as_millis()));
    }
    if let Some(by) = &activity.by {
        add("by", &format!("{} (process {})", by.name, by.process));
        if let Some(folder) = &by.folder {
            add("in", folder);
        }
    }
    if let Some(fingerprint) = &activity.fingerprint {
        add("token", &format!("fingerprint {fingerprint}"));
    }
    lines.extend(flow(app, activity, width));
    lines
}

/// What else happened in the same flow, oldest first.
fn flow(app: &App, activity: &Activity, width: usize) -> Vec<Line<'static>> {
    let look = &app.setup.look;
    if activity.flow.is_none() {
        return Vec::new();
    }
    let mut told = vec![Line::raw(""), Line::styled("The flow", look.theme.title())];
    let rows = app.lists.activity.iter().rev().filter(|row| row.flow == activity.flow);
    told.extend(rows.map(|row| {
        let (shape, style) = mark(app, row.outcome);
        let text = format!("{shape} {}  {}  {}", row.at.format("%H:%M:%S"), row.what(), row.detail);
        Line::styled(safe(&text, width), if row.number == activity.number { style } else { look.theme.faint() })
    }));
    let key = look.keymap.key_of(Action::Details);
    told.push(Line::raw(""));
    let words = format!("→ {key} shows each step, and what was sent and answered");
    told.extend(wrapped(&words, width).into_iter().map(|line| Line::styled(line, look.theme.title())));
    told
}
