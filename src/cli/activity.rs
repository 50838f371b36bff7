//! `activity`: what happened, and what happens.

use std::time::Duration;

use super::args::{ActivityArgs, ActivityCommand};
use super::{Outcome, Output, flow, target};
use crate::model::rest::ActivityView;
use crate::model::{self, Activity, ConfigKey, ConnectionRef, Happening, untrusted};
use crate::service::{Error, Result, Service};

/// How often a store is looked at for more.
const PAUSE: Duration = Duration::from_millis(300);
/// More rows than are kept.
const ALL: u32 = 1_000_000;

pub(super) async fn run(arguments: ActivityArgs, service: &Service, output: Output) -> Outcome {
    if let Some(ActivityCommand::Show { number, curl }) = arguments.command {
        return flow::show(number, curl, service, output);
    }
    let wanted = Wanted::of(&arguments, service)?;
    // What is older than this is not news, whether it is shown or not.
    let last = service.activity(None, 1)?.first().map_or(0, |row| row.number);
    let most = if wanted.is_all_of_connection() { arguments.most } else { ALL };
    let mut rows = service.activity(wanted.connection.as_ref(), most)?;
    rows.retain(|row| wanted.has(row));
    rows.truncate(arguments.most as usize);
    if arguments.follow {
        rows.reverse();
        return follow(rows, last, &wanted, service, output).await;
    }
    if output.json {
        return Ok(output.document(&rows.iter().map(ActivityView::from).collect::<Vec<_>>())?);
    }
    let heads = ["NUMBER", "WHEN", "WHAT", "OUTCOME", "WHOSE", "DETAIL"];
    Ok(output.table(&heads, &rows.iter().map(cells).collect::<Vec<_>>())?)
}

/// What is shown: everybody's activity, one connection's, or that of all under one config; of every kind, or of some.
struct Wanted {
    connection: Option<ConnectionRef>,
    config: Option<ConfigKey>,
    kinds: Vec<Happening>,
    outcome: Option<model::Outcome>,
}

impl Wanted {
    fn of(arguments: &ActivityArgs, service: &Service) -> Result<Self> {
        let kinds = arguments.kinds.iter().map(|word| kind(word)).collect::<Result<_>>()?;
        let outcome = arguments.outcome.as_deref().map(outcome).transpose()?;
        let mut wanted = Self { connection: None, config: None, kinds, outcome };
        let named = match (&arguments.of, &arguments.target.config) {
            (Some(text), _) => target::named(text)?,
            (None, Some(_)) => arguments.target.clone().named()?,
            (None, None) => return Ok(wanted),
        };
        service.config(&named.config)?;
        match named.id {
            Some(id) => wanted.connection = Some(ConnectionRef::new(named.config, id)),
            None => wanted.config = Some(named.config),
        }
        Ok(wanted)
    }

    fn is_all_of_connection(&self) -> bool {
        self.config.is_none() && self.kinds.is_empty() && self.outcome.is_none()
    }

    fn has(&self, row: &Activity) -> bool {
        (self.config.is_none() || self.config == row.config)
            && (self.kinds.is_empty() || self.kinds.contains(&row.happening))
            && self.outcome.is_none_or(|outcome| outcome == row.outcome)
    }
}

fn kind(word: &str) -> Result<Happening> {
    Happening::from_word(&word.replace(['-', '_'], " ")).ok_or_else(|| {
        let all = Happening::ALL.map(|happening| happening.word().replace(' ', "-")).join(", ");
        Error::usage(format!("`{}` is no kind of activity", untrusted::line(word))).hinted(format!("there are {all}"))
    })
}

fn outcome(word: &str) -> Result<model::Outcome> {
    model::Outcome::from_word(word).ok_or_else(|| {
        Error::usage(format!("`{}` is no outcome", untrusted::line(word))).hinted("there are done, failed and refused")
    })
}

async fn follow(mut rows: Vec<Activity>, mut last: i64, wanted: &Wanted, service: &Service, output: Output) -> Outcome {
    loop {
        for row in &rows {
            last = last.max(row.number);
            if !wanted.has(row) {
                continue;
            }
            if output.json {
                output.object(&serde_json::to_value(ActivityView::from(row)).unwrap_or_default())?;
            } else {
                output.line(&cells(row).join("  "))?;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => rows = service.activity_after(last, wanted.connection.as_ref())?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn cells(row: &Activity) -> Vec<String> {
    let by = row.by.as_ref().map(|by| format!("by {by}"));
    let took = row.took.map(|took| format!("{} ms", took.as_millis()));
    vec![
        row.number.to_string(),
        row.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        row.happening.word().to_owned(),
        row.outcome.word().to_owned(),
        row.subject(),
        flow::joined([Some(row.detail.clone()), by, row.fingerprint.clone(), took]),
    ]
}
