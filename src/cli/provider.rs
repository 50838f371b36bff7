//! `provider …`: listing, showing and checking provider files.

use serde_json::{Value, json};

use super::args::ProviderCommand;
use super::{Outcome, Output, prompt};
use crate::model::provider::{Pkce, RequestFormat, UrlTemplate};
use crate::model::{Provider, ProviderId, search};
use crate::service::new_provider::NewProvider;
use crate::service::{Error, Kind, Listed, Service};

pub(super) async fn run(command: ProviderCommand, service: &Service, output: Output) -> Outcome {
    match command {
        ProviderCommand::New { name, issuer, authorization_endpoint, token_endpoint, api } => {
            let new =
                NewProvider { name: name.unwrap_or_default(), issuer, authorization_endpoint, token_endpoint, api };
            Box::pin(make(new, service, output)).await
        }
        ProviderCommand::Drift { ids } => Box::pin(drift(ids, service, output)).await,
        ProviderCommand::List { query } => list(&query.join(" "), service, output),
        ProviderCommand::Show { id } => show(id, service, output),
        ProviderCommand::Check { files } => check(&files, service, output),
    }
}

async fn make(mut new: NewProvider, service: &Service, output: Output) -> Outcome {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if new.name.trim().is_empty() {
        new.name = prompt::argument(None, "NAME", "Name of the provider", None)?;
    }
    if new.issuer.is_none() && new.token_endpoint.is_none() {
        if !prompt::is_interactive() {
            return Err(Error::usage("neither an issuer nor two addresses are given")
                .hinted("give `--issuer URL`, or `--authorization-endpoint URL --token-endpoint URL`")
                .into());
        }
        new.issuer = given(&prompt::ask("Issuer (enter, if there is none)", None)?);
        if new.issuer.is_none() {
            let asked = |question| prompt::argument(None, "URL", question, None);
            new.authorization_endpoint = Some(asked("Authorization endpoint, where the browser goes")?);
            new.token_endpoint = Some(asked("Token endpoint, where codes are exchanged")?);
        }
        new.api = new.api.or(given(&prompt::ask("Base URL of the API (enter leaves it out)", None)?));
    }
    let made = service.new_provider(new).await?;
    let file = service.settings().paths.providers.join(format!("{}.toml", made.id));
    if output.json {
        let shown = json!({"id": made.id.as_str(), "file": file.display().to_string(), "findings": made.findings, "text": made.text});
        return Ok(output.document(&shown)?);
    }
    output.line(&made.text)?;
    output.note(&format!("Written to {}.", file.display()));
    for finding in &made.findings {
        output.note(&format!("• {finding}"));
    }
    output.note(&format!("Make a config of it: hallpass config create {0} {0}", made.id));
    output.note("When it works, send the file upstream: add `docs`, `console`, `notes` and categories, and put it into `providers/`.");
    Ok(())
}

async fn drift(ids: Vec<String>, service: &Service, output: Output) -> Outcome {
    let every = || service.providers_with_issuer().into_iter().map(|id| id.as_str().to_owned()).collect();
    let ids: Vec<String> = if ids.is_empty() { every() } else { ids };
    let mut all = Vec::new();
    for id in &ids {
        all.push(service.drift(id).await?);
    }
    let odd = all.iter().filter(|drift| !matches!(&drift.differences, Ok(told) if told.is_empty())).count();
    if output.json {
        let shown: Vec<Value> = all
            .iter()
            .map(|drift| {
                let error = drift.differences.as_ref().err().map(ToString::to_string);
                json!({"id": drift.id.as_str(), "differences": drift.differences.as_ref().ok(), "error": error})
            })
            .collect();
        output.document(&shown)?;
    } else {
        for drift in &all {
            match &drift.differences {
                Ok(told) if told.is_empty() => output.line(&format!("{}: as it is", drift.id))?,
                Ok(told) => told.iter().try_for_each(|told| output.line(&format!("{}: {told}", drift.id)))?,
                Err(error) => output.line(&format!("{}: {error}", drift.id))?,
            }
        }
    }
    if odd == 0 {
        return Ok(());
    }
    Err(Error::new(Kind::Provider, format!("{odd} of {} files differ, or could not be compared", all.len())).into())
}

fn list(query: &str, service: &Service, output: Output) -> Outcome {
    let mut listed: Vec<Listed> = Vec::new();
    for (_, provider) in service.listed_providers() {
        match provider {
            Ok(provider) => listed.push(provider),
            Err(error) => output.warn(&error.message),
        }
    }
    let absence = service.absence(query);
    if let Some(why) = &absence {
        output.note(&format!("There is no provider `{}`: {why}.", query.trim()));
    }
    let haystack: Vec<String> = listed.iter().map(searchable).collect();
    let found: Vec<&Listed> = search::fuzzy(query, &haystack).into_iter().map(|index| &listed[index]).collect();
    if output.json {
        // One whose file has just been changed for the worse is left out, as above.
        let read = |listed: &&Listed| Some(value(&listed.id, &service.provider(listed.id.as_str()).ok()?.1));
        let shown: Vec<Value> = found.iter().filter_map(read).collect();
        return Ok(output.document(&shown)?);
    }
    let row = |listed: &&Listed| {
        vec![listed.id.to_string(), listed.name.clone(), listed.ways.join(" "), listed.categories.join(" ")]
    };
    output.table(&["ID", "NAME", "WAYS IN", "CATEGORIES"], &found.iter().map(row).collect::<Vec<_>>())?;
    if found.is_empty() && absence.is_none() {
        output.note("No provider matches; a file of your own makes one (README, “A provider of your own”).");
    }
    Ok(())
}

fn searchable(listed: &Listed) -> String {
    // What stands in the other columns is found, too.
    let rest = format!("{} {}", listed.ways.join(" "), listed.categories.join(" "));
    search::entry(listed.id.as_str(), &listed.aliases, &listed.name, &rest)
}

fn value(id: &ProviderId, provider: &Provider) -> Value {
    json!({
        "id": id.as_str(),
        "name": provider.name,
        "categories": provider.categories,
        "ways": provider.way_words(),
        "docs": provider.docs,
        "console": provider.console,
        "notes": provider.notes,
        "is_own": provider.is_own,
        "variables": provider.asked_variables().map(|(name, variable)| json!({
            "name": name, "label": variable.label, "default": variable.default, "optional": variable.optional, "choices": variable.choices,
        })).collect::<Vec<_>>(),
        "needs": provider.ways().into_iter().map(|way| json!({
            "way": way.word(),
            "words": provider.needs(way),
            "fields": provider.credential_fields(way).into_iter().filter(|(_, field)| field.default.is_none()).map(|(name, field)| json!({
                "name": name, "label": field.label, "secret": field.secret, "optional": field.optional,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "has_device_codes": provider.offers_device(),
        "issuer": provider.oauth2.as_ref().and_then(|oauth2| oauth2.issuer.clone()),
        "known_scopes": provider.oauth2.as_ref().map(|oauth2| &oauth2.known_scopes),
        "default_scopes": provider.oauth2.as_ref().map(|oauth2| &oauth2.default_scopes),
    })
}

fn show(id: Option<String>, service: &Service, output: Output) -> Outcome {
    let id = prompt::argument(id, "ID", "Provider id", None)?;
    let (id, provider) = service.provider(&id)?;
    if output.json {
        return Ok(output.document(&value(&id, &provider))?);
    }
    let mut fields =
        vec![("id", id.to_string()), ("name", provider.name.clone()), ("categories", provider.categories.join(", "))];
    fields.extend(provider.ways().into_iter().map(|way| ("way in", format!("{way}: {}", provider.needs(way)))));
    let mut push =
        |name, text: Option<String>| fields.extend(text.filter(|text| !text.is_empty()).map(|text| (name, text)));
    push("docs", provider.docs.clone());
    push("console", provider.console.clone());
    if let Some(oauth2) = &provider.oauth2 {
        let first = |url: &Option<UrlTemplate>| url.as_ref().map(|url| url.candidates().join(" or "));
        push("issuer", oauth2.issuer.clone());
        push("authorization", first(&oauth2.authorization_endpoint));
        push("token", first(&oauth2.token_endpoint));
        push("device code", first(&oauth2.device_authorization_endpoint));
        push("revocation", first(&oauth2.revocation_endpoint));
        push("PKCE", Some(if oauth2.pkce == Pkce::S256 { "S256" } else { "none: the provider rejects it" }.to_owned()));
        push(
            "token request",
            (oauth2.token_request.format != RequestFormat::Form).then(|| "as JSON or in the URL".to_owned()),
        );
        push("usual scopes", Some(oauth2.default_scopes.join(" ")));
        push("known scopes", Some(oauth2.known_scopes.join(" ")));
        push("redirect", oauth2.redirect.words().map(str::to_owned));
    }
    if let Some(table) = &provider.client_credentials {
        push("token (own)", table.token_endpoint.as_ref().map(|url| url.candidates().join(" or ")));
    }
    push("API", provider.api.base_url.as_ref().map(|url| url.candidates().join(" or ")));
    output.fields(&fields)?;
    let asked = asked(&provider);
    if !asked.is_empty() {
        output.line("")?;
    }
    asked.iter().try_for_each(|line| output.line(line))?;
    if !provider.notes.is_empty() {
        output.line("")?;
    }
    for note in &provider.notes {
        output.line(&format!("• {note}"))?;
    }
    Ok(())
}

/// What `connect` asks for, one line each.
fn asked(provider: &Provider) -> Vec<String> {
    let optional = |is_optional: bool| if is_optional { " (may be left out)" } else { "" };
    let variables = provider.asked_variables().map(|(name, variable)| {
        let need = if variable.optional || variable.default.is_some() { "takes" } else { "needs" };
        let default = variable.default.as_ref().map(|default| format!(" (usually {default})")).unwrap_or_default();
        let label = variable.label.as_deref().unwrap_or_default();
        format!("{need} `--param {name}=…`: {label}{default}{}", optional(variable.optional))
    });
    let fields = provider.ways().into_iter().flat_map(|way| provider.credential_fields(way));
    let fields = fields.filter(|(_, field)| field.default.is_none()).map(|(name, field)| {
        format!("asks for `{name}`: {}{}", field.label.unwrap_or_default(), optional(field.optional))
    });
    variables.chain(fields).collect()
}

fn check(files: &[std::path::PathBuf], service: &Service, output: Output) -> Outcome {
    let mut all = Vec::new();
    for file in files {
        let problems = service.check_provider_file(file)?;
        all.push((file.display().to_string(), problems));
    }
    if output.json {
        let shown: Vec<Value> =
            all.iter().map(|(file, problems)| json!({"file": file, "problems": problems})).collect();
        output.document(&shown)?;
    } else {
        for (file, problems) in &all {
            if problems.is_empty() {
                output.line(&format!("{file}: good"))?;
            }
            for problem in problems {
                output.line(&format!("{file}: {problem}"))?;
            }
        }
    }
    let bad = all.iter().filter(|(_, problems)| !problems.is_empty()).count();
    if bad == 0 { Ok(()) } else { Err(Error::usage(format!("{bad} of {} files have mistakes", all.len())).into()) }
}
