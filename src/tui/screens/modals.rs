//! Questions and answers in front of a view.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{draw_scrolled, safe};
use crate::model::freshness::{remaining, spoken};
use crate::model::{ConnectionRef, untrusted};
use crate::service::inspect::{Inspection, lines as claim_lines};
use crate::service::who_am_i::WhoAmI;
use crate::tui::app::App;
use crate::tui::effect::named;
use crate::tui::modal::{Confirm, CopyForm, Revealed};
use crate::tui::widgets::paint::{cut, field, inside_width, lines, padded, popup, wrapped};

/// How wide an answer is.
const WIDTH: u16 = 72;
/// How many lines of a token are shown; a copy has all of it.
const MOST_OF_A_TOKEN: usize = 16;
/// How wide a question is.
const QUESTION: u16 = 62;
/// How many of several connections are named before they are deleted.
const NAMED: usize = 8;

pub(super) fn confirm(app: &App, frame: &mut Frame<'_>, area: Rect, question: &Confirm) {
    let theme = app.setup.look.theme;
    let place = app.setup.host.as_deref().unwrap_or("this machine");
    let (title, text, keys): (String, String, &[(&str, &str)]) = match question {
        Confirm::Connections(chosen) if app.setup.capabilities.can_revoke => (
            format!("Delete {}?", named(chosen)),
            format!("Their tokens leave {place}. Revoking also tells the provider, and cannot be undone."),
            &[("y", "delete here"), ("R", "revoke and delete"), ("any other key", "keep")],
        ),
        Confirm::Connections(chosen) => (
            format!("Delete {}?", named(chosen)),
            format!("Their tokens leave {place}. What the provider granted stays granted."),
            &[("y", "delete there"), ("any other key", "keep")],
        ),
        Confirm::Quit => (
            "Leave, and end the server?".to_owned(),
            "The local server runs in this program. Programs that ask it for tokens get none after this.".to_owned(),
            &[("q", "leave"), ("any other key", "stay")],
        ),
        Confirm::Config(key, connections) => (
            match connections {
                0 => format!("Delete {key}?"),
                1 => format!("Delete {key} and its connection?"),
                _ => format!("Delete {key} and its {connections} connections?"),
            },
            if *connections == 0 {
                format!("Its client secret leaves {place}.")
            } else {
                format!("The tokens and the client secret leave {place}. What the provider granted stays granted.")
            },
            &[("y", "delete"), ("any other key", "keep")],
        ),
    };
    let several = match question {
        Confirm::Connections(chosen) if chosen.len() > 1 => {
            let names: Vec<String> = chosen.iter().take(NAMED).map(|one| untrusted::line(&one.to_string())).collect();
            let more = if chosen.len() > NAMED { ", …" } else { "" };
            format!("{}{more}", names.join(", "))
        }
        _ => String::new(),
    };
    let width = inside_width(area, QUESTION);
    let names = wrapped(&several, width).into_iter().filter(|line| !line.is_empty());
    let names = names.map(|line| Line::styled(line, theme.title()));
    let mut told: Vec<Line<'static>> = names.chain(wrapped(&text, width).into_iter().map(Line::raw)).collect();
    // Where there is little room, what the keys do is told before anything else.
    told.truncate(usize::from(area.height).saturating_sub(keys.len() + 2));
    if told.len() + keys.len() + 3 <= usize::from(area.height) {
        told.push(Line::raw(""));
    }
    for (key, label) in keys {
        told.push(Line::from(vec![
            Span::styled(padded(key, 14), theme.key()),
            Span::raw(cut(label, width.saturating_sub(14))),
        ]));
    }
    let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &title, (QUESTION, height), theme);
    lines(frame, inside, told);
}

/// The last news, newest at the end.
pub(super) fn messages(app: &App, frame: &mut Frame<'_>, area: Rect, scroll: &mut usize) {
    let theme = app.setup.look.theme;
    let inside = popup(frame, area, "The last messages", (area.width.min(100), 30), theme);
    let width = usize::from(inside.width);
    let mut told = Vec::new();
    for (at, notice) in &app.told {
        let (mark, style) = (notice.tone.mark(), notice.tone.style(theme));
        for (index, text) in notice.told(true).enumerate() {
            let when = if index == 0 { format!("{mark} {}", at.format("%H:%M:%S")) } else { String::new() };
            told.extend(field(&when, text, if index == 0 { style } else { Style::new() }, width, theme));
        }
    }
    if told.is_empty() {
        told.push(Line::styled("Nothing was told yet.", theme.faint()));
    }
    draw_scrolled(frame, inside, told, scroll);
}

pub(super) fn copy_as(
    app: &App,
    frame: &mut Frame<'_>,
    area: Rect,
    of: (&ConnectionRef, &[CopyForm]),
    selected: usize,
) {
    let (theme, (connection, forms)) = (app.setup.look.theme, of);
    let height = u16::try_from(forms.len()).unwrap_or(8) + 2;
    let inside = popup(frame, area, &format!("Copy {connection} as"), (48, height), theme);
    let row = |(index, (key, _, label)): (usize, &CopyForm)| {
        let style = if index == selected { theme.selected() } else { Style::new() };
        Line::from(vec![Span::styled(format!(" {key} "), theme.key()), Span::raw(" "), Span::styled(*label, style)])
    };
    lines(frame, inside, forms.iter().enumerate().map(row).collect());
}

/// A token, in the open.
pub(super) fn revealed(app: &App, frame: &mut Frame<'_>, area: Rect, revealed: &Revealed) {
    let theme = app.setup.look.theme;
    let title = format!("The token of {}", untrusted::line(&revealed.connection.to_string()));
    let width = inside_width(area, WIDTH + 8);
    let mut told: Vec<Line<'static>> = wrapped(&untrusted::field(revealed.token.expose()), width)
        .into_iter()
        .take(MOST_OF_A_TOKEN)
        .map(|line| Line::styled(line, theme.title()))
        .collect();
    told.push(Line::raw(""));
    let left = spoken(remaining(revealed.until, app.now));
    told.push(Line::styled(cut(&format!("hidden in {left}; any key hides it now"), width), theme.faint()));
    let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &title, (WIDTH + 8, height), theme);
    lines(frame, inside, told);
}

pub(super) fn who_am_i(app: &App, frame: &mut Frame<'_>, area: Rect, who: &WhoAmI, scroll: &mut usize) {
    let theme = app.setup.look.theme;
    let title = format!("{} · {}", untrusted::line(&who.connection.to_string()), untrusted::line(&who.call));
    let width = inside_width(area, WIDTH + 8);
    let lines = who.lines(app.now).into_iter();
    let told: Vec<Line<'static>> =
        lines.flat_map(|(name, value)| field(&name, &value, Style::new(), width, theme)).collect();
    let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &title, (WIDTH + 8, height), theme);
    draw_scrolled(frame, inside, told, scroll);
}

pub(super) fn inspection(app: &App, frame: &mut Frame<'_>, area: Rect, inspection: &Inspection, scroll: &mut usize) {
    let theme = app.setup.look.theme;
    let above = format!("{} · {} token", inspection.connection.reference, inspection.format);
    let width = inside_width(area, WIDTH + 8);
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
    let scopes = inspection.connection.granted_scopes.as_ref().unwrap_or(&inspection.connection.requested_scopes);
    add("scopes", &untrusted::line(&scopes.join(" ")), Style::new());
    for warning in &inspection.warnings {
        add("note", &untrusted::line(warning), theme.warning());
    }
    let mut section = |title: &str, style: Style, rows: Vec<(String, String)>| {
        if rows.is_empty() {
            return;
        }
        told.push(Line::raw(""));
        told.extend(wrapped(title, width).into_iter().map(|line| Line::styled(line, style)));
        for (name, value) in rows {
            told.extend(field(&name, &value, Style::new(), width, theme));
        }
    };
    let title = "What the token says of itself (its signature is for its API to check)";
    section(title, theme.faint(), inspection.claim_lines(app.now));
    if let Some(said) = &inspection.introspection {
        let active = ("active".to_owned(), if said.is_active { "yes" } else { "no" }.to_owned());
        let rows = std::iter::once(active).chain(claim_lines(&said.fields, app.now)).collect();
        section("What the server says of it (introspection)", theme.faint(), rows);
    }
    if let Some(token) = &inspection.id_token {
        let rows = claim_lines(&token.claims, app.now);
        match &token.doubt {
            None => section("ID token: signed by its issuer, for this client", theme.good(), rows),
            Some(why) => section(&format!("ID token, NOT verified: {}", untrusted::line(why)), theme.warning(), rows),
        }
    }
    let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &above, (WIDTH + 8, height), theme);
    draw_scrolled(frame, inside, told, scroll);
}
