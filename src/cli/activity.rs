//! `activity`: what happened, and what happens.

use std::time::Duration;

use super::args::ActivityArgs;
use super::{Outcome, Output};
use crate::backend::Backend;
use crate::model::rest::ActivityView;
use crate::model::{Activity, ConnectionRef};

/// How often a store is looked at for more.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) async fn run(arguments: ActivityArgs, backend: &Backend, output: Output) -> Outcome {
    let of = if arguments.target.config.is_some() { Some(arguments.target.existing(backend)?) } else { None };
    let mut rows = backend.activity(of.as_ref(), arguments.most)?;
    if arguments.follow {
        rows.reverse();
        return follow(rows, of.as_ref(), backend, output).await;
    }
    if output.json {
        return Ok(output.document(&rows.iter().map(ActivityView::from).collect::<Vec<_>>())?);
    }
    Ok(output.table(&["WHEN", "WHAT", "OUTCOME", "WHOSE", "DETAIL"], &rows.iter().map(cells).collect::<Vec<_>>())?)
}

async fn follow(mut rows: Vec<Activity>, of: Option<&ConnectionRef>, backend: &Backend, output: Output) -> Outcome {
    let mut last = 0;
    loop {
        for row in &rows {
            last = row.number;
            if output.json {
                output.object(&serde_json::to_value(with_event(row)).unwrap_or_default())?;
            } else {
                output.line(&cells(row).join("  "))?;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => rows = backend.activity_after(last, of)?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn with_event(row: &Activity) -> ActivityView {
    ActivityView::from(row)
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
