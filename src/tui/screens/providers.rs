//! Providers: what there is, what each needs, and where people stumble.

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Cell, heading, row, safe};
use crate::model::provider::{ClientAuthentication, Pkce};
use crate::model::untrusted;
use crate::tui::app::App;
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
    let theme = app.setup.theme;
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
    let theme = app.setup.theme;
    let mut lines = vec![Line::styled(safe(&provider.name, width), theme.title()), Line::raw("")];
    let mut add =
        |name: &str, value: &str, style: Style| lines.extend(field(name, &untrusted::line(value), style, width, theme));
    add("id", id.as_str(), Style::new());
    add("ways in", &provider.way_words().join(", "), Style::new());
    if let Some(oauth2) = &provider.oauth2 {
        let client = match oauth2.token_endpoint_auth_method {
            ClientAuthentication::ClientSecretPost => "id and secret in the body",
            ClientAuthentication::ClientSecretBasic => "id and secret in a header",
            ClientAuthentication::None => "its id alone",
            ClientAuthentication::PrivateKeyJwt => "a signed assertion",
        };
        add("client shows", client, Style::new());
        add("PKCE", if oauth2.pkce == Pkce::S256 { "yes" } else { "rejected by the provider" }, Style::new());
        if let Some(words) = oauth2.redirect.words() {
            add("redirect", words, if oauth2.redirect.https_only { theme.warning() } else { Style::new() });
        }
        if !oauth2.default_scopes.is_empty() {
            add("usual scopes", &oauth2.default_scopes.join(" "), Style::new());
        }
        if !oauth2.known_scopes.is_empty() {
            add("known scopes", &oauth2.known_scopes.join(" "), theme.faint());
        }
    }
    for (name, variable) in provider.asked_variables() {
        let label = variable.label.as_deref().unwrap_or(name);
        let need = if variable.optional || variable.default.is_some() { "may be given" } else { "is needed" };
        add(name, &format!("{need}: {label}"), theme.key());
    }
    for (name, page) in [("console", &provider.console), ("docs", &provider.docs)] {
        if let Some(page) = page {
            add(name, page, theme.faint());
        }
    }
    if !provider.notes.is_empty() {
        lines.push(Line::raw(""));
    }
    for note in &provider.notes {
        lines.extend(wrapped(&format!("• {}", untrusted::line(note)), width).into_iter().map(Line::raw));
    }
    lines
}
