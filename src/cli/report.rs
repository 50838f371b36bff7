//! `bug-report`: what may be told to whoever is asked for help.

use serde_json::{Map, Value};

use super::{Outcome, Output};
use crate::service::Service;

pub(super) async fn run(service: &Service, output: Output) -> Outcome {
    let sections = service.report().await;
    if output.json {
        let shown: Map<String, Value> =
            sections.into_iter().map(|section| (section.title.to_owned(), section.lines.into())).collect();
        return Ok(output.document(&shown)?);
    }
    for section in &sections {
        output.line(&format!("## {}\n", section.title))?;
        section.lines.iter().try_for_each(|line| output.line(&format!("- {line}")))?;
        output.line("")?;
    }
    output.note(
        "Read it before you hand it on: names are replaced, and no secret is in it, as far as hallpass knows them.",
    );
    Ok(())
}
