//! In what order the rows of a list stand, in what groups, and which of them are marked.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::App;
use crate::model::freshness::remaining;
use crate::model::{Connection, ConnectionRef, Health};
use crate::tui::keys::View;
use crate::tui::modal::{Renamed, Target};

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// The column, by its place among [`columns`].
    pub column: usize,
    /// Whether the last one comes first.
    pub is_reversed: bool,
}

/// Returns the headings of the columns by which a view can be sorted, its own order first.
pub fn columns(view: View) -> &'static [&'static str] {
    match view {
        View::Connections => &["CONNECTION", "STATUS", "PROVIDER", "LEFT", "REFRESHED"],
        View::Configs => &["CONFIG", "PROVIDER", "CONNECTIONS"],
        View::Providers => &["ID", "PROVIDER", "WAYS IN", "CATEGORIES"],
        View::Activity => &["WHEN"],
        View::Settings => &["SETTING"],
        View::Doctor => &["WHAT"],
    }
}

impl App {
    /// Sorts the open list by its next column.
    pub(super) fn sort_by_next(&mut self) {
        let (before, columns) = (self.orders[self.view.index()].column, columns(self.view).len());
        if columns > 1 {
            self.sort_by((before + 1) % columns);
        }
    }

    /// Sorts the open list by a column, or turns it round where it is sorted by that one.
    pub(super) fn sort_by(&mut self, column: usize) {
        let (view, columns) = (self.view, columns(self.view));
        let before = self.orders[view.index()];
        let is_reversed = before.column == column && !before.is_reversed;
        self.orders[view.index()] = Order { column, is_reversed };
        self.refilter(view);
        let way = if is_reversed { ", the other way round" } else { "" };
        self.remark(format!("sorted by {}{way}", columns[column].to_lowercase()));
    }

    /// Turns the order of the open list round.
    pub(super) fn reverse(&mut self) {
        let view = self.view;
        self.orders[view.index()].is_reversed ^= true;
        self.refilter(view);
    }

    /// Groups connections by their config, or does not.
    pub(super) fn group(&mut self) {
        self.is_grouped ^= true;
        self.refilter(View::Connections);
        self.remark(if self.is_grouped { "grouped by config" } else { "in one list" });
    }

    /// Puts a list in its order. A filter has one of its own: what matches best comes first, but for what happened,
    /// which stays in the order of its time.
    pub(super) fn arrange(&mut self, view: View) {
        let order = self.orders[view.index()];
        let is_filtered = !self.rows[view.index()].filter().text().is_empty();
        let mut list = std::mem::take(&mut self.rows[view.index()]);
        if !is_filtered || view == View::Activity || order != Order::default() {
            let compared = |one: usize, other: usize| {
                let compared = self.compare(view, order.column, one, other).then(one.cmp(&other));
                if order.is_reversed { compared.reverse() } else { compared }
            };
            let config = |row: usize| &self.lists.connections[row].reference.config;
            if view == View::Connections && self.is_grouped {
                list.sort_by(|one, other| config(one).cmp(config(other)).then(compared(one, other)));
            } else {
                list.sort_by(compared);
            }
        }
        if view == View::Connections && self.is_grouped && !is_filtered {
            let config = |row: usize| &self.lists.connections[row].reference.config;
            list.group_by(|one, other| config(one) == config(other));
        }
        self.rows[view.index()] = list;
    }

    fn compare(&self, view: View, column: usize, one: usize, other: usize) -> Ordering {
        match view {
            View::Connections => {
                self.compare_connections(column, &self.lists.connections[one], &self.lists.connections[other])
            }
            View::Configs => {
                let (one, other) = (&self.lists.configs[one], &self.lists.configs[other]);
                match column {
                    1 => one.provider.cmp(&other.provider),
                    2 => self.connections_under(&other.key).cmp(&self.connections_under(&one.key)),
                    _ => Ordering::Equal,
                }
            }
            View::Providers => {
                let (one, other) = (&self.providers[one].1, &self.providers[other].1);
                match column {
                    1 => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                    2 => one.way_words().cmp(&other.way_words()),
                    3 => one.categories.cmp(&other.categories),
                    _ => Ordering::Equal,
                }
            }
            View::Activity | View::Settings | View::Doctor => Ordering::Equal,
        }
    }

    fn compare_connections(&self, column: usize, one: &Connection, other: &Connection) -> Ordering {
        let urgency = |connection: &Connection| match connection.health(self.now) {
            Health::Refused => 0,
            Health::Expired => 1,
            Health::Expiring(_) => 2,
            Health::Refreshable => 3,
            Health::Untold => 4,
            Health::Fresh(_) => 5,
            Health::Endless => 6,
        };
        // What has no end comes last.
        let left = |connection: &Connection| {
            (connection.expires_at.is_none(), connection.expires_at.map(|end| remaining(end, self.now)))
        };
        match column {
            1 => urgency(one).cmp(&urgency(other)),
            2 => one.provider.cmp(&other.provider),
            3 => left(one).cmp(&left(other)),
            4 => other.refreshed_at.cmp(&one.refreshed_at),
            _ => Ordering::Equal,
        }
    }

    /// Marks the selected connection, or takes its mark away, and goes on to the next.
    pub(super) fn mark(&mut self) {
        if let Some(reference) = self.selected_connection().map(|connection| connection.reference.clone()) {
            if !self.marked.remove(&reference) {
                self.marked.insert(reference);
            }
            self.list().move_by(1);
        }
    }

    /// Marks every connection that is shown, or none where all of them are marked.
    pub(super) fn mark_all(&mut self) {
        let rows = self.rows[View::Connections.index()].rows();
        let shown: BTreeSet<ConnectionRef> =
            rows.iter().map(|row| self.lists.connections[*row].reference.clone()).collect();
        if shown.is_subset(&self.marked) {
            self.marked.retain(|marked| !shown.contains(marked));
        } else {
            self.marked.extend(shown);
        }
    }

    /// Returns the connections that are marked, or else the one that is selected.
    pub(super) fn chosen(&self) -> Vec<ConnectionRef> {
        if self.marked.is_empty() {
            self.selected_connection().map(|connection| connection.reference.clone()).into_iter().collect()
        } else {
            self.marked.iter().cloned().collect()
        }
    }

    /// A mark stays with what has another name now.
    pub(super) fn rename_marks(&mut self, before: &Renamed, target: &Target) {
        let renamed = |marked: ConnectionRef| match (before, target) {
            (Renamed::Connection(before), Target::Connection(after)) if marked == *before => after.clone(),
            (Renamed::Config(before), Target::Config(after)) if marked.config == *before => {
                ConnectionRef::new(after.clone(), marked.id)
            }
            _ => marked,
        };
        self.marked = std::mem::take(&mut self.marked).into_iter().map(renamed).collect();
    }

    /// Forgets the marks of what is not there any more.
    pub(super) fn keep_marks(&mut self) {
        let connections = &self.lists.connections;
        self.marked.retain(|marked| connections.binary_search_by(|other| other.reference.cmp(marked)).is_ok());
    }
}
