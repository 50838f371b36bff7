//! A list that is as quick with ten thousand rows as with ten: filtered and sorted when it changes, drawn
//! only where it is seen.

use std::cmp::Ordering;

use crate::model::search;
use crate::tui::widgets::input::Input;

/// Where a list stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// Indices of the rows that are shown, in their order.
    shown: Vec<usize>,
    /// Positions among `shown` at which a group begins; none where the list is flat.
    groups: Vec<usize>,
    /// How many rows there are in all.
    total: usize,
    /// A position among `shown`.
    selected: usize,
    /// The line that is drawn first; the headings of groups are lines too.
    offset: usize,
    filter: Input,
}

/// A line of a list that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The heading of a group: a row of it, and how many rows it has.
    Group(usize, usize),
    /// A row, and whether it is selected.
    Row(usize, bool),
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
        self.refresh_where(rows, |_| true);
    }

    /// The same, of the rows that `is_in` lets in.
    pub fn refresh_where<T: AsRef<str>>(&mut self, rows: &[T], is_in: impl Fn(usize) -> bool) {
        let before = self.selected_row();
        self.total = rows.len();
        self.groups.clear();
        // What is let in is searched: what stays out must not be what matches best.
        let let_in: Vec<usize> = (0..rows.len()).filter(|row| is_in(*row)).collect();
        let texts: Vec<&str> = let_in.iter().map(|row| rows[*row].as_ref()).collect();
        self.shown = search::fuzzy(self.filter.text(), &texts).into_iter().map(|found| let_in[found]).collect();
        self.keep_selected(before);
    }

    /// Puts the rows in another order; equal ones keep theirs.
    pub fn sort_by(&mut self, order: impl Fn(usize, usize) -> Ordering) {
        let before = self.selected_row();
        self.shown.sort_by(|one, other| order(*one, *other));
        self.keep_selected(before);
    }

    /// Begins a group wherever two rows that follow each other are not of one.
    pub fn group_by(&mut self, are_of_one: impl Fn(usize, usize) -> bool) {
        let first = (!self.shown.is_empty()).then_some(0);
        let begins = |position: &usize| !are_of_one(self.shown[*position - 1], self.shown[*position]);
        self.groups = first.into_iter().chain((1..self.shown.len()).filter(begins)).collect();
    }

    fn keep_selected(&mut self, row: Option<usize>) {
        let kept = row.and_then(|row| self.shown.iter().position(|shown| *shown == row));
        self.selected = kept.unwrap_or(0);
    }

    /// Selects what matches a filter best: whoever types a name and goes on means that one.
    pub fn select_best(&mut self) {
        if !self.filter.text().is_empty() {
            self.selected = 0;
        }
    }

    /// Selects what is shown first.
    pub fn select_first(&mut self) {
        self.selected = 0;
    }

    /// Tells whether a row, by its index among all, is shown.
    pub fn shows(&self, row: usize) -> bool {
        self.shown.contains(&row)
    }

    /// Returns the rows that are shown, in their order.
    pub fn rows(&self) -> &[usize] {
        &self.shown
    }

    /// Selects a row by its index among all, if it is shown.
    pub fn select_row(&mut self, row: usize) {
        if let Some(position) = self.shown.iter().position(|shown| *shown == row) {
            self.selected = position;
        }
    }

    /// Selects the row on a line of the window that was drawn last; tells whether there is one.
    pub fn select_line(&mut self, line: usize) -> bool {
        let Some(Ok(position)) = self.at_line(self.offset + line) else { return false };
        self.selected = position;
        true
    }

    /// Returns the index of the selected row among all.
    pub fn selected_row(&self) -> Option<usize> {
        self.shown.get(self.selected).copied()
    }

    /// Returns how many rows are shown, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.shown.len(), self.total)
    }

    /// Moves the selection; it stops at both ends.
    pub fn move_by(&mut self, rows: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// Returns what is seen in `height` lines.
    pub fn window(&mut self, height: usize) -> Vec<Seen> {
        let height = height.max(1);
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
        let line = self.line_of(self.selected);
        // The heading above the first row of a group is seen with it, where there is room.
        let begins = self.groups.binary_search(&self.selected).is_ok() && height > 1;
        self.offset = self.offset.clamp((line + 1).saturating_sub(height), line - usize::from(begins));
        let lines = self.shown.len() + self.groups.len();
        self.offset = self.offset.min(lines.saturating_sub(height));
        (self.offset..lines.min(self.offset + height)).filter_map(|line| self.seen(line)).collect()
    }

    /// Returns the rows that are seen in `height` lines, each with whether it is selected.
    pub fn window_rows(&mut self, height: usize) -> Vec<(usize, bool)> {
        let row = |seen| match seen {
            Seen::Row(row, is_selected) => Some((row, is_selected)),
            Seen::Group(..) => None,
        };
        self.window(height).into_iter().filter_map(row).collect()
    }

    fn seen(&self, line: usize) -> Option<Seen> {
        Some(match self.at_line(line)? {
            Ok(position) => Seen::Row(self.shown[position], position == self.selected),
            Err(group) => {
                let begin = self.groups[group];
                let end = self.groups.get(group + 1).copied().unwrap_or(self.shown.len());
                Seen::Group(self.shown[begin], end - begin)
            }
        })
    }

    /// Returns the line of a position: the headings up to it come before it.
    fn line_of(&self, position: usize) -> usize {
        position + self.groups.partition_point(|begin| *begin <= position)
    }

    /// Returns the position on a line, or the group whose heading stands there.
    fn at_line(&self, line: usize) -> Option<Result<usize, usize>> {
        // The heading of group `g` is at the line of its first row, less one.
        let group = partition(self.groups.len(), |group| self.groups[group] + group <= line);
        if let Some(last) = group.checked_sub(1)
            && self.groups[last] + last == line
        {
            return Some(Err(last));
        }
        let position = line - group;
        (position < self.shown.len()).then_some(Ok(position))
    }
}

/// Returns how many of the first `count` numbers hold; those that hold come first.
fn partition(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
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
        assert_eq!(list.window(10).last(), Some(&Seen::Row(50, true)));
        list.move_by(-1_000);
        assert_eq!(list.window(10)[0], Seen::Row(0, true));
        list.move_by(1_000);
        assert_eq!(list.window(10).last(), Some(&Seen::Row(99, true)));
    }

    #[test]
    fn the_selection_stays_with_its_row_while_that_matches() {
        let (mut list, rows) = list(100);
        list.move_by(42);
        list.filter_mut().insert("4");
        list.refresh(&rows);
        assert_eq!(list.selected_row(), Some(42));
        list.sort_by(|one, other| other.cmp(&one));
        assert_eq!(list.selected_row(), Some(42));
        list.filter_mut().insert("99999");
        list.refresh(&rows);
        assert_eq!(list.selected_row(), None);
        assert_eq!(list.counts(), (0, 100));
    }

    #[test]
    fn groups_have_headings_that_cannot_be_selected() {
        let (mut list, _) = list(7);
        list.group_by(|one, other| one / 3 == other / 3);
        assert_eq!(
            list.window(5),
            [Seen::Group(0, 3), Seen::Row(0, true), Seen::Row(1, false), Seen::Row(2, false), Seen::Group(3, 3)]
        );
        list.move_by(3);
        assert_eq!(list.window(3), [Seen::Row(2, false), Seen::Group(3, 3), Seen::Row(3, true)]);
        list.move_by(9);
        assert_eq!(list.window(3), [Seen::Row(5, false), Seen::Group(6, 1), Seen::Row(6, true)]);
        assert!(!list.select_line(1), "a heading");
        assert!(list.select_line(0) && list.selected_row() == Some(5));
        list.move_by(-9);
        assert_eq!(list.window(1), [Seen::Row(0, true)], "the row goes before its heading");
    }

    proptest! {
        #[test]
        fn no_window_is_ever_out_of_range(rows in 0..50usize, of_one in 1..9usize, moves in proptest::collection::vec(-60..60isize, 0..20), height in 0..60usize) {
            let (mut list, _) = list(rows);
            if of_one < 8 {
                list.group_by(|one, other| one / of_one == other / of_one);
            }
            for by in moves {
                list.move_by(by);
                let window = list.window(height);
                prop_assert!(window.len() <= height.max(1));
                let selected = window.iter().filter(|seen| matches!(seen, Seen::Row(_, true))).count();
                prop_assert_eq!(selected, usize::from(rows > 0));
                for (line, seen) in window.iter().enumerate() {
                    prop_assert_eq!(list.clone().select_line(line), matches!(seen, Seen::Row(..)));
                }
            }
        }
    }
}
