//! The tape of a flow: whoever talks to a provider for it writes each step down, and whoever keeps it takes them away.
//! It knows of no store, and holds no secret but those that it looks for in what comes next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use reqwest::header::HeaderMap;
use url::Url;

use super::masked;
use super::sent::Sent;
use crate::model::tape::{Answer, Request, Step, What};
use crate::model::{Secret, Time, untrusted};

/// How many steps of one flow are kept.
pub const MOST: usize = 64;

/// The tape of one flow. Clones write to the same one.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<Reel>>);

/// What is on it.
#[derive(Default)]
struct Reel {
    steps: Vec<Step>,
    /// How many were taken away already.
    taken: usize,
    /// The secrets that were sent or came in this flow.
    known: Sent,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tape")
    }
}

impl Tape {
    /// Takes the steps away that are there.
    pub fn take(&self) -> Vec<Step> {
        let mut reel = self.reel();
        let steps = std::mem::take(&mut reel.steps);
        reel.taken += steps.len();
        steps
    }

    /// Writes down that somebody was sent to a page; the parameters of `own` are the provider file's.
    pub fn page(&self, at: Time, url: &Url, own: &[String]) {
        self.add(moment(at, What::AuthorizationPage, masked::page(url, own)));
    }

    /// Writes down that the browser came back to `redirect_uri`, with this query, which is the answer that was waited
    /// for. `secrets` are those that it may repeat.
    pub fn callback(&self, at: Time, redirect_uri: &str, query: &Secret, secrets: &[&Secret]) {
        let mut known = Sent::these(secrets);
        known.add(&self.reel().known);
        self.add(moment(at, What::Callback, masked::arrival(redirect_uri, query.expose(), &known)));
        self.reel().known.add(&known);
    }

    /// Begins a step that is an exchange.
    pub fn begin(&self, what: What, request: Request, at: Time) -> Recording {
        Recording { tape: self.clone(), what, request: Some(request), at, started: Instant::now() }
    }

    fn add(&self, step: Step) {
        let mut reel = self.reel();
        let is_same = |last: &Step| {
            last.what == What::Poll
                && step.what == What::Poll
                && same_answer(last.answer.as_ref(), step.answer.as_ref())
        };
        if let Some(last) = reel.steps.last_mut().filter(|last| is_same(last)) {
            (last.times, last.took) = (last.times.saturating_add(1), step.took);
            return;
        }
        let most = MOST.saturating_sub(reel.taken);
        if most == 0 {
            return;
        }
        if reel.steps.len() >= most {
            // How it began and how it ended says more than what came between.
            let middle = reel.steps.len() / 2;
            reel.steps.remove(middle);
        }
        reel.steps.push(step);
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn moment(at: Time, what: What, request: Request) -> Step {
    Step { at, took: None, what, times: 1, request: Some(request), answer: None }
}

/// Two polls say the same though the clock went on meanwhile.
fn same_answer(one: Option<&Answer>, other: Option<&Answer>) -> bool {
    match (one, other) {
        (Some(Answer::Came { status, body, .. }), Some(Answer::Came { status: again, body: repeated, .. })) => {
            status == again && body == repeated
        }
        (one, other) => one == other,
    }
}

/// An exchange that has begun. One that is dropped was not waited for to its end.
pub struct Recording {
    tape: Tape,
    what: What,
    request: Option<Request>,
    at: Time,
    started: Instant,
}

impl Recording {
    /// Writes down the answer, with the secrets of `sent` out of it.
    pub(super) fn answered(self, status: u16, headers: &HeaderMap, body: &[u8], sent: &Sent) {
        let answer = {
            let mut reel = self.tape.reel();
            reel.known.add(sent);
            masked::answer(status, headers, body, &mut reel.known)
        };
        self.end(answer);
    }

    /// Writes down an answer whose body is not kept; none of `secrets` stands in what is.
    pub fn answered_bare(self, status: u16, headers: &HeaderMap, size: Option<u64>, secrets: &[&Secret]) {
        self.end(masked::bare_answer(status, headers, size, &Sent::these(secrets)));
    }

    /// Writes down why no answer came.
    pub fn failed(self, why: &str) {
        let why = untrusted::line(&self.tape.reel().known.without(why));
        self.end(Answer::Failed(why));
    }

    fn end(mut self, answer: Answer) {
        self.write(answer);
    }

    fn write(&mut self, answer: Answer) {
        if let Some(request) = self.request.take() {
            let (at, what) = (self.at, self.what);
            let took = Some(self.started.elapsed());
            self.tape.add(Step { at, took, what, times: 1, request: Some(request), answer: Some(answer) });
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.write(Answer::Failed("it was not waited for any longer".to_owned()));
    }
}
