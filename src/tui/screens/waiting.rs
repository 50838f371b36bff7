//! An authorization that waits: where to go, what must be registered, how long there is, and what
//! can be done meanwhile.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::model::freshness::{remaining, spoken};
use crate::service::connect::BrowserError;
use crate::tui::app::App;
use crate::tui::keys::{Context, bindings};
use crate::tui::modal::WaitingFor;
use crate::tui::widgets::paint::{cut, lines, popup, wrapped};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, waiting: &WaitingFor) {
    let theme = app.setup.theme;
    let known = &waiting.waiting;
    let inside = popup(frame, area, &format!("Authorizing {}", known.connection), (100, 24), theme);
    let width = usize::from(inside.width);
    let elapsed = (app.now - waiting.since).to_std().unwrap_or_default();
    let left = remaining(known.deadline, app.now);
    let headline = match &known.browser {
        Ok(()) => "Your browser asks you now. If it shows nothing, open this address:".to_owned(),
        Err(BrowserError::NotWanted) => "Open this address:".to_owned(),
        Err(why) => format!("No browser was opened ({why}). Open this address:"),
    };
    let mut told: Vec<Line<'static>> = wrapped(&headline, width).into_iter().map(Line::raw).collect();
    // What matters more than the end of a long address must still fit below it.
    let room = usize::from(inside.height).saturating_sub(told.len() + 8).clamp(1, 6);
    let mut address = wrapped(known.url.as_str(), width);
    if address.len() > room {
        address.truncate(room);
        if let Some(last) = address.last_mut() {
            *last = format!("{}…", cut(last, width.saturating_sub(1)).trim_end_matches('…'));
        }
    }
    told.extend(address.into_iter().map(|line| Line::styled(line, theme.key())));
    told.push(Line::raw(""));
    told.extend(
        wrapped(&format!("It comes back to {} (registered at the provider, to the letter)", known.redirect_uri), width)
            .into_iter()
            .map(Line::raw),
    );
    if known.is_relayed {
        told.push(Line::styled(cut("another hallpass listens there and hands the answer on", width), theme.faint()));
    }
    told.push(Line::styled(format!("{} gone · {} left", spoken(elapsed), spoken(left)), theme.title()));
    if let Some(error) = &waiting.error {
        told.extend(wrapped(error, width).into_iter().map(|line| Line::styled(line, theme.bad())));
    }
    told.push(Line::raw(""));
    match &waiting.paste {
        Some(paste) => {
            told.push(Line::from(vec![
                Span::styled("paste ", theme.key()),
                Span::raw(cut(&"•".repeat(paste.text().chars().count()), width.saturating_sub(8))),
            ]));
            told.push(Line::styled("the whole address, then enter; esc leaves it", theme.faint()));
        }
        None => told.extend(keys(app, width)),
    }
    lines(frame, inside, told);
}

fn keys(app: &App, width: usize) -> Vec<Line<'static>> {
    let theme = app.setup.theme;
    let mut rows: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    for binding in bindings(&[Context::Waiting], true) {
        let label = if binding.shown == "esc" { "cancel" } else { binding.label };
        let more = binding.shown.width() + label.width() + 4;
        if used + more > width {
            rows.push(Vec::new());
            used = 0;
        }
        used += more;
        if let Some(row) = rows.last_mut() {
            row.extend([Span::styled(binding.shown, theme.key()), Span::styled(format!(" {label}   "), Style::new())]);
        }
    }
    rows.into_iter().map(Line::from).collect()
}
