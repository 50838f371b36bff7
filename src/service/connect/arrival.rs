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

/// Hands a query to the authorization that waits; `None` where that has ended.
pub(super) async fn hand_over(sender: &mpsc::Sender<Arrival>, query: Secret) -> Option<Answered> {
    let (arrival, answered) = Arrival::new(query);
    if sender.send(arrival).await.is_ok() { answered.await.ok() } else { None }
}

/// Finds out where a callback belongs that is for another authorization.
pub(super) type SentOn = Arc<dyn Fn(&Secret) -> Option<Answered> + Send + Sync>;

/// Returns what the listener calls. An authorization that has ended takes no second callback; but the port is its
/// own for a moment more, and what comes for another is sent on even then.
pub(super) fn answer(sender: mpsc::Sender<Arrival>, sent_on: SentOn) -> Answer {
    Arc::new(move |query| {
        let (sender, sent_on) = (sender.clone(), sent_on.clone());
        Box::pin(async move {
            let query = Secret::new(query);
            let answered = match hand_over(&sender, query.clone()).await {
                Some(answered) => answered,
                None => sent_on(&query).unwrap_or(Answered::Used),
            };
            answered.reply()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_for_another_while_the_port_is_given_back_is_sent_on() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        let of_another = |query: &Secret| {
            query.expose().contains("theirs").then(|| Answered::Elsewhere("http://127.0.0.1:1/cb".to_owned()))
        };
        let answer = answer(sender, Arc::new(of_another));
        let theirs = answer("state=theirs".to_owned()).await;
        assert_eq!(
            (theirs.status().as_u16(), &theirs.headers()["location"]),
            (303, &"http://127.0.0.1:1/cb".parse().unwrap())
        );
        assert_eq!(answer("state=ours".to_owned()).await.status().as_u16(), 410);
    }
}
