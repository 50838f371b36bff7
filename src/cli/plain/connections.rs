//! What is done with the connections there are.

use super::talk::{Said, words};
use super::{Plain, Verb};
use crate::cli::connection::refreshed_by;
use crate::cli::interrupt::uninterrupted;
use crate::model::{Connection, ConnectionRef, Health, Time, untrusted};
use crate::service::copy::{CopiedTo, Form};
use crate::service::error::authorize_command;
use crate::service::fresh::Freshness;

/// How many rows of activity are told.
const RECENT: u32 = 10;

const WHICH: &str = "Type the number that list told, or a name such as github/jane.";

impl Plain<'_> {
    pub(super) async fn list(&mut self) -> Said<()> {
        let connections = self.backend.connections().await?;
        self.told = connections.iter().map(|connection| connection.reference.clone()).collect();
        if connections.is_empty() {
            let next = if super::can_do(Verb::New, self.backend) {
                " config makes a config, and new authorizes a connection under it."
            } else {
                ""
            };
            return self.talk.say(&format!("There is no connection yet.{next}"));
        }
        let now = self.backend.now();
        let count = connections.len();
        self.talk.say(&if count == 1 {
            "There is 1 connection:".to_owned()
        } else {
            format!("There are {count} connections:")
        })?;
        self.talk
            .number(connections.iter().map(|one| format!("{}, {}: {}.", one.reference, one.provider, state(one, now))))
    }

    /// Returns the connection that is meant, and the words behind it; asks where nothing was said.
    pub(super) async fn which(&mut self, mut given: Vec<String>) -> Said<(ConnectionRef, Vec<String>)> {
        if self.told.is_empty() {
            self.told = self.backend.connections().await?.into_iter().map(|one| one.reference).collect();
        }
        let typed = if given.is_empty() {
            self.talk.ask("Which connection", None, WHICH).await?
        } else {
            // A name may have blanks in it: the longest beginning that is one is meant.
            let name = |end: &usize| given[..*end].join(" ");
            let end = (1..=given.len()).rev().find(|end| self.named(&name(end)).is_some()).unwrap_or(given.len());
            let typed = name(&end);
            given.drain(..end);
            typed
        };
        match self.named(&typed) {
            Some(reference) => Ok((reference, given)),
            // It may be one of which the list did not tell yet.
            None => Ok((crate::cli::target::connection_of(&typed, self.backend).await?, given)),
        }
    }

    /// Finds a connection by the number that was told, or by its name.
    fn named(&self, text: &str) -> Option<ConnectionRef> {
        if let Ok(number) = text.parse::<usize>() {
            return self.told.get(number.checked_sub(1)?).cloned();
        }
        let (config, id) = text.split_once('/')?;
        let is_this = |one: &&ConnectionRef| one.config.as_str() == config && one.id.as_str() == id;
        self.told.iter().find(is_this).cloned()
    }

    pub(super) async fn copy(&mut self, given: Vec<String>) -> Said<()> {
        let (reference, rest) = self.which(given).await?;
        let form = match rest.first().map(String::as_str) {
            None => Form::Raw,
            Some(word) => match [Form::Raw, Form::Header, Form::Json, Form::Env, Form::Curl]
                .into_iter()
                .find(|form| form.word() == word)
            {
                Some(form) => form,
                None => {
                    return self
                        .talk
                        .say(&format!("There is no form {word}. There are raw, header, json, env and curl."));
                }
            },
        };
        let copying = self.backend.copy(&reference, Freshness::default(), form);
        let copied = uninterrupted(copying, self.backend, self.talk.output()).await?;
        let what =
            if form == Form::Raw { "a fresh token".to_owned() } else { format!("a fresh token as {}", form.word()) };
        let valid = copied
            .valid_for
            .map_or_else(|| "It is valid without an end".to_owned(), |left| format!("It is valid for {}", words(left)));
        let cleared = match (copied.to, copied.cleared_after) {
            (CopiedTo::Clipboard, Some(time)) => format!("the clipboard is cleared in {}", words(time)),
            (CopiedTo::Clipboard, None) => "the clipboard is not cleared".to_owned(),
            (CopiedTo::Terminal, _) => {
                "it was sent to the clipboard of your terminal, where hallpass cannot clear it".to_owned()
            }
        };
        self.talk.say(&format!("Copied {what} of {reference}. {valid}; {cleared}."))
    }

    pub(super) async fn refresh(&mut self, given: Vec<String>) -> Said<()> {
        let (reference, _) = self.which(given).await?;
        uninterrupted(self.backend.refresh(&reference), self.backend, self.talk.output()).await?;
        let connection = self.backend.connection(&reference).await?;
        self.talk.say(&format!("{reference} has a new token: {}.", state(&connection, self.backend.now())))
    }

    pub(super) async fn details(&mut self, given: Vec<String>) -> Said<()> {
        let (reference, _) = self.which(given).await?;
        let connection = self.backend.any_connection(&reference).await?;
        let now = self.backend.now();
        let listed = |scopes: &[String]| if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") };
        let granted =
            connection.granted_scopes.as_deref().map_or_else(|| "the provider did not say".to_owned(), listed);
        let mut lines = vec![
            ("Connection", reference.to_string()),
            ("Provider", connection.provider.to_string()),
            ("State", state(&connection, now)),
            ("Ends", connection.expires_at.map_or_else(|| "never, as far as the provider says".to_owned(), date)),
            ("Refreshed by", refreshed_by(&connection).to_owned()),
            ("Scopes asked for", listed(&connection.requested_scopes)),
            ("Scopes granted", granted),
            ("Authorized first", date(connection.created_at)),
            ("Last refreshed", connection.refreshed_at.map_or_else(|| "never".to_owned(), date)),
        ];
        for (name, value) in &connection.variables {
            lines.push(("Variable", format!("{name} is {value}")));
        }
        if let Some(problem) = &connection.problem {
            lines.push(("Problem", problem.reason.clone()));
        }
        if connection.health(now).needs_authorization() {
            lines.push((
                "What mends it",
                match self.backend.host() {
                    None => format!("the command authorize, or {}", authorize_command(&reference)),
                    Some(_) => format!("authorize it at {}", self.backend.place()),
                },
            ));
        }
        lines.iter().try_for_each(|(name, value)| self.talk.say(&format!("{name}: {}.", untrusted::line(value))))
    }

    pub(super) async fn delete(&mut self, given: Vec<String>) -> Said<()> {
        let (reference, _) = self.which(given).await?;
        self.backend.any_connection(&reference).await?;
        let place = self.backend.place();
        if !self.talk.agree(&format!("Delete {reference} from {place}?"), false).await? {
            return self.talk.say(&format!("{reference} stays."));
        }
        let revoke = self.backend.capabilities().can_revoke
            && self.talk.agree("Also end its tokens at the provider, which cannot be undone?", false).await?;
        let deleted = self.backend.delete_connection(&reference, revoke).await?;
        self.told.retain(|one| *one != reference);
        self.talk.say(&format!("{reference} is gone from {place}."))?;
        match deleted.revocation {
            None => self.talk.say("What the provider granted stays granted."),
            Some(Ok(())) => self.talk.say("The provider ended its tokens."),
            Some(Err(error)) => self.talk.say(&format!("The provider was asked to end its tokens, and: {error}.")),
        }
    }

    pub(super) fn recent(&self) -> Said<()> {
        let rows = self.backend.activity(None, RECENT)?;
        if rows.is_empty() {
            return self.talk.say("Nothing happened yet.");
        }
        self.talk.number(rows.iter().map(|row| {
            let subject = row.subject();
            let whose = if subject.is_empty() { subject } else { format!(" {subject}") };
            let detail = if row.detail.is_empty() { String::new() } else { format!(", {}", row.detail) };
            format!("{}: {}{whose}, {}{detail}.", date(row.at), row.happening.word(), row.outcome.word())
        }))
    }
}

fn date(time: Time) -> String {
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// Says how a connection is.
pub(super) fn state(connection: &Connection, now: Time) -> String {
    match connection.health(now) {
        Health::Fresh(left) => format!("good for {}", words(left)),
        Health::Endless => "good, without an end".to_owned(),
        Health::Expiring(left) => format!("ends in {}", words(left)),
        Health::Refreshable => "ended, and refreshed when it is used".to_owned(),
        Health::Expired => "ended, and must be authorized again".to_owned(),
        Health::Refused => "must be authorized again".to_owned(),
        Health::Untold => "known to its host alone".to_owned(),
    }
}
