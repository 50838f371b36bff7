//! Doctor: what works on this machine, what does not, and what mends it.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::model::untrusted;
use crate::service::doctor::Wellness;
use crate::tui::app::App;
use crate::tui::widgets::paint::wrapped;

const WIDTHS: [u16; 3] = [1, 13, 0];

pub(super) fn heads(width: u16) -> Vec<Cell> {
    heading(&["", "WHAT", "FOUND"], &WIDTHS, width)
}

fn mark(app: &App, wellness: Wellness) -> (&'static str, &'static str, Style) {
    let theme = app.setup.look.theme;
    match wellness {
        Wellness::Well => ("●", "ok", theme.good()),
        Wellness::Odd => ("◐", "to look at", theme.warning()),
        Wellness::Ill => ("✗", "does not work", theme.bad()),
    }
}

pub(super) fn cells(app: &App, index: usize, width: u16) -> Vec<Cell> {
    let Some(finding) = app.findings.get(index) else { return Vec::new() };
    let (shape, _, style) = mark(app, finding.wellness);
    let found = (untrusted::line(&finding.found), Style::new());
    row(vec![(shape.to_owned(), style), (finding.what.to_owned(), style), found], &WIDTHS, width)
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let Some(finding) = app.selected_finding() else { return Vec::new() };
    let (shape, word, style) = mark(app, finding.wellness);
    let mut lines = vec![
        Line::styled(safe(finding.what, width), theme.title()),
        Line::styled(format!("{shape} {word}"), style),
        Line::raw(""),
    ];
    lines.extend(wrapped(&untrusted::line(&finding.found), width).into_iter().map(Line::raw));
    if let Some(mend) = &finding.mend {
        lines.push(Line::raw(""));
        let mend = wrapped(&format!("→ {}", untrusted::line(mend)), width);
        lines.extend(mend.into_iter().map(|line| Line::styled(line, theme.title())));
    }
    lines
}
