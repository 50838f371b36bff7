//! A callback on its way from a listener, or a paste, to the authorization that waits, and what becomes of it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Connected;
use crate::listener::callback::Answer;
use crate::listener::page::Page;
use crate::listener::reply::{self, Reply};
use crate::model::Secret;
use crate::service::Error;

/// The query of a callback, and where its answer goes.
#[derive(Debug)]
pub(in crate::service) struct Arrival {
    pub(super) query: Secret,
    pub(super) answer: oneshot::Sender<Answered>,
}

/// What became of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The connection is there.
    Connected(Box<Connected>),
    /// The authorization has ended without one.
    Failed(Box<Error>),
    /// It is no answer to what is waited for, and changes nothing: why.
    NotExpected(&'static str),
    /// The authorization that it answers has ended already.
    Used,
    /// Another process of ours began that authorization: where the browser is sent on to.
    Elsewhere(String),
}

impl Answered {
    /// Returns what the browser gets.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Elsewhere(target) => reply::redirect(target),
            answered => answered.page().reply(),
        }
    }

    /// Returns the page that tells it.
    pub fn page(&self) -> Page {
        match self {
            Self::Connected(connected) => {
                let words = format!("`{}` is authorized. You can close this tab.", connected.connection.reference);
                let mut page = Page::new(200, "Connected", vec![words]);
                page.hint = connected.warnings.first().cloned();
                page
            }
            Self::Failed(error) => {
                let mut paragraphs = vec![error.message.clone()];
                paragraphs.extend(error.causes.iter().cloned());
                // The words are a provider's or ours; whoever sent the browser here gets the same status.
                Page { hint: error.hint.clone(), ..Page::new(200, "Not connected", paragraphs) }
            }
            Self::NotExpected(why) => {
                let words = format!(
                    "This address is no answer to an authorization that is under way here: {why}. Nothing was changed; hallpass goes on waiting."
                );
                Page::new(400, "Not expected", vec![words])
            }
            Self::Used => {
                let words = "This authorization has ended already. Begin a new one in hallpass.".to_owned();
                Page::new(410, "Already used", vec![words])
            }
            Self::Elsewhere(_) => Page::new(200, "One moment", Vec::new()),
        }
    }
}

impl Arrival {
    pub(super) fn new(query: Secret) -> (Self, oneshot::Receiver<Answered>) {
        let (answer, answered) = oneshot::channel();
        (Self { query, answer }, answered)
    }
}

/// Hands a query to the authorization that waits; one that has ended takes no second callback.
pub(super) async fn hand_over(sender: &mpsc::Sender<Arrival>, query: Secret) -> Answered {
    let (arrival, answered) = Arrival::new(query);
    let answered = if sender.send(arrival).await.is_ok() { answered.await.ok() } else { None };
    answered.unwrap_or(Answered::Used)
}

/// Returns what the listener calls.
pub(super) fn answer(sender: mpsc::Sender<Arrival>) -> Answer {
    Arc::new(move |query| {
        let sender = sender.clone();
        Box::pin(async move { hand_over(&sender, Secret::new(query)).await.reply() })
    })
}
