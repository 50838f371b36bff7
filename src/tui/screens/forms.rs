//! Forms in front of a view. The line that has the focus can always be seen, however small the
//! screen is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::model::{WayIn, untrusted};
use crate::service::vaults::Purpose;
use crate::tui::app::App;
use crate::tui::modal::{AddressForm, AuthorizeForm, ConfigForm, PassphraseForm, RenameForm};
use crate::tui::theme::Theme;
use crate::tui::widgets::form::{Field, Form};
use crate::tui::widgets::paint::{cut, inside_width, lines, padded, popup, wrapped};

/// How wide a form is.
const WIDTH: u16 = 72;
/// How many lines of help a field may show.
const HELP: usize = 3;

pub(super) fn config(app: &App, frame: &mut Frame<'_>, area: Rect, form: &ConfigForm) {
    let notes: Vec<String> = form.provider.notes.iter().map(|note| format!("• {}", untrusted::line(note))).collect();
    draw(app, frame, area, &untrusted::line(&form.title()), &form.form, &notes);
}

pub(super) fn rename(app: &App, frame: &mut Frame<'_>, area: Rect, form: &RenameForm) {
    draw(app, frame, area, &untrusted::line(&form.title()), &form.form, &[]);
}

pub(super) fn address(app: &App, frame: &mut Frame<'_>, area: Rect, form: &AddressForm) {
    draw(app, frame, area, "New config for an MCP server", &form.form, &[]);
}

pub(super) fn authorize(app: &App, frame: &mut Frame<'_>, area: Rect, form: &AuthorizeForm) {
    let told = match form.way {
        WayIn::OAuth2 | WayIn::OAuth1 => "enter on the last line goes to the provider's page, which asks you there.",
        WayIn::ClientCredentials => "enter on the last line gets a token for the application itself; nobody is asked.",
        WayIn::TokenExchange => "enter on the last line gets a token with it, and keeps both in the vault.",
        WayIn::OAuth1Token | WayIn::ApiKey | WayIn::Basic | WayIn::SignedJwt => {
            "enter on the last line keeps it in the vault."
        }
    };
    let notes = form.provider.notes.iter().map(|note| format!("• {}", untrusted::line(note)));
    let below: Vec<String> = std::iter::once(told.to_owned()).chain(notes).collect();
    draw(app, frame, area, &format!("Authorize a connection under {}", form.config.key), &form.form, &below);
}

pub(super) fn passphrase(app: &App, frame: &mut Frame<'_>, area: Rect, form: &PassphraseForm) {
    let title = match form.purpose {
        Purpose::Open => "The sealed vault is locked",
        Purpose::Make => "There is no keychain here: a sealed vault is made",
    };
    draw(app, frame, area, title, &form.form, &[]);
}

fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, title: &str, form: &Form, below: &[String]) {
    let theme = app.setup.look.theme;
    let width = inside_width(area, WIDTH);
    let labels = form.fields.iter().map(|field| field.label.width()).max().unwrap_or(0).min(16);
    let room = width.saturating_sub(labels + 2);
    let mut told: Vec<Line<'static>> = Vec::new();
    if let Some(error) = &form.error {
        told.extend(wrapped(error, width).into_iter().map(|line| Line::styled(line, theme.bad())));
        told.push(Line::raw(""));
    }
    let mut focus = (0, 0);
    for (index, field) in form.fields.iter().enumerate() {
        let has_focus = index == form.focus;
        let (text, cursor) = shown(field, room);
        if has_focus {
            focus = (told.len(), labels + 2 + cursor);
        }
        let style = if has_focus { theme.key() } else { theme.faint() };
        told.push(Line::from(vec![
            Span::styled(padded(&untrusted::line(&field.label), labels), style),
            Span::raw("  "),
            Span::raw(text),
        ]));
        let indent = " ".repeat(labels + 2);
        if let Some(error) = &field.error {
            let error = wrapped(&untrusted::line(error), room).into_iter();
            told.extend(error.map(|line| Line::styled(format!("{indent}{line}"), theme.bad())));
        }
        if has_focus && !field.help.is_empty() {
            let help = wrapped(&untrusted::line(&field.help), room).into_iter().take(HELP);
            told.extend(help.map(|line| Line::styled(format!("{indent}{line}"), theme.faint())));
        }
    }
    told.push(Line::raw(""));
    let below = below.iter().flat_map(|text| wrapped(text, width));
    told.extend(below.map(|line| Line::styled(line, theme.faint())));
    let height = u16::try_from(told.len() + 4).unwrap_or(u16::MAX);
    let inside = popup(frame, area, title, (WIDTH, height), theme);
    // Scrolled so far that the focus, and the first line of its help, can be seen.
    let visible = usize::from(inside.height.saturating_sub(1));
    let skipped = (focus.0 + 2).saturating_sub(visible);
    lines(frame, Rect { height: inside.height.saturating_sub(1), ..inside }, told.into_iter().skip(skipped).collect());
    lines(
        frame,
        Rect { y: inside.bottom().saturating_sub(1), height: 1, ..inside },
        vec![foot(form.fields.len(), width, theme)],
    );
    let row = inside.y + u16::try_from(focus.0 - skipped.min(focus.0)).unwrap_or(0);
    let column = inside.x + u16::try_from(focus.1).unwrap_or(0);
    frame.set_cursor_position((
        column.min(inside.right().saturating_sub(1)),
        row.min(inside.bottom().saturating_sub(1)),
    ));
}

/// Returns what is seen of a field in `room` columns, and where the cursor stands in it. A text
/// that is longer than its line is shown from where the cursor can be seen.
fn shown(field: &Field, room: usize) -> (String, usize) {
    let (text, before) = if field.is_secret {
        let dots = |text: &str| "•".repeat(text.chars().count());
        (dots(field.input.text()), dots(field.input.before_cursor()))
    } else if field.choices.is_empty() {
        (field.input.text().to_owned(), field.input.before_cursor().to_owned())
    } else {
        let chosen = if field.input.text().is_empty() { "none" } else { field.input.text() };
        return (cut(&format!("‹ {chosen} ›"), room), 0);
    };
    let hidden = (before.width() + 1).saturating_sub(room);
    // A sign in place of the last character that is gone.
    let sign = if hidden > 0 { "…" } else { "" };
    let seen: String = sign.chars().chain(text.chars().skip(hidden + sign.chars().count())).collect();
    (cut(&seen, room), before.width() - hidden)
}

fn foot(fields: usize, width: usize, theme: Theme) -> Line<'static> {
    let hints: &[(&str, &str)] = match (fields, width) {
        (1, _) => &[("enter", "go"), ("esc", "leave")],
        (_, ..48) => &[("tab", "next"), ("enter", "on, go"), ("esc", "leave")],
        _ => &[("tab", "next line"), ("enter", "next, then go"), ("esc", "leave")],
    };
    let spans = hints
        .iter()
        .flat_map(|(key, label)| [Span::styled(*key, theme.key()), Span::styled(format!(" {label}  "), theme.faint())]);
    spans.collect()
}
