//! An authorization that waits: where to go, what must be registered, how long there is, and what
//! can be done meanwhile.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::waiting_keys::keys;
use crate::model::freshness::{remaining, spoken};
use crate::service::connect::BrowserError;
use crate::tui::app::App;
use crate::tui::keys::Context;
use crate::tui::modal::WaitingFor;
use crate::tui::theme::Theme;
use crate::tui::widgets::input::Input;
use crate::tui::widgets::paint::{cut, inside_width, lines, popup, wrapped};

/// How wide it is, where there is room.
const WIDTH: u16 = 100;
/// Marks the address among what stands there; it never leaves.
const ADDRESS: usize = 9;
/// To how many lines an address is cut that cannot be shown whole.
const SHORT: usize = 2;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, waiting: &WaitingFor) {
    if let Some(device) = &waiting.waiting.device {
        return super::device::draw(app, frame, area, waiting, device);
    }
    let theme = app.setup.look.theme;
    let known = &waiting.waiting;
    let width = inside_width(area, WIDTH);
    let elapsed = (app.now - waiting.since).to_std().unwrap_or_default();
    let left = remaining(known.deadline, app.now);
    let text = |text: String, style: Style| {
        wrapped(&text, width).into_iter().map(|line| Line::styled(line, style)).collect::<Vec<_>>()
    };
    let blank = || vec![Line::raw("")];
    let below = match &waiting.paste {
        Some(paste) => pasting(paste, width, theme),
        None => keys(app, Context::Waiting, app.offers_device(&known.connection), width),
    };
    // What stands on the screen from top to bottom, each with how early it leaves a small one;
    // what is 0 always stays. The address is cut last of all: without a browser and a clipboard it is typed.
    let mut blocks = vec![
        (3, text(headline(&known.browser), Style::new())),
        (ADDRESS, text(known.url.to_string(), Style::new().add_modifier(Modifier::UNDERLINED))),
        (6, blank()),
        (2, text(format!("It comes back to {}", known.redirect_uri), Style::new())),
        (5, text("which must be registered at the provider, to the letter".to_owned(), theme.faint())),
        (
            4,
            if known.is_relayed {
                text("another hallpass listens there and hands the answer on".to_owned(), theme.faint())
            } else {
                Vec::new()
            },
        ),
        (
            1,
            known
                .certificate
                .iter()
                .flat_map(|fingerprint| {
                    let words = format!("your browser will warn: go on if the certificate's SHA-256 is {fingerprint}");
                    text(words, theme.warning())
                })
                .collect(),
        ),
        (0, text(format!("{} gone · {} left", spoken(elapsed), spoken(left)), theme.title())),
        (0, waiting.error.iter().flat_map(|error| text(error.clone(), theme.bad())).collect()),
        (6, blank()),
        (0, below),
    ];
    let height = usize::from(area.height.saturating_sub(2));
    let lines_of = |blocks: &[(usize, Vec<Line<'static>>)], is_wanted: &dyn Fn(usize) -> bool| {
        blocks.iter().filter(|(own, _)| is_wanted(*own)).map(|(_, lines)| lines.len()).sum::<usize>()
    };
    // One that cannot be shown whole is cut to little: what stands around it is worth more then.
    let whole = lines_of(&blocks, &|own| own == 0 || own == ADDRESS);
    let most = if whole <= height { height } else { SHORT };
    for (_, lines) in blocks.iter_mut().filter(|(own, _)| *own == ADDRESS) {
        shorten(lines, most, width);
    }
    for weight in (1..=6).rev() {
        if lines_of(&blocks, &|_| true) > height {
            blocks.retain(|(own, _)| *own != weight);
        }
    }
    let told: Vec<Line<'static>> = blocks.into_iter().flat_map(|(_, lines)| lines).collect();
    let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &format!("Authorizing {}", known.connection), (WIDTH, height), theme);
    lines(frame, inside, told);
}

fn headline(browser: &Result<(), BrowserError>) -> String {
    match browser {
        Ok(()) => "Your browser asks you now. If it shows nothing, open this address:".to_owned(),
        Err(BrowserError::NotWanted) => "Open this address anywhere, and paste (p) the one that it ends on:".to_owned(),
        Err(why) => format!("No browser was opened ({why}). Open this address:"),
    }
}

/// Cuts an address to so many lines; `c` copies it whole.
fn shorten(lines: &mut Vec<Line<'static>>, most: usize, width: usize) {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = Line::styled(cut(&format!("{last}…"), width), Style::new().add_modifier(Modifier::UNDERLINED));
        }
    }
}

fn pasting(paste: &Input, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let dots = "•".repeat(paste.text().chars().count());
    vec![
        Line::from(vec![Span::styled("paste ", theme.key()), Span::raw(cut(&dots, width.saturating_sub(8)))]),
        Line::styled(cut("the whole address, then enter; esc leaves it", width), theme.faint()),
    ]
}
