//! `--plain`: what is done every day, in plain sentences and by lines, for screen readers and for terminals that
//! can do no more. It draws nothing, colours nothing and moves nothing.

mod authorize;
mod config;
mod connections;
mod talk;

use super::{Failure, Outcome, Output};
use crate::backend::Backend;
use crate::model::ConnectionRef;
use talk::{Said, Stop, Talk};

/// What can be typed where a command is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    List,
    Copy,
    Details,
    Refresh,
    Authorize,
    New,
    Config,
    Delete,
    Recent,
    Help,
    Quit,
}

/// Every command: its word, its letter, and what it does.
const COMMANDS: [(Verb, &str, &str, &str); 11] = [
    (Verb::List, "list", "l", "tells every connection, each under its number"),
    (Verb::Copy, "copy", "c", "copies a fresh token: copy 2, copy github/jane, or copy 2 header"),
    (Verb::Details, "details", "d", "tells all about a connection: scopes, end, problem, and what mends it"),
    (Verb::Refresh, "refresh", "r", "gets a new token, whatever the age of the old one"),
    (Verb::Authorize, "authorize", "a", "authorizes a connection again"),
    (Verb::New, "new", "n", "authorizes a new connection under a config"),
    (Verb::Config, "config", "f", "makes a config from a provider"),
    (Verb::Delete, "delete", "x", "deletes a connection, after asking"),
    (Verb::Recent, "recent", "h", "tells what happened last"),
    (Verb::Help, "help", "?", "tells this"),
    (Verb::Quit, "quit", "q", "leaves; so does the end of the input"),
];

/// A session by lines.
struct Plain<'a> {
    backend: &'a Backend,
    talk: Talk,
    /// The connections in the order in which they were told last, which is what numbers mean.
    told: Vec<ConnectionRef>,
}

/// Talks by lines until the user leaves.
pub async fn run(backend: &Backend, output: Output) -> Outcome {
    let mut plain = Plain { backend, talk: Talk::new(output), told: Vec::new() };
    match Box::pin(plain.session()).await {
        Ok(()) | Err(Stop::Left | Stop::Interrupted | Stop::Cancelled) => Ok(output.line("Goodbye.")?),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

impl Plain<'_> {
    async fn session(&mut self) -> Said<()> {
        self.talk.say(&format!("hallpass, by lines, at {}.", self.backend.place()))?;
        if self.backend.settings().read_only {
            self.talk.say("Nothing is changed: it is read-only.")?;
        }
        let told = self.list().await;
        self.settled(told)?;
        let help = self.help();
        loop {
            match self.talk.ask("Command", None, &help).await {
                Ok(typed) => {
                    let mut words = typed.split_whitespace().map(str::to_owned);
                    let word = words.next().unwrap_or_default();
                    let Some(verb) = verb(&word) else {
                        self.talk.say(&format!("There is no command {word}. ? tells what there is."))?;
                        continue;
                    };
                    if verb == Verb::Quit {
                        return Ok(());
                    }
                    let done = Box::pin(self.obey(verb, words.collect())).await;
                    self.settled(done)?;
                }
                Err(Stop::Cancelled) => self.talk.say("There is nothing to cancel. quit leaves.")?,
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Does what was asked for, or says why it cannot be done here before anything is asked.
    async fn obey(&mut self, verb: Verb, words: Vec<String>) -> Said<()> {
        let can = self.backend.capabilities();
        if !can_do(verb, self.backend) {
            return self.talk.say(&match self.backend.host() {
                Some(_) if can.can_change => format!("That is done at {}, not from here.", self.backend.place()),
                _ => "That changes something, and this is read-only.".to_owned(),
            });
        }
        match verb {
            Verb::List => self.list().await,
            Verb::Copy => self.copy(words).await,
            Verb::Details => self.details(words).await,
            Verb::Refresh => self.refresh(words).await,
            Verb::Authorize => self.authorize_again(words).await,
            Verb::New => self.authorize_new(words.into_iter().next()).await,
            Verb::Config => Box::pin(self.make_config()).await,
            Verb::Delete => self.delete(words).await,
            Verb::Recent => self.recent(),
            Verb::Help => self.talk.say(&self.help()),
            Verb::Quit => Ok(()),
        }
    }

    /// Goes on after what did not work, and after what was given up.
    fn settled(&self, done: Said<()>) -> Said<()> {
        match done {
            Err(Stop::Cancelled) => self.talk.say("Cancelled."),
            Err(Stop::Failed(Failure::Service(error))) => self.talk.tell(&error),
            other => other,
        }
    }

    fn help(&self) -> String {
        let there = COMMANDS.iter().filter(|(verb, ..)| can_do(*verb, self.backend));
        let lines: Vec<String> = there.map(|(_, word, letter, does)| format!("{word}, or {letter}: {does}.")).collect();
        lines.join("\n")
    }
}

fn verb(word: &str) -> Option<Verb> {
    let is_this = |(_, long, short, _): &&(Verb, &str, &str, &str)| word == *long || word == *short;
    COMMANDS.iter().find(is_this).map(|(verb, ..)| *verb)
}

fn can_do(verb: Verb, backend: &Backend) -> bool {
    let can = backend.capabilities();
    match verb {
        Verb::Refresh | Verb::Config | Verb::Delete => can.can_change,
        Verb::Authorize | Verb::New => can.can_authorize,
        Verb::List | Verb::Copy | Verb::Details | Verb::Recent | Verb::Help | Verb::Quit => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_and_no_letter_means_two_commands() {
        let mut names: Vec<&str> = COMMANDS.iter().flat_map(|(_, word, letter, _)| [*word, *letter]).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
