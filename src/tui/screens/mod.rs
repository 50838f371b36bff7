//! One file for each view, and for what stands in front of them.

mod activity;
mod configs;
mod connections;
mod device;
mod doctor;
mod finder;
mod flow;
mod forms;
mod help;
mod modals;
mod providers;
mod scopes;
mod settings;
mod waiting;
mod waiting_keys;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Order, columns};
use super::keys::{Action, View};
use super::modal::Modal;
use super::widgets::list::Seen;
use super::widgets::paint::{cut, inside_width, lines, padded, popup};
use crate::model::search::Highlighter;

/// How wide details are that stand in front, where there is room.
const DETAILS: u16 = 110;

/// One cell of a row.
struct Cell {
    text: String,
    style: Style,
    width: u16,
}

/// Draws the open view: a list, and the details of its selected row beside it where there is room.
pub(super) fn draw_view(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let [list, details] = if app.is_wide() {
        let [list, _, details] =
            Layout::horizontal([Constraint::Percentage(58), Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        [list, details]
    } else {
        [area, Rect::default()]
    };
    draw_list(app, frame, list);
    if details.width > 0 {
        let theme = app.setup.look.theme;
        for row in details.y..details.bottom() {
            let line = Rect { x: details.x.saturating_sub(1), y: row, width: 1, height: 1 };
            frame.render_widget(Span::styled("│", theme.faint()), line);
        }
        let inside = Rect { x: details.x + 1, width: details.width.saturating_sub(2), ..details };
        let mut told = detail_lines(app, usize::from(inside.width));
        let height = usize::from(inside.height);
        if told.len() > height {
            let key = app.setup.look.keymap.key_of(Action::Details);
            told.truncate(height.saturating_sub(1));
            let more = if key.is_empty() { "…".to_owned() } else { format!("… {key} shows all of it") };
            told.push(Line::styled(cut(&more, usize::from(inside.width)), theme.faint()));
        }
        lines(frame, inside, told);
    }
}

fn draw_list(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.setup.look.theme;
    let [top, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let heads = match app.view {
        View::Connections => connections::heads(top.width),
        View::Configs => configs::heads(top.width),
        View::Providers => providers::heads(top.width),
        View::Activity => activity::heads(top.width),
        View::Settings => settings::heads(top.width),
        View::Doctor => doctor::heads(top.width),
    };
    app.clickable.heads = sortable(app.view, &heads, top);
    let heads = sorted_heads(app, heads);
    draw_cells(frame, top, &heads, theme.faint(), &mut None);
    app.clickable.list = body;
    let window = app.list().window(usize::from(body.height));
    if window.is_empty() {
        let told = empty_lines(app, body);
        lines(frame, body, told);
        return;
    }
    let facts = if app.view == View::Settings { app.facts() } else { Vec::new() };
    let mut highlighter = Highlighter::new(app.rows[app.view.index()].filter().text());
    for (y, seen) in (body.y..body.bottom()).zip(window) {
        let (row, is_selected) = match seen {
            Seen::Row(row, is_selected) => (row, is_selected),
            Seen::Group(row, count) => {
                let heading = connections::group(app, row, count, usize::from(body.width));
                frame.render_widget(heading, Rect { y, height: 1, ..body });
                continue;
            }
        };
        let cells = match app.view {
            View::Connections => connections::cells(app, row, body.width),
            View::Configs => configs::cells(app, row, body.width),
            View::Providers => providers::cells(app, row, body.width),
            View::Activity => activity::cells(app, row, body.width),
            View::Settings => settings::cells(app, facts.get(row), body.width),
            View::Doctor => doctor::cells(app, row, body.width),
        };
        let style = if is_selected { theme.selected() } else { Style::new() };
        let place = Rect { y, height: 1, ..body };
        let mut highlights = highlighter.as_mut().map(|highlighter| (highlighter, theme.matched()));
        draw_cells(frame, place, &cells, style, &mut highlights);
        if app.view == View::Connections && connections::is_marked(app, row) {
            frame.render_widget(Span::styled("■", theme.marked().patch(style)), Rect { width: 1, ..place });
        }
    }
}

/// Returns where the headings stand by which a view can be sorted, each with its column.
fn sortable(view: View, heads: &[Cell], line: Rect) -> Vec<(Rect, usize)> {
    let mut x = line.x + 1;
    let mut found = Vec::new();
    // A single column is its order already.
    if columns(view).len() < 2 {
        return found;
    }
    for head in heads {
        let place = Rect { x, width: head.width, ..line };
        found.extend(columns(view).iter().position(|name| *name == head.text).map(|column| (place, column)));
        x = x.saturating_add(head.width + 1);
    }
    found
}

/// Says by which column a list is sorted, and which way, where it is not in its own order.
fn sorted_heads(app: &App, mut heads: Vec<Cell>) -> Vec<Cell> {
    let order = app.orders[app.view.index()];
    let name = columns(app.view).get(order.column).copied().unwrap_or_default();
    if order != Order::default()
        && let Some(head) = heads.iter_mut().find(|head| head.text == name)
    {
        let arrow = if order.is_reversed { "↑" } else { "↓" };
        head.text = cut(&format!("{arrow} {name}"), usize::from(head.width));
    }
    heads
}

fn draw_cells(
    frame: &mut Frame<'_>,
    area: Rect,
    cells: &[Cell],
    over: Style,
    highlights: &mut Option<(&mut Highlighter, Style)>,
) {
    let mut spans = vec![Span::styled(" ", over)];
    for cell in cells {
        let text = padded(&cell.text, usize::from(cell.width));
        let style = cell.style.patch(over);
        match highlights {
            Some((highlighter, matched)) => {
                let places = highlighter.places(text.trim_end());
                let character = |(place, character): (usize, char)| {
                    let is_found = places.binary_search(&place).is_ok();
                    Span::styled(character.to_string(), if is_found { matched.patch(over) } else { style })
                };
                // Only what matches is torn into characters: a grapheme of several would be torn apart.
                if places.is_empty() || !text.is_ascii() {
                    spans.push(Span::styled(text, style));
                } else {
                    spans.extend(text.chars().enumerate().map(character));
                }
            }
            None => spans.push(Span::styled(text, style)),
        }
        spans.push(Span::styled(" ", over));
    }
    let line = Line::from(spans).style(over);
    frame.render_widget(line, area);
}

/// Makes cells whose widths add up to a row: the flexible one takes what the fixed ones leave.
fn row(texts: Vec<(String, Style)>, widths: &[u16], total: u16) -> Vec<Cell> {
    let gaps = u16::try_from(widths.len() + 1).unwrap_or(0);
    let fixed: u16 = widths.iter().sum::<u16>() + gaps;
    let rest = total.saturating_sub(fixed);
    let cell = |((text, style), width): ((String, Style), &u16)| Cell {
        text,
        style,
        width: if *width == 0 { rest } else { *width },
    };
    texts.into_iter().zip(widths).map(cell).collect()
}

fn heading(texts: &[&str], widths: &[u16], total: u16) -> Vec<Cell> {
    row(texts.iter().map(|text| ((*text).to_owned(), Style::new())).collect(), widths, total)
}

/// What stands in place of a list without rows.
fn empty_lines(app: &App, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let theme = app.setup.look.theme;
    if !app.is_loaded {
        return Vec::new();
    }
    let filtered = !app.rows[app.view.index()].filter().text().is_empty();
    if app.view == View::Connections && !filtered && app.lists.configs.is_empty() {
        let told = first_run(app, width, true);
        let fits = told.len() <= usize::from(area.height);
        return if fits { told } else { first_run(app, width, false) };
    }
    let (title, next) = match app.view {
        _ if filtered => ("Nothing matches.", "esc clears the filter"),
        View::Connections => ("No connection yet.", "2 shows your configs, and a authorizes a connection there"),
        View::Configs => ("No config yet.", "n makes one: choose a provider, then type client id and secret"),
        View::Providers => ("No provider.", ""),
        View::Activity => ("Nothing has happened yet.", ""),
        View::Settings => ("No setting.", ""),
        View::Doctor if app.doing.is_some() => ("Looking at this machine …", ""),
        View::Doctor => ("The doctor has not looked yet.", "r lets it look"),
    };
    let next = super::widgets::paint::wrapped(next, width.saturating_sub(3));
    let next = next.into_iter().map(|line| Line::styled(format!(" {line}"), theme.faint()));
    [Line::raw(""), Line::styled(format!(" {title}"), theme.title())].into_iter().chain(next).collect()
}

/// The two ways on from a home in which nothing was saved yet, with what each is where `explains`.
fn first_run(app: &App, width: usize, explains: bool) -> Vec<Line<'static>> {
    let look = &app.setup.look;
    let way = |action: Action, what: &str, note: &str| {
        let key = look.keymap.key_of(action);
        let room = width.saturating_sub(6).max(1);
        let mut lines = vec![Line::from(vec![
            Span::raw(" "),
            Span::styled(padded(key, 4), look.theme.key()),
            Span::styled(cut(what, room), look.theme.title()),
        ])];
        let note = super::widgets::paint::wrapped(note, room);
        lines.extend(
            note.into_iter().filter(|_| explains).map(|line| Line::styled(format!("     {line}"), look.theme.faint())),
        );
        lines.push(Line::raw(""));
        lines
    };
    let mut told =
        vec![Line::raw(""), Line::styled(" Nothing here yet. Two ways on:", look.theme.title()), Line::raw("")];
    if app.setup.has_sandbox {
        told.extend(way(
            Action::Sandbox,
            "try the sandbox",
            "a whole flow, with a real authorization server inside hallpass: no account, and nothing of it is kept",
        ));
    }
    if app.setup.capabilities.can_change {
        let note = "choose a provider, and type the client id and secret of your application there";
        told.extend(way(Action::NewConfig, "make your first config", note));
    }
    told
}

fn detail_lines(app: &App, width: usize) -> Vec<Line<'static>> {
    match app.view {
        View::Connections => connections::details(app, width),
        View::Configs => configs::details(app, width),
        View::Providers => providers::details(app, width),
        View::Activity => activity::details(app, width),
        View::Settings => settings::details(app, width),
        View::Doctor => doctor::details(app, width),
    }
}

/// Draws what stands in front, the topmost last.
pub(super) fn draw_modals(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    // Drawing holds what is scrolled within what there is.
    let mut modals = std::mem::take(&mut app.modals);
    for modal in &mut modals {
        match modal {
            Modal::Help(help) => help::draw(app, frame, area, help),
            Modal::Messages(scroll) => modals::messages(app, frame, area, scroll),
            Modal::Finder(finder) => finder::draw(app, frame, area, finder),
            Modal::Details(scroll) => {
                let told = detail_lines(app, inside_width(area, DETAILS));
                let height = u16::try_from(told.len() + 2).unwrap_or(u16::MAX);
                let inside = popup(frame, area, app.view.title(), (DETAILS, height), app.setup.look.theme);
                draw_scrolled(frame, inside, told, scroll);
            }
            Modal::Confirm(question) => modals::confirm(app, frame, area, question),
            Modal::CopyAs(connection, forms, selected) => {
                modals::copy_as(app, frame, area, (connection, forms), *selected);
            }
            Modal::Config(form) => forms::config(app, frame, area, form),
            Modal::Rename(form) => forms::rename(app, frame, area, form),
            Modal::Address(form) => forms::address(app, frame, area, form),
            Modal::Scopes(picker) => scopes::draw(app, frame, area, picker),
            Modal::Flow(flow) => flow::draw(app, frame, area, flow),
            Modal::Revealed(revealed) => modals::revealed(app, frame, area, revealed),
            Modal::WhoAmI(who, scroll) => modals::who_am_i(app, frame, area, who, scroll),
            Modal::Authorize(form) => forms::authorize(app, frame, area, form),
            Modal::Passphrase(form) => forms::passphrase(app, frame, area, form),
            Modal::Inspection(inspection, scroll) => modals::inspection(app, frame, area, inspection, scroll),
            Modal::Waiting(waiting) => waiting::draw(app, frame, area, waiting),
        }
    }
    app.modals = modals;
}

/// Says which keys can follow the ones that were pressed.
pub(super) fn draw_which_key(app: &App, frame: &mut Frame<'_>, area: Rect) {
    help::draw_which_key(app, frame, area);
}

/// Draws lines from the one that was scrolled to, never past the last screenful. The frame below says where there is
/// more.
fn draw_scrolled(frame: &mut Frame<'_>, area: Rect, told: Vec<Line<'static>>, scroll: &mut usize) {
    let last = told.len().saturating_sub(usize::from(area.height));
    *scroll = last.min(*scroll);
    let more = match (*scroll > 0, *scroll < last) {
        (true, true) => " ↑ ↓ ",
        (true, false) => " ↑ ",
        (false, true) => " ↓ ",
        (false, false) => "",
    };
    let width = u16::try_from(more.width()).unwrap_or(0);
    let below = Rect { x: area.right().saturating_sub(width + 1), y: area.bottom(), width, height: 1 };
    frame.render_widget(Span::raw(more), below.intersection(frame.area()));
    lines(frame, area, told.into_iter().skip(*scroll).collect());
}

/// Makes untrusted text harmless, and cuts it.
fn safe(text: &str, width: usize) -> String {
    cut(&crate::model::untrusted::line(text), width)
}
