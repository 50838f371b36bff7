//! Questions and forms in front of a view.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{draw_scrolled, safe};
use crate::model::ConnectionRef;
use crate::model::freshness::{remaining, spoken};
use crate::service::inspect::Inspection;
use crate::service::vaults::Purpose;
use crate::tui::app::App;
use crate::tui::modal::{AuthorizeForm, Confirm, NewConfigForm, PassphraseForm, copy_forms};
use crate::tui::widgets::form::Form;
use crate::tui::widgets::paint::{cut, field, lines, padded, popup, wrapped};

/// How wide a question or a form is.
const WIDTH: u16 = 72;

pub(super) fn confirm(app: &App, frame: &mut Frame<'_>, area: Rect, question: &Confirm) {
    let theme = app.setup.theme;
    let (title, text, keys): (String, String, &[(&str, &str)]) = match question {
        Confirm::Connection(connection) => (
            format!("Delete {connection}?"),
            "Its tokens leave this machine. Revoking also tells the provider, and cannot be undone.".to_owned(),
            &[("y", "delete it here"), ("R", "revoke and delete"), ("any other key", "keep it")],
        ),
        Confirm::Config(key, connections) => (
            format!("Delete {key} and its {connections} connections?"),
            "Their tokens and the client secret leave this machine. What the provider granted stays granted."
                .to_owned(),
            &[("y", "delete them here"), ("any other key", "keep them")],
        ),
    };
    let inside = popup(frame, area, &title, (WIDTH.min(62), 9), theme);
    let width = usize::from(inside.width);
    let mut told: Vec<Line<'static>> = wrapped(&text, width).into_iter().map(Line::raw).collect();
    told.push(Line::raw(""));
    for (key, label) in keys {
        told.push(Line::from(vec![
            Span::styled(padded(key, 14), theme.key()),
            Span::raw(cut(label, width.saturating_sub(14))),
        ]));
    }
    lines(frame, inside, told);
}

pub(super) fn copy_as(app: &App, frame: &mut Frame<'_>, area: Rect, connection: &ConnectionRef, selected: usize) {
    let theme = app.setup.theme;
    let inside = popup(frame, area, &format!("Copy {connection} as"), (48, 7), theme);
    let row = |(index, (key, _, label)): (usize, (char, crate::service::copy::Form, &'static str))| {
        let style = if index == selected { theme.selected() } else { Style::new() };
        Line::from(vec![Span::styled(format!(" {key} "), theme.key()), Span::raw(" "), Span::styled(label, style)])
    };
    lines(frame, inside, copy_forms().into_iter().enumerate().map(row).collect());
}

pub(super) fn new_config(app: &App, frame: &mut Frame<'_>, area: Rect, form: &NewConfigForm) {
    let theme = app.setup.theme;
    let inside = popup(frame, area, &format!("New config for {}", form.provider.name), (WIDTH, 22), theme);
    let mut below: Vec<Line<'static>> = Vec::new();
    for note in &form.provider.notes {
        below.extend(
            wrapped(&format!("• {note}"), usize::from(inside.width))
                .into_iter()
                .map(|line| Line::styled(line, theme.faint())),
        );
    }
    draw_form(app, frame, inside, &form.form, below);
}

pub(super) fn authorize(app: &App, frame: &mut Frame<'_>, area: Rect, form: &AuthorizeForm) {
    let theme = app.setup.theme;
    let height = u16::try_from(form.form.fields.len() + 8).unwrap_or(12);
    let inside =
        popup(frame, area, &format!("Authorize a connection under {}", form.config.key), (WIDTH, height), theme);
    let below = wrapped("enter opens your browser; the provider asks you there.", usize::from(inside.width));
    draw_form(
        app,
        frame,
        inside,
        &form.form,
        below.into_iter().map(|line| Line::styled(line, theme.faint())).collect(),
    );
}

pub(super) fn passphrase(app: &App, frame: &mut Frame<'_>, area: Rect, form: &PassphraseForm) {
    let title = match form.purpose {
        Purpose::Open => "The sealed vault is locked",
        Purpose::Make => "There is no keychain here: a sealed vault is made",
    };
    let inside = popup(frame, area, title, (WIDTH, 9), app.setup.theme);
    draw_form(app, frame, inside, &form.form, Vec::new());
}

fn draw_form(app: &App, frame: &mut Frame<'_>, area: Rect, form: &Form, below: Vec<Line<'static>>) {
    let theme = app.setup.theme;
    let label_width = form.fields.iter().map(|field| field.label.width()).max().unwrap_or(0).min(16);
    let room = usize::from(area.width).saturating_sub(label_width + 2);
    let mut told = Vec::new();
    for (index, field) in form.fields.iter().enumerate() {
        let has_focus = index == form.focus;
        let text = if field.is_secret {
            "•".repeat(field.input.text().chars().count())
        } else {
            field.input.text().to_owned()
        };
        let before = if field.is_secret {
            field.input.before_cursor().chars().count()
        } else {
            field.input.before_cursor().width()
        };
        // A text that is longer than its line is shown from where the cursor can be seen.
        let hidden = (before + 1).saturating_sub(room);
        let shown: String = text.chars().skip(hidden).collect();
        let label = padded(&field.label, label_width);
        let style = if has_focus { theme.key() } else { theme.faint() };
        let row = area.y + u16::try_from(told.len()).unwrap_or(0);
        if has_focus && row < area.bottom() {
            let column = area.x + u16::try_from(label_width + 2 + before - hidden).unwrap_or(0);
            frame.set_cursor_position((column.min(area.right().saturating_sub(1)), row));
        }
        told.push(Line::from(vec![Span::styled(label, style), Span::raw("  "), Span::raw(cut(&shown, room))]));
        if has_focus && !field.help.is_empty() {
            let help = wrapped(&field.help, room);
            let indent = " ".repeat(label_width + 2);
            told.extend(help.into_iter().take(3).map(|line| Line::styled(format!("{indent}{line}"), theme.faint())));
        }
    }
    if let Some(error) = &form.error {
        told.push(Line::raw(""));
        told.extend(wrapped(error, usize::from(area.width)).into_iter().map(|line| Line::styled(line, theme.bad())));
    }
    told.push(Line::raw(""));
    told.extend(below);
    let foot = Line::from(vec![
        Span::styled("tab", theme.key()),
        Span::styled(" next line  ", theme.faint()),
        Span::styled("enter", theme.key()),
        Span::styled(" next, then go  ", theme.faint()),
        Span::styled("esc", theme.key()),
        Span::styled(" leave", theme.faint()),
    ]);
    told.truncate(usize::from(area.height).saturating_sub(1));
    lines(frame, area, told);
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    lines(frame, last, vec![foot]);
}

pub(super) fn inspection(app: &App, frame: &mut Frame<'_>, area: Rect, inspection: &Inspection, scroll: usize) {
    let theme = app.setup.theme;
    let title = format!("{} · {} token", inspection.connection.reference, inspection.format);
    let inside = popup(frame, area, &title, (WIDTH + 8, 24), theme);
    let width = usize::from(inside.width);
    let mut told = Vec::new();
    let mut add = |name: &str, value: &str, style: Style| told.extend(field(name, value, style, width, theme));
    add("token", &inspection.masked, Style::new());
    add("fingerprint", &inspection.fingerprint, Style::new());
    add("type", &safe(&inspection.token_type, 40), Style::new());
    let end = inspection.expires_at.map_or_else(
        || "never, as far as the provider says".to_owned(),
        |end| {
            let left = remaining(end, app.now);
            let relative = if left.is_zero() { "ended".to_owned() } else { format!("in {}", spoken(left)) };
            format!("{} ({relative})", end.format("%Y-%m-%d %H:%M:%S UTC"))
        },
    );
    add("expires", &end, Style::new());
    for warning in &inspection.warnings {
        add("note", &crate::model::untrusted::line(warning), theme.warning());
    }
    let claims = inspection.claim_lines(app.now);
    if !claims.is_empty() {
        told.push(Line::raw(""));
        told.push(Line::styled(
            cut("What the token says of itself (its signature was not checked)", width),
            theme.faint(),
        ));
        for (name, value) in claims {
            told.extend(field(&name, &value, Style::new(), width, theme));
        }
    }
    draw_scrolled(frame, inside, told, scroll);
}
