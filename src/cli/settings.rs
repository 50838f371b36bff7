//! `settings …`: looking through the settings file, and the schema that editors read.

use std::path::Path;

use serde_json::{Value, json};

use super::args::SettingsCommand;
use super::{Outcome, Output};
use crate::service::Error;
use crate::settings::{Mistake, mistakes, schema};

/// Runs one of the commands; `usual` is the file that is in use, which none of them needs to be good. What is wrong
/// with the settings of the terminal UI, `screen` knows.
pub fn run(
    command: SettingsCommand,
    usual: &Path,
    screen: impl Fn(&str, &[Mistake]) -> Vec<Mistake>,
    output: Output,
) -> Outcome {
    match command {
        SettingsCommand::Schema => Ok(output.document(&schema())?),
        SettingsCommand::Check { file: None } if !usual.exists() => {
            output.note(&format!("there is no `{}`: every setting has its default", usual.display()));
            if output.json { Ok(output.document(&json!([]))?) } else { Ok(()) }
        }
        SettingsCommand::Check { file } => check(file.as_deref().unwrap_or(usual), screen, output),
    }
}

fn check(file: &Path, screen: impl Fn(&str, &[Mistake]) -> Vec<Mistake>, output: Output) -> Outcome {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::usage(format!("`{}` cannot be read: {error}", file.display())))?;
    let mut found = mistakes(&text);
    let meant = screen(&text, &found);
    found.extend(meant);
    found.sort_by_key(|mistake| mistake.line);
    if output.json {
        let shown = |mistake: &Mistake| json!({"line": mistake.line, "message": mistake.message});
        output.document(&found.iter().map(shown).collect::<Vec<Value>>())?;
    } else {
        for mistake in &found {
            output.line(&format!("{}:{}: {}", file.display(), mistake.line, mistake.message))?;
        }
    }
    if found.is_empty() {
        output.done(&format!("`{}` is good", file.display()));
        return Ok(());
    }
    let count = if found.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", found.len()) };
    Err(Error::usage(format!("`{}` has {count} in it", file.display())).into())
}
