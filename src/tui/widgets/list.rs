//! A list that is as quick with ten thousand rows as with ten: filtered when it changes, drawn
//! only where it is seen.

use crate::model::search;
use crate::tui::widgets::input::Input;

/// Where a list stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// Indices of the rows that match the filter, best first.
    shown: Vec<usize>,
    /// How many rows there are in all.
    total: usize,
    selected: usize,
    offset: usize,
    filter: Input,
}

impl List {
    /// Returns the filter.
    pub fn filter(&self) -> &Input {
        &self.filter
    }

    /// Changes the filter; the caller calls [`List::refresh`] afterwards.
    pub fn filter_mut(&mut self) -> &mut Input {
        &mut self.filter
    }

    /// Finds anew what matches; the selected row stays selected where it still matches.
    pub fn refresh<T: AsRef<str>>(&mut self, rows: &[T]) {
        let before = self.selected_row();
        self.total = rows.len();
        self.shown = search::fuzzy(self.filter.text(), rows);
        let kept = before.and_then(|row| self.shown.iter().position(|shown| *shown == row));
        self.selected = kept.unwrap_or(0);
    }

    /// Selects what matches a filter best: whoever types a name and goes on means that one.
    pub fn select_best(&mut self) {
        if !self.filter.text().is_empty() {
            self.selected = 0;
        }
    }

    /// Tells whether a row, by its index among all, matches the filter.
    pub fn shows(&self, row: usize) -> bool {
        self.shown.contains(&row)
    }

    /// Selects a row by its index among all, if it matches.
    pub fn select_row(&mut self, row: usize) {
        if let Some(position) = self.shown.iter().position(|shown| *shown == row) {
            self.selected = position;
        }
    }

    /// Returns the index of the selected row among all.
    pub fn selected_row(&self) -> Option<usize> {
        self.shown.get(self.selected).copied()
    }

    /// Returns how many rows match, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.shown.len(), self.total)
    }

    /// Moves the selection; it stops at both ends.
    pub fn move_by(&mut self, rows: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// Returns the rows that are seen in `height` lines, each with whether it is selected.
    pub fn window(&mut self, height: usize) -> Vec<(usize, bool)> {
        let height = height.max(1);
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
        self.offset = self.offset.clamp((self.selected + 1).saturating_sub(height), self.selected);
        let last = self.shown.len().saturating_sub(height);
        self.offset = self.offset.min(last);
        let rows = self.shown.iter().enumerate().skip(self.offset).take(height);
        rows.map(|(position, row)| (*row, position == self.selected)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(rows: usize) -> (List, Vec<String>) {
        let rows: Vec<String> = (0..rows).map(|row| format!("row-{row}")).collect();
        let mut list = List::default();
        list.refresh(&rows);
        (list, rows)
    }

    #[test]
    fn the_selected_row_is_always_seen() {
        let (mut list, _) = list(100);
        list.move_by(50);
        assert_eq!(list.window(10).last(), Some(&(50, true)));
        list.move_by(-1_000);
        assert_eq!(list.window(10)[0], (0, true));
        list.move_by(1_000);
        assert_eq!(list.window(10).last(), Some(&(99, true)));
    }

    #[test]
    fn the_selection_stays_with_its_row_while_that_matches() {
        let (mut list, rows) = list(100);
        list.move_by(42);
        list.filter_mut().insert("4");
        list.refresh(&rows);
        assert_eq!(list.selected_row(), Some(42));
        list.filter_mut().insert("99999");
        list.refresh(&rows);
        assert_eq!(list.selected_row(), None);
        assert_eq!(list.counts(), (0, 100));
    }

    proptest! {
        #[test]
        fn no_window_is_ever_out_of_range(rows in 0..50usize, moves in proptest::collection::vec(-60..60isize, 0..20), height in 0..60usize) {
            let (mut list, _) = list(rows);
            for by in moves {
                list.move_by(by);
                let window = list.window(height);
                prop_assert!(window.len() <= height.max(1));
                prop_assert_eq!(window.iter().filter(|(_, selected)| *selected).count(), usize::from(rows > 0));
            }
        }
    }
}
