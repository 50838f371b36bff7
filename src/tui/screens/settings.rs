//! Settings: what the program was started with, and what can be changed while it runs.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::tui::app::App;
use crate::tui::facts::Fact;
use crate::tui::keys::Action;
use crate::tui::widgets::paint::{field, wrapped};

const WIDTHS: [u16; 2] = [16, 0];

pub(super) fn heads(width: u16) -> Vec<Cell> {
    heading(&["SETTING", "VALUE"], &WIDTHS, width)
}

pub(super) fn cells(app: &App, fact: Option<&Fact>, width: u16) -> Vec<Cell> {
    let theme = app.setup.look.theme;
    let Some(fact) = fact else { return Vec::new() };
    let style = if fact.change.is_some() { theme.key() } else { Style::new() };
    row(vec![(fact.name.clone(), style), (fact.value.clone(), Style::new())], &WIDTHS, width)
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.look.theme;
    let Some(fact) = app.selected_fact() else { return Vec::new() };
    let mut lines = vec![Line::styled(safe(&fact.name, width), theme.title()), Line::raw("")];
    lines.extend(field("is", &fact.value, Style::new(), width, theme));
    lines.push(Line::raw(""));
    lines.extend(wrapped(&fact.help, width).into_iter().map(Line::raw));
    let key = |action| app.setup.look.keymap.key_of(action);
    if fact.change.is_some() {
        lines.push(Line::raw(""));
        let told = format!("→ {} changes it until the program ends", key(Action::ChangeSetting));
        lines.extend(wrapped(&told, width).into_iter().map(|line| Line::styled(line, theme.title())));
    }
    if let Some(line) = &fact.line {
        lines.push(Line::raw(""));
        let told = format!("In the settings file ({} copies it):", key(Action::CopyLine));
        lines.extend(wrapped(&told, width).into_iter().map(|line| Line::styled(line, theme.faint())));
        lines.extend(
            line.lines().map(|line| Line::styled(format!("  {}", safe(line, width.saturating_sub(2))), theme.key())),
        );
    }
    lines
}
