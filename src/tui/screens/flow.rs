//! The flow tape: the steps of a flow with their times, and of the one that is looked at the request and the
//! answer, beside each other where there is room.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::safe;
use crate::model::tape::{Answer, Step};
use crate::model::untrusted;
use crate::tui::app::App;
use crate::tui::keys::Action;
use crate::tui::modal::FlowView;
use crate::tui::theme::Theme;
use crate::tui::widgets::paint::{cut, lines, padded, popup, wrapped};

/// From so many columns on, request and answer stand beside each other.
const BESIDE: u16 = 84;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, flow: &mut FlowView) {
    let look = &app.setup.look;
    let theme = look.theme;
    let activity = &flow.activity;
    let title = format!("{} {} ({})", activity.subject(), activity.what(), activity.outcome.word());
    let inside = popup(frame, area, &untrusted::line(&title), (area.width, area.height), theme);
    let most = (inside.height / 3).max(1);
    let shown = u16::try_from(flow.steps.len()).unwrap_or(u16::MAX).min(most);
    let [top, line, body, foot] = Layout::vertical([
        Constraint::Length(shown),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(inside);
    draw_steps(frame, top, flow, theme);
    lines(frame, line, vec![Line::styled("─".repeat(usize::from(line.width)), theme.faint())]);
    let Some(step) = flow.steps.get(flow.selected) else { return };
    let places = if inside.width >= BESIDE {
        let [left, _, right] =
            Layout::horizontal([Constraint::Percentage(50), Constraint::Length(1), Constraint::Fill(1)]).areas(body);
        vec![(left, sent(step, theme, left.width)), (right, came(step, theme, right.width))]
    } else {
        let told =
            sent(step, theme, body.width).into_iter().chain([Line::raw("")]).chain(came(step, theme, body.width));
        vec![(body, told.collect())]
    };
    let longest = places.iter().map(|(_, told)| told.len()).max().unwrap_or(0);
    flow.scroll = flow.scroll.min(longest.saturating_sub(usize::from(body.height)));
    for (place, told) in places {
        lines(frame, place, told.into_iter().skip(flow.scroll).collect());
    }
    let key = |action| look.keymap.key_of(action).to_owned();
    let hints = [
        (key(Action::Move(crate::tui::keys::Step::Down)), "step"),
        (key(Action::Move(crate::tui::keys::Step::PageDown)), "scroll"),
        (key(Action::CopyCurl), "copy as curl, with $VARS"),
        (key(Action::Back), "back"),
    ];
    let hints = hints
        .into_iter()
        .flat_map(|(key, label)| [Span::styled(key, theme.key()), Span::styled(format!(" {label}  "), theme.faint())]);
    lines(frame, foot, vec![hints.collect()]);
}

fn draw_steps(frame: &mut Frame<'_>, area: Rect, flow: &FlowView, theme: Theme) {
    let began = flow.steps.first().map(|step| step.at);
    let height = usize::from(area.height);
    let first = (flow.selected + 1).saturating_sub(height);
    let width = usize::from(area.width);
    let row = |(index, step): (usize, &Step)| {
        let over = if index == flow.selected { theme.selected() } else { Style::new() };
        let after = began.and_then(|began| (step.at - began).to_std().ok()).unwrap_or_default();
        let took = step.took.map_or_else(String::new, |took| format!("{} ms", took.as_millis()));
        let times = if step.times > 1 { format!(" ×{}", step.times) } else { String::new() };
        let (summary, style) = match &step.answer {
            Some(Answer::Came { status, .. }) if *status < 400 => (status.to_string(), theme.good()),
            Some(answer) => (untrusted::line(&answer.summary()), theme.bad()),
            None => (String::new(), theme.faint()),
        };
        let what = format!("{}{times}", step.what.word());
        let line = Line::from(vec![
            Span::styled(padded(&format!("+{} ms", after.as_millis()), 12), theme.faint().patch(over)),
            Span::styled(padded(&what, 24), over),
            Span::styled(padded(&took, 10), theme.faint().patch(over)),
            Span::styled(padded(&summary, width.saturating_sub(46)), style.patch(over)),
        ]);
        line.style(over)
    };
    let told = flow.steps.iter().enumerate().skip(first).take(height).map(row).collect();
    lines(frame, area, told);
}

fn sent(step: &Step, theme: Theme, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut told = vec![Line::styled(cut("Sent", width), theme.title())];
    let Some(request) = &step.request else {
        told.push(Line::styled(cut("nothing by hallpass", width), theme.faint()));
        return told;
    };
    told.extend(text(&format!("{} {}", request.method, request.target()), width, theme.key()));
    told.extend(request.header_lines().iter().flat_map(|line| text(line, width, theme.faint())));
    told.push(Line::raw(""));
    told.extend(request.body_lines().iter().flat_map(|line| text(line, width, Style::new())));
    told
}

fn came(step: &Step, theme: Theme, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut told = vec![Line::styled(cut("Came back", width), theme.title())];
    match &step.answer {
        None => told.push(Line::styled(cut("nothing that is told", width), theme.faint())),
        Some(Answer::Failed(why)) => told.extend(text(why, width, theme.bad())),
        Some(Answer::Came { status, headers, body, size }) => {
            let size = size.map(|size| format!(" · {size} bytes")).unwrap_or_default();
            let style = if *status < 400 { theme.good() } else { theme.bad() };
            told.push(Line::styled(cut(&format!("{status}{size}"), width), style));
            told.extend(step.clock().iter().flat_map(|clock| text(clock, width, theme.warning())));
            let headers =
                headers.iter().flat_map(|(name, value)| text(&format!("{name}: {value}"), width, theme.faint()));
            told.extend(headers);
            told.push(Line::raw(""));
            told.extend(body.lines().flat_map(|line| text(line, width, Style::new())));
        }
    }
    told
}

/// Wraps one line, its indentation kept as far as that is possible.
fn text(line: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let line = untrusted::field(line);
    let indent = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(indent.min(width / 2));
    let room = width.saturating_sub(indent.len());
    let wrapped = wrapped(&safe(line.trim_start(), usize::MAX), room);
    wrapped.into_iter().map(|line| Line::styled(format!("{indent}{line}"), style)).collect()
}
