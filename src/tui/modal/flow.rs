//! The steps of one flow, and which of them is looked at.

use crate::model::Activity;
use crate::model::tape::Step;
use crate::tui::keys;

/// How many lines a page scrolls: fewer than are seen on the smallest screen.
const PAGE: usize = 3;

/// The steps of one flow.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowView {
    /// The row of activity that was opened.
    pub activity: Activity,
    /// The steps, in their order; at least one.
    pub steps: Vec<Step>,
    /// Which of them is looked at.
    pub selected: usize,
    /// How far its request and its answer are scrolled.
    pub scroll: usize,
}

impl FlowView {
    /// Shows the steps, the last one that says something first: that is where most of what went wrong stands.
    pub fn new(activity: Activity, steps: Vec<Step>) -> Self {
        let selected = steps.iter().rposition(|step| step.answer.is_some()).unwrap_or(0);
        Self { activity, steps, selected, scroll: 0 }
    }

    /// Moves: by steps, or within one.
    pub fn move_by(&mut self, step: keys::Step) {
        let last = self.steps.len().saturating_sub(1);
        match step {
            keys::Step::Up => self.selected = self.selected.saturating_sub(1),
            keys::Step::Down => self.selected = (self.selected + 1).min(last),
            keys::Step::First => self.selected = 0,
            keys::Step::Last => self.selected = last,
            keys::Step::PageDown => return self.scroll = self.scroll.saturating_add(PAGE),
            keys::Step::PageUp => return self.scroll = self.scroll.saturating_sub(PAGE),
        }
        self.scroll = 0;
    }
}
