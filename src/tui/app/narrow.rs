//! Narrowing a list to one kind of rows: providers by category, way in and need; activity by connection, kind
//! and outcome.

use super::App;
use crate::model::provider::Need;
use crate::model::{Activity, ConnectionRef, Happening, Outcome, Provider};
use crate::tui::keys::View;
use crate::tui::modal::{Candidate, Finder, Modal, Target};

/// What a list can be narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facet {
    /// Providers of a category.
    Category(String),
    /// Providers with a way in.
    Way(String),
    /// Providers that need something, or do without.
    Need(Need),
    /// What happened to a connection.
    Connection(ConnectionRef),
    /// What happened of a kind.
    Kind(Happening),
    /// What ended so.
    Outcome(Outcome),
}

impl Facet {
    /// Says what it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Category(category) => category.clone(),
            Self::Way(way) => way.clone(),
            Self::Need(need) => need.words().to_owned(),
            Self::Connection(connection) => connection.to_string(),
            Self::Kind(kind) => kind.word().to_owned(),
            Self::Outcome(outcome) => outcome.word().to_owned(),
        }
    }

    pub(super) fn has_provider(&self, provider: &Provider) -> bool {
        match self {
            Self::Category(category) => provider.categories.contains(category),
            Self::Way(way) => provider.way_words().iter().any(|word| word == way),
            Self::Need(need) => need.is_of(provider),
            Self::Connection(_) | Self::Kind(_) | Self::Outcome(_) => true,
        }
    }

    pub(super) fn has_activity(&self, row: &Activity) -> bool {
        match self {
            Self::Connection(of) => row.is_of(of),
            Self::Kind(kind) => row.happening == *kind,
            Self::Outcome(outcome) => row.outcome == *outcome,
            Self::Category(_) | Self::Way(_) | Self::Need(_) => true,
        }
    }
}

impl App {
    /// Offers what the open list can be narrowed to, each with how many rows that leaves.
    pub(super) fn offer_facets(&mut self) {
        let facets = match self.view {
            View::Providers => self.provider_facets(),
            _ => self.activity_facets(),
        };
        let candidate = |(facet, what, count): (Facet, &str, usize)| Candidate {
            text: facet.words(),
            note: format!("{what} · {count}"),
            key: String::new(),
            target: Target::Facet(Some(facet)),
        };
        let all = self.facets[self.view.index()].is_some().then(|| Candidate {
            text: "everything".to_owned(),
            note: "ends the narrowing".to_owned(),
            key: String::new(),
            target: Target::Facet(None),
        });
        let candidates = all.into_iter().chain(facets.into_iter().map(candidate)).collect();
        self.modals.push(Modal::Finder(Box::new(Finder::new("Narrow to", candidates))));
    }

    fn provider_facets(&self) -> Vec<(Facet, &'static str, usize)> {
        let providers = || self.providers.iter().map(|(_, provider)| provider);
        let mut categories: Vec<String> = providers().flat_map(|provider| provider.categories.clone()).collect();
        categories.sort();
        categories.dedup();
        let mut ways: Vec<String> = providers().flat_map(Provider::way_words).map(ToString::to_string).collect();
        ways.sort();
        ways.dedup();
        let count = |facet: &Facet| providers().filter(|provider| facet.has_provider(provider)).count();
        let ways = ways.into_iter().map(|way| (Facet::Way(way), "way in"));
        let needs = Need::ALL.map(|need| (Facet::Need(need), "need"));
        let categories = categories.into_iter().map(|category| (Facet::Category(category), "category"));
        let all = ways.chain(needs).chain(categories).map(|(facet, what)| {
            let count = count(&facet);
            (facet, what, count)
        });
        all.filter(|(_, _, count)| *count > 0).collect()
    }

    fn activity_facets(&self) -> Vec<(Facet, &'static str, usize)> {
        let rows = &self.lists.activity;
        let count = |facet: &Facet| rows.iter().filter(|row| facet.has_activity(row)).count();
        let mut connections: Vec<ConnectionRef> = rows.iter().filter_map(Activity::reference).collect();
        connections.sort();
        connections.dedup();
        let outcomes = [Outcome::Refused, Outcome::Failed, Outcome::Done].map(|end| (Facet::Outcome(end), "outcome"));
        let kinds = Happening::ALL.into_iter().map(|kind| (Facet::Kind(kind), "kind"));
        let connections = connections.into_iter().map(|connection| (Facet::Connection(connection), "connection"));
        let all = outcomes.into_iter().chain(kinds).chain(connections).map(|(facet, what)| {
            let count = count(&facet);
            (facet, what, count)
        });
        all.filter(|(_, _, count)| *count > 0).collect()
    }

    /// Narrows the open list, or ends that.
    pub(super) fn narrow(&mut self, facet: Option<Facet>) {
        self.facets[self.view.index()] = facet;
        self.refilter(self.view);
    }
}
