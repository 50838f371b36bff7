//! Configs: the user's own applications at providers.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::model::{Provider, untrusted};
use crate::tui::app::App;
use crate::tui::widgets::paint::{field, wrapped};

/// What fits a width: name, provider, how many connections; then the scopes.
fn widths(width: u16) -> &'static [u16] {
    match width {
        ..56 => &[0, 12, 4],
        56..64 => &[0, 18, 11],
        64..90 => &[0, 14, 11, 16],
        90.. => &[0, 22, 11, 30],
    }
}

pub(super) fn heads(width: u16) -> Vec<Cell> {
    let widths = widths(width);
    let heads = ["CONFIG", "PROVIDER", if widths[2] < 11 { "USED" } else { "CONNECTIONS" }, "SCOPES"];
    heading(&heads[..widths.len()], widths, width)
}

pub(super) fn cells(app: &App, index: usize, width: u16) -> Vec<Cell> {
    let Some(config) = app.lists.configs.get(index) else { return Vec::new() };
    let theme = app.setup.look.theme;
    let mut texts = vec![
        (config.key.to_string(), Style::new()),
        (config.provider.to_string(), theme.faint()),
        (app.connections_under(&config.key).to_string(), Style::new()),
        (untrusted::line(&config.scopes.join(" ")), theme.faint()),
    ];
    let widths = widths(width);
    texts.truncate(widths.len());
    row(texts, widths, width)
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(config) = app.selected_config() else { return Vec::new() };
    let theme = app.setup.look.theme;
    let provider = app.provider(&config.provider);
    let mut lines = vec![Line::styled(safe(&config.key.to_string(), width), theme.title()), Line::raw("")];
    let mut add =
        |name: &str, value: &str, style: Style| lines.extend(field(name, &untrusted::line(value), style, width, theme));
    add("provider", provider.map_or(config.provider.as_str(), |provider| &provider.name), Style::new());
    if !config.client_id.is_empty() {
        let secret = if config.has_client_secret { "in the vault" } else { "none (a public client)" };
        let scopes = config.scopes.join(" ");
        let scopes = if scopes.is_empty() { "the provider's usual ones" } else { &scopes };
        add("client id", &config.client_id, Style::new());
        add("client secret", secret, Style::new());
        add("scopes", scopes, Style::new());
        if provider.is_none_or(Provider::takes_redirect) {
            add("redirect URI", config.redirect_uri(), theme.key());
        }
    }
    add("connections", &app.connections_under(&config.key).to_string(), Style::new());
    if let Some(console) = provider.and_then(|provider| provider.console.as_ref()) {
        add("console", console, theme.faint());
    }
    let notes = provider.map(|provider| provider.notes.as_slice()).unwrap_or_default();
    if !notes.is_empty() {
        lines.push(Line::raw(""));
    }
    for note in notes {
        lines.extend(
            wrapped(&format!("• {}", untrusted::line(note)), width)
                .into_iter()
                .map(|line| Line::styled(line, theme.faint())),
        );
    }
    lines
}
