//! Completion: what may stand at the cursor of a command line that is being typed.
//!
//! `hallpass completions SHELL` prints a script, which calls the hidden `hallpass complete SHELL` at each tab. That
//! reads the store and the catalog, and neither a secret nor the network; it makes no file, and whatever goes wrong,
//! there is less to choose from and no word about it: an error would stand in the middle of the user's line.
//!
//! `clap_complete` has scripts of its own. They hand names to bash and PowerShell as they are, where a blank parts a
//! name and `;` ends the command; so it is its engine alone that works here.

mod candidates;
mod quoting;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use clap_complete::CompletionCandidate;

use super::args::{Arguments, Global, Shell};
use super::{Outcome, Output, colon};
use crate::model::untrusted;
use crate::service::Service;
use candidates::Candidates;
use quoting::Typed;

impl Shell {
    /// Returns the script that is to run when the shell starts.
    pub(super) fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("complete/hallpass.bash"),
            Self::Elvish => include_str!("complete/hallpass.elv"),
            Self::Fish => include_str!("complete/hallpass.fish"),
            Self::Nushell => include_str!("complete/hallpass.nu"),
            Self::Powershell => include_str!("complete/hallpass.ps1"),
            Self::Zsh => include_str!("complete/hallpass.zsh"),
        }
    }
}

/// A command line that is being typed.
pub struct Line {
    shell: Shell,
    typed: Typed,
    before: ArgMatches,
}

impl Line {
    /// Reads what a shell's script hands over; PowerShell's words come through the environment, one a line.
    pub fn read(shell: Shell, handed: Vec<OsString>, environment: Option<&str>) -> Self {
        let mut handed: Vec<String> = handed.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let mut typed = match (shell, environment) {
            (Shell::Bash, _) => {
                let breaks = handed.get(1).cloned().unwrap_or_default();
                Typed::of_line(handed.first().map_or("", String::as_str), &breaks)
            }
            (Shell::Powershell, Some(words)) => Typed::of_words(shell, words.split('\n').map(str::to_owned).collect()),
            _ => Typed::of_words(shell, std::mem::take(&mut handed)),
        };
        let last = typed.words.pop().unwrap_or_default();
        typed.words = colon::expanded(typed.words.into_iter().map(Into::into))
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        // What is not whole yet is no mistake.
        let before = Arguments::command().ignore_errors(true).try_get_matches_from(&typed.words).unwrap_or_default();
        typed.words.push(last);
        Self { shell, typed, before }
    }

    /// Returns the options that were typed for every command.
    pub fn global(&self) -> Option<Global> {
        Global::from_arg_matches(&self.before).ok()
    }

    /// Returns what may stand at the cursor. An option is offered where it was begun, or where nothing else fits.
    fn candidates(&self, service: Option<Service>) -> Vec<CompletionCandidate> {
        let mut command = Candidates::new(service, &self.before, self.typed.words.last().map_or("", String::as_str))
            .put_into(Arguments::command());
        let words: Vec<OsString> = self.typed.words.iter().map(OsString::from).collect();
        let (index, folder) = (words.len().saturating_sub(1), std::env::current_dir().ok());
        let mut found =
            clap_complete::engine::complete(&mut command, words, index, folder.as_deref()).unwrap_or_default();
        let is_option = |candidate: &CompletionCandidate| candidate.get_value().to_string_lossy().starts_with('-');
        if self.typed.words.last().is_some_and(String::is_empty) && !found.iter().all(is_option) {
            found.retain(|candidate| !is_option(candidate));
        }
        found
    }

    /// Writes a candidate as the shell's script reads it.
    fn written(&self, candidate: &CompletionCandidate) -> Option<String> {
        let value = candidate.get_value().to_str()?;
        // What does not look like itself is not offered.
        if untrusted::field(value) != value {
            return None;
        }
        let inserted = self.typed.inserted(self.shell, value)?;
        let text = candidate.get_help().map(|help| untrusted::line(&help.to_string())).unwrap_or_default();
        Some(match self.shell {
            Shell::Bash | Shell::Elvish => inserted,
            Shell::Zsh | Shell::Fish => format!("{inserted}\t{text}"),
            Shell::Powershell => format!("{inserted}\t{value}\t{text}"),
            Shell::Nushell => serde_json::json!({"value": inserted, "description": text}).to_string(),
        })
    }
}

/// Prints what may stand at the cursor; without a service, no names.
pub fn complete(line: &Line, service: Option<Service>, output: Output) -> Outcome {
    let found = line.candidates(service);
    let lines: Vec<String> = found.iter().filter_map(|candidate| line.written(candidate)).collect();
    let text = match line.shell {
        Shell::Nushell => format!("[{}]\n", lines.join(",")),
        _ => lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect(),
    };
    Ok(output.raw(text.as_bytes())?)
}
