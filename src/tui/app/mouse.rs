//! The mouse: the wheel moves, a click selects, and a click on what is selected opens it; one on a heading
//! sorts. What can be pressed by a key that stands on the screen can be clicked there.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::App;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::modal::Modal;

/// How many rows the wheel moves.
const WHEEL: isize = 3;

/// Where things stand that the mouse can press, as they were drawn last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clickable {
    /// The rows of the list, without its heading.
    pub list: Rect,
    /// The headings by which the list can be sorted, each with its column.
    pub heads: Vec<(Rect, usize)>,
    /// What does an action when it is pressed.
    pub buttons: Vec<(Rect, Action)>,
}

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let at = Position { x: event.column, y: event.row };
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(WHEEL),
            MouseEventKind::ScrollUp => self.wheel(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) if self.modals.is_empty() => return self.click(at),
            _ => {}
        }
        Vec::new()
    }

    fn wheel(&mut self, by: isize) {
        match self.modals.last_mut() {
            None => self.list().move_by(by),
            Some(Modal::Finder(finder)) => finder.list.move_by(by),
            Some(Modal::Help(help)) => help.scroll = help.scroll.saturating_add_signed(by),
            Some(Modal::Details(scroll) | Modal::Messages(scroll) | Modal::Inspection(_, scroll)) => {
                *scroll = scroll.saturating_add_signed(by);
            }
            Some(_) => {}
        }
    }

    fn click(&mut self, at: Position) -> Vec<Effect> {
        self.is_filtering = false;
        if let Some((_, action)) = self.clickable.buttons.iter().find(|(place, _)| place.contains(at)) {
            return self.act(*action);
        }
        if let Some((_, column)) = self.clickable.heads.iter().find(|(place, _)| place.contains(at)) {
            self.sort_by(*column);
        } else if self.clickable.list.contains(at) {
            let before = self.list().selected_row();
            let line = usize::from(at.y - self.clickable.list.y);
            if self.list().select_line(line) && self.list().selected_row() == before {
                return self.act(Action::Details);
            }
        }
        Vec::new()
    }

    /// Forgets where things stood; drawing says it anew.
    pub(in crate::tui) fn forget_clickable(&mut self) {
        self.clickable.list = Rect::default();
        self.clickable.heads.clear();
        self.clickable.buttons.clear();
    }
}
