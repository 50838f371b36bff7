//! Providers: what there is, what each needs, and where people stumble.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::model::provider::Pkce;
use crate::model::untrusted;
use crate::tui::app::App;
use crate::tui::theme::Theme;
use crate::tui::widgets::paint::{field, wrapped};

const WIDE: [u16; 4] = [0, 18, 12, 20];
const NARROW: [u16; 2] = [0, 14];

fn is_wide(width: u16) -> bool {
    width >= 64
}

pub(super) fn heads(width: u16) -> Vec<Cell> {
    if is_wide(width) {
        heading(&["PROVIDER", "ID", "WAYS IN", "CATEGORIES"], &WIDE, width)
    } else {
        heading(&["PROVIDER", "ID"], &NARROW, width)
    }
}

pub(super) fn cells(app: &App, index: usize, width: u16) -> Vec<Cell> {
    let Some((id, provider)) = app.providers.get(index) else { return Vec::new() };
    let theme = app.setup.look.theme;
    let texts = vec![
        (untrusted::line(&provider.name), Style::new()),
        (id.to_string(), theme.faint()),
        (provider.way_words().join(" "), theme.faint()),
        (untrusted::line(&provider.categories.join(" ")), theme.faint()),
    ];
    if is_wide(width) { row(texts, &WIDE, width) } else { row(texts, &NARROW, width) }
}

pub(super) fn details(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some((id, provider)) = app.selected_provider() else { return Vec::new() };
    let theme = app.setup.look.theme;
    let mut lines = vec![Line::styled(safe(&provider.name, width), theme.title()), Line::raw("")];
    let mut add =
        |name: &str, value: &str, style: Style| lines.extend(field(name, &untrusted::line(value), style, width, theme));
    add("id", id.as_str(), Style::new());
    for way in provider.ways() {
        add("way in", &format!("{way}: {}", provider.needs(way)), Style::new());
    }
    if let Some(oauth2) = &provider.oauth2 {
        add("PKCE", if oauth2.pkce == Pkce::S256 { "yes" } else { "rejected by the provider" }, Style::new());
        if let Some(words) = oauth2.redirect.words() {
            add("redirect", words, if oauth2.redirect.https_only { theme.warning() } else { Style::new() });
        }
    }
    for (name, variable) in provider.asked_variables() {
        let label = variable.label.as_deref().unwrap_or(name);
        let need = if variable.optional || variable.default.is_some() { "may be given" } else { "is needed" };
        add(name, &format!("{need}: {label}"), theme.key());
    }
    // What costs people hours stands before what can be long.
    let pages = [("console", &provider.console), ("docs", &provider.docs)];
    let pages: Vec<_> = pages.into_iter().filter_map(|(name, page)| Some((name, page.as_ref()?))).collect();
    if !provider.notes.is_empty() {
        lines.push(Line::raw(""));
    }
    for note in &provider.notes {
        lines.extend(wrapped(&format!("• {}", untrusted::line(note)), width).into_iter().map(Line::raw));
    }
    lines.extend(quirks(provider.ways().into_iter().flat_map(|way| provider.quirks(way)), width, theme));
    lines.push(Line::raw(""));
    let mut add =
        |name: &str, value: &str, style: Style| lines.extend(field(name, &untrusted::line(value), style, width, theme));
    if let Some(way) = provider.ways().first() {
        let (usual, known) = (provider.default_scopes(*way), provider.known_scopes(*way));
        if !usual.is_empty() {
            add("usual scopes", &usual.join(" "), Style::new());
        }
        if !known.is_empty() {
            add("known scopes", &known.join(" "), theme.faint());
        }
    }
    for (name, page) in pages {
        add(name, page, theme.faint());
    }
    lines
}

/// What is unusual about a provider, each once.
pub(super) fn quirks(quirks: impl Iterator<Item = String>, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut told: Vec<String> = Vec::new();
    for quirk in quirks {
        if !told.contains(&quirk) {
            told.push(quirk);
        }
    }
    let lines = told.into_iter().flat_map(|quirk| wrapped(&format!("• {}", untrusted::line(&quirk)), width));
    lines.map(|line| Line::styled(line, theme.faint())).collect()
}
