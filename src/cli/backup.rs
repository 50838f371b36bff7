//! `export` and `import`: a backup of everything, and taking in what was kept elsewhere.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::ImportArgs;
use super::{Outcome, Output, prompt};
use crate::model::{ConfigKey, Secret};
use crate::service::import::{Fate, ImportFile, ImportOptions};
use crate::service::vaults::Purpose;
use crate::service::{Error, Result, Service};

pub(super) async fn export(file: Option<PathBuf>, service: &Service, output: Output) -> Outcome {
    let file = asked_file(file, "The file to write")?;
    let exported = service.export(&file, &passphrase(Purpose::Make, service)?).await?;
    for item in &exported.missing {
        output.warn(&format!("`{item}` is not in the vault, and not in the backup"));
    }
    if output.json {
        return Ok(output.document(&json!({
            "file": file.display().to_string(),
            "configs": exported.configs,
            "connections": exported.connections,
            "missing": exported.missing,
        }))?);
    }
    output.done(&format!(
        "{} and {} are in `{}`, sealed with the passphrase",
        count(exported.configs, "config"),
        count(exported.connections, "connection"),
        file.display()
    ));
    Ok(())
}

pub(super) async fn import(arguments: ImportArgs, service: &Service, output: Output) -> Outcome {
    let file = ImportFile::read(asked_file(arguments.file, "The file to take in")?)?;
    let options = ImportOptions {
        provider: arguments.provider,
        key: arguments.key.map(ConfigKey::new).transpose()?,
        replaces: arguments.replace,
    };
    let imported = if file.is_backup() {
        let passphrase = passphrase(Purpose::Open, service)?;
        service.import_backup(&file, &passphrase, &options).await?
    } else {
        service.import_clients(&file, &options).await?
    };
    let word = |fate: &Fate| match fate {
        Fate::Added => "added",
        Fate::Replaced => "replaced",
        Fate::Kept => "kept",
        Fate::Refused(_) => "refused",
    };
    let why = |fate: &Fate| match fate {
        Fate::Refused(why) => Some(why.clone()),
        Fate::Added | Fate::Replaced | Fate::Kept => None,
    };
    if output.json {
        let shown = imported
            .iter()
            .map(|one| json!({"what": one.what, "name": one.name, "fate": word(&one.fate), "why": why(&one.fate)}));
        output.document(&shown.collect::<Vec<Value>>())?;
    } else {
        for one in &imported {
            let what = format!("{} `{}`", one.what, one.name);
            match &one.fate {
                Fate::Added => output.done(&what),
                Fate::Replaced => output.done(&format!("{what}, replaced")),
                Fate::Kept => output.note(&format!("  {what} is here already, and stays as it is")),
                Fate::Refused(why) => output.warn(&format!("{what} was not imported: {why}")),
            }
        }
    }
    let refused = imported.iter().filter(|one| matches!(one.fate, Fate::Refused(_))).count();
    if refused == imported.len() && refused > 0 {
        return Err(Error::usage("nothing of it was imported").into());
    }
    Ok(())
}

fn asked_file(given: Option<PathBuf>, question: &str) -> Result<PathBuf> {
    match given {
        Some(file) => Ok(file),
        None => prompt::argument(None, "FILE", question, None).map(PathBuf::from),
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The passphrase of a backup: the environment's, or the one that is typed.
fn passphrase(purpose: Purpose, service: &Service) -> Result<Secret> {
    if let Some(passphrase) = &service.settings().vault.passphrase {
        return Ok(passphrase.clone());
    }
    let typed = if prompt::is_interactive() { prompt::backup_passphrase(purpose) } else { None };
    typed.ok_or_else(|| {
        Error::usage("a backup needs a passphrase")
            .hinted("set HALLPASS_PASSPHRASE_FILE, or run this on a terminal, where it is asked for")
    })
}
