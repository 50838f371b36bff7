//! `vault …`: which vault keeps the secrets, unlocking it, and moving to another.

use serde_json::json;

use super::args::VaultCommand;
use super::output::error_value;
use super::{Outcome, Output, prompt};
use crate::model::untrusted;
use crate::service::vaults::{Purpose, VaultStatus};
use crate::service::{Error, Service};
use crate::settings::{KeySource, VaultKind};

pub(super) async fn run(command: &VaultCommand, service: &Service, output: Output) -> Outcome {
    match command {
        VaultCommand::Status => status(&service.vault_status().await, output),
        VaultCommand::Unlock => unlock(service, output).await,
        VaultCommand::Migrate { to } => migrate(to.clone(), service, output).await,
    }
}

fn status(status: &VaultStatus, output: Output) -> Outcome {
    if output.json {
        output.document(&json!({
            "vault": status.kind.word(),
            "why": status.why,
            "key_source": status.key_source.map(KeySource::word),
            "file": status.file.as_ref().map(|file| file.display().to_string()),
            "is_new": status.is_new,
            "is_open": status.problem.is_none() && !status.is_new,
            "problem": status.problem.as_ref().map(error_value),
        }))?;
    } else {
        let mut fields = vec![("vault", status.kind.word().to_owned()), ("because", status.why.clone())];
        fields.extend(status.file.as_ref().map(|file| ("file", file.display().to_string())));
        fields.extend(status.key_source.map(|source| ("opened by", source.word().to_owned())));
        fields.push(("state", state(status)));
        output.fields(&fields)?;
    }
    match &status.problem {
        None => Ok(()),
        Some(error) => Err(error.clone().into()),
    }
}

fn state(status: &VaultStatus) -> String {
    match &status.problem {
        Some(problem) => problem.message.clone(),
        None if status.is_new => "not made yet; the first secret makes it".to_owned(),
        None => "open".to_owned(),
    }
}

async fn unlock(service: &Service, output: Output) -> Outcome {
    let status = service.vault_status().await;
    if status.kind == VaultKind::Keychain {
        output.note("Waiting for the keychain; it may ask you on your desktop.");
    }
    let needs_passphrase =
        status.key_source == Some(KeySource::Passphrase) && status.problem.is_some() && prompt::is_interactive();
    if let Some(problem) =
        status.problem.as_ref().filter(|problem| needs_passphrase && problem.needs_passphrase.is_none())
    {
        // The one of the environment was wrong.
        output.warn(&problem.message);
    }
    let passphrase = if needs_passphrase { prompt::passphrase(Purpose::Open) } else { None };
    service.unlock_vault(passphrase).await?;
    if status.is_new {
        output.note("There is no vault yet; the first secret makes it.");
        return Ok(());
    }
    output.done(&format!("the {} vault is open", status.kind.word()));
    if status.key_source == Some(KeySource::Passphrase) {
        output.note("  Each command asks for the passphrase anew; HALLPASS_PASSPHRASE_FILE or a key file (HALLPASS_KEY_FILE) spares you that.");
    }
    Ok(())
}

/// How often a long move says how far it is, in items.
const STEP: usize = 100;

async fn migrate(to: Option<String>, service: &Service, output: Output) -> Outcome {
    let to = prompt::argument(to, "TO", "To which vault (keychain or sealed)", None)?;
    let kind = VaultKind::from_word(&to).ok_or_else(|| {
        Error::usage(format!("`{}` is no vault", untrusted::line(&to))).hinted("move to `keychain` or `sealed`")
    })?;
    let told = |done: usize, all: usize| {
        if done.is_multiple_of(STEP) && done < all {
            output.note(&format!("{done} of {all} copied"));
        }
    };
    let migrated = service.migrate_vault(kind, &told).await?;
    let (from, to) = (migrated.from.word(), migrated.to.word());
    for item in &migrated.missing {
        output.warn(&format!("`{item}` was not in the {from} vault; authorize it again, or give its secret again"));
    }
    if let Some(error) = &migrated.left {
        output.warn(&format!(
            "copies are left in the other vault: {error}; the next command deletes them, once it can be reached"
        ));
    }
    if migrated.is_named && from != to {
        output.warn(&format!("`--vault`, HALLPASS_VAULT or the setting `vault` still names {from}: take that away"));
    }
    if output.json {
        return Ok(
            output.document(&json!({"from": from, "to": to, "moved": migrated.moved, "missing": migrated.missing}))?
        );
    }
    if from == to {
        output.note(&format!("Everything is in the {to} vault already."));
    } else {
        output.done(&format!("moved {} from the {from} vault to the {to} vault", items(migrated.moved)));
    }
    Ok(())
}

fn items(count: usize) -> String {
    if count == 1 { "1 secret".to_owned() } else { format!("{count} secrets") }
}
