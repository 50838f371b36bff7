//! `activity`: what happened, and what happens.

use std::time::Duration;

use super::args::{ActivityArgs, Target};
use super::{Outcome, Output};
use crate::model::rest::ActivityView;
use crate::model::{Activity, ConfigKey, ConnectionRef};
use crate::service::{Result, Service};

/// How often a store is looked at for more.
const PAUSE: Duration = Duration::from_millis(300);
/// More rows than are kept.
const ALL: u32 = 1_000_000;

pub(super) async fn run(arguments: ActivityArgs, service: &Service, output: Output) -> Outcome {
    let whose = Whose::of(arguments.target, service)?;
    // What is older than this is not news, whether it is shown or not.
    let last = service.activity(None, 1)?.first().map_or(0, |row| row.number);
    let mut rows =
        service.activity(whose.connection.as_ref(), if whose.config.is_some() { ALL } else { arguments.most })?;
    rows.retain(|row| whose.is_of(row));
    rows.truncate(arguments.most as usize);
    if arguments.follow {
        rows.reverse();
        return follow(rows, last, &whose, service, output).await;
    }
    if output.json {
        return Ok(output.document(&rows.iter().map(ActivityView::from).collect::<Vec<_>>())?);
    }
    Ok(output.table(&["WHEN", "WHAT", "OUTCOME", "WHOSE", "DETAIL"], &rows.iter().map(cells).collect::<Vec<_>>())?)
}

/// Whose activity is shown: everybody's, one connection's, or that of all under one config.
struct Whose {
    connection: Option<ConnectionRef>,
    config: Option<ConfigKey>,
}

impl Whose {
    fn of(target: Target, service: &Service) -> Result<Self> {
        if target.config.is_none() {
            return Ok(Self { connection: None, config: None });
        }
        let named = target.named()?;
        service.config(&named.config)?;
        Ok(match named.id {
            Some(id) => Self { connection: Some(ConnectionRef::new(named.config, id)), config: None },
            None => Self { connection: None, config: Some(named.config) },
        })
    }

    fn is_of(&self, row: &Activity) -> bool {
        self.config.is_none() || self.config == row.config
    }
}

async fn follow(mut rows: Vec<Activity>, mut last: i64, whose: &Whose, service: &Service, output: Output) -> Outcome {
    loop {
        for row in &rows {
            last = last.max(row.number);
            if !whose.is_of(row) {
                continue;
            }
            if output.json {
                output.object(&serde_json::to_value(ActivityView::from(row)).unwrap_or_default())?;
            } else {
                output.line(&cells(row).join("  "))?;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => rows = service.activity_after(last, whose.connection.as_ref())?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn cells(row: &Activity) -> Vec<String> {
    vec![
        row.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        row.happening.word().to_owned(),
        row.outcome.word().to_owned(),
        row.subject(),
        [Some(row.detail.clone()), row.fingerprint.clone(), row.took.map(|took| format!("{} ms", took.as_millis()))]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
    ]
}
