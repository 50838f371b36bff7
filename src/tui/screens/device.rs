//! A code that waits to be entered on another device: the code large, the address, a QR code where there
//! is room, the time left.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::waiting_keys::keys;
use crate::model::freshness::{remaining, spoken};
use crate::model::qr;
use crate::service::connect::DeviceCode;
use crate::tui::app::App;
use crate::tui::keys::Context;
use crate::tui::modal::WaitingFor;
use crate::tui::widgets::big;
use crate::tui::widgets::paint::{inside_width, lines, popup, wrapped};

/// How wide it is, where there is room.
const WIDTH: u16 = 100;
/// What stands beside a QR code needs so much.
const BESIDE: usize = 36;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, waiting: &WaitingFor, device: &DeviceCode) {
    let theme = app.setup.look.theme;
    let whole = inside_width(area, WIDTH);
    let most = usize::from(area.height.saturating_sub(2));
    let page = device.verification_uri_complete.as_ref().unwrap_or(&device.verification_uri);
    // Only where all of it can be seen: half a code is read by nobody.
    let code = qr::lines(page.as_str()).filter(|code| {
        let columns = code.first().map_or(0, |line| line.chars().count());
        code.len() <= most && columns + 2 + BESIDE <= whole
    });
    let columns = code.as_ref().and_then(|code| code.first()).map_or(0, |line| line.chars().count());
    let width = if columns > 0 { whole - columns - 2 } else { whole };
    let text = |text: &str, style: Style| {
        wrapped(text, width).into_iter().map(|line| Line::styled(line, style)).collect::<Vec<_>>()
    };
    let left = remaining(waiting.waiting.deadline, app.now);
    let large = big::lines(&device.user_code, width).map(|lines| lines.map(|line| Line::styled(line, theme.title())));
    // Each with how early it leaves a small screen; what is 0 always stays.
    let mut blocks = vec![
        (4, text("On any device, open this address and enter the code:", Style::new())),
        (0, text(device.verification_uri.as_str(), Style::new().add_modifier(Modifier::UNDERLINED))),
        (6, vec![Line::raw("")]),
        (3, large.into_iter().flatten().collect()),
        (0, text(&device.user_code, theme.title())),
        (6, vec![Line::raw("")]),
        (0, text(&format!("waiting · {} left", spoken(left)), Style::new())),
        (5, text("Enter only a code that you asked for yourself.", theme.faint())),
        (0, waiting.error.iter().flat_map(|error| text(error, theme.bad())).collect()),
        (6, vec![Line::raw("")]),
        (0, keys(app, Context::Device, true, width)),
    ];
    for weight in (1..=6).rev() {
        if blocks.iter().map(|(_, lines)| lines.len()).sum::<usize>() > most {
            blocks.retain(|(own, _)| *own != weight);
        }
    }
    let told: Vec<Line<'static>> = blocks.into_iter().flat_map(|(_, lines)| lines).collect();
    let height = told.len().max(code.as_ref().map_or(0, Vec::len)) + 2;
    let height = u16::try_from(height).unwrap_or(u16::MAX);
    let inside = popup(frame, area, &format!("Authorizing {}", waiting.waiting.connection), (WIDTH, height), theme);
    let Some(code) = code else { return lines(frame, inside, told) };
    let columns = u16::try_from(columns).unwrap_or(0);
    let [words, _, picture] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Length(columns)]).areas(inside);
    lines(frame, words, told);
    // Light on dark by its own colours, whatever the terminal's are: a reader wants it so.
    let style = theme.picture();
    lines(frame, picture, code.into_iter().map(|line| Line::styled(line, style)).collect());
}
