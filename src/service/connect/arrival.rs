//! A callback on its way from the listener, or a paste, to the authorization that waits.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::listener::callback::Answer;
use crate::listener::page::Page;
use crate::listener::reply;
use crate::model::Secret;

/// The query of a callback, and where its page goes.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) query: Secret,
    pub(super) answer: oneshot::Sender<Shown>,
}

/// What the browser gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) paragraphs: Vec<String>,
    pub(super) page: Option<Page>,
    /// Where the browser is sent on to, instead of a page.
    pub(super) redirect: Option<String>,
}

impl Shown {
    pub(super) fn page(page: Page) -> Self {
        Self { status: page.status, paragraphs: page.paragraphs.clone(), page: Some(page), redirect: None }
    }

    pub(super) fn redirect(target: String) -> Self {
        Self { status: 303, paragraphs: Vec::new(), page: None, redirect: Some(target) }
    }
}

impl Arrival {
    pub(super) fn new(query: Secret) -> (Self, oneshot::Receiver<Shown>) {
        let (answer, shown) = oneshot::channel();
        (Self { query, answer }, shown)
    }
}

/// Returns what the listener calls: the query goes to the authorization, its page comes back. One
/// that has ended takes no second callback.
pub(super) fn answer(sender: mpsc::Sender<Arrival>) -> Answer {
    Arc::new(move |query| {
        let sender = sender.clone();
        Box::pin(async move {
            let (arrival, shown) = Arrival::new(Secret::new(query));
            let shown = if sender.send(arrival).await.is_ok() { shown.await.ok() } else { None };
            match shown {
                Some(Shown { redirect: Some(target), .. }) => reply::redirect(&target),
                Some(Shown { page: Some(page), .. }) => page.reply(),
                _ => used().reply(),
            }
        })
    })
}

fn used() -> Page {
    Page::new(
        410,
        "Already used",
        vec!["This authorization has ended already. Begin a new one in hallpass.".to_owned()],
    )
}
