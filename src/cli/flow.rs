//! `activity show`: the steps of a flow, or its requests as `curl` commands.

use super::{Outcome, Output};
use crate::model::rest::{self, ActivityView};
use crate::model::tape::{Answer, Step};
use crate::model::{Activity, Connection, ConnectionRef};
use crate::service::{Error, Kind, Service};

pub(super) fn show(number: i64, is_curl: bool, service: &Service, output: Output) -> Outcome {
    let row = service.one_activity(number)?;
    let steps = service.flow(number)?;
    if output.json {
        let mut shown = rest::object(&ActivityView::from(&row));
        shown.insert("steps".to_owned(), steps.iter().map(rest::step).collect::<Vec<_>>().into());
        return Ok(output.document(&shown)?);
    }
    if is_curl {
        curl(number, &steps, output)?;
        if is_signed(&row, service) {
            output.note("each request to this API is signed on its own: `hallpass request` signs and sends another");
        }
        return Ok(());
    }
    let took = row.took.map(|took| format!("{} ms", took.as_millis()));
    output.fields(
        &[
            ("number", row.number.to_string()),
            ("when", row.at.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
            ("what", format!("{} ({})", row.happening.word(), row.outcome.word())),
            ("whose", row.subject()),
            ("by", row.by.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("detail", told(&row)),
            ("took", took.unwrap_or_default()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect::<Vec<_>>(),
    )?;
    if steps.is_empty() {
        output.note("no steps are kept of this");
    }
    for (index, step) in steps.iter().enumerate() {
        output.line(&format!("\n{}", lines(index + 1, step).join("\n")))?;
    }
    Ok(())
}

/// Tells whether requests of the connection that a row is about are signed: their headers cannot be filled in.
fn is_signed(row: &Activity, service: &Service) -> bool {
    let (Some(config), Some(id)) = (&row.config, &row.connection) else { return false };
    let connection = service.connection(&ConnectionRef::new(config.clone(), id.clone()));
    let provider = |connection: &Connection| service.provider(connection.provider.as_str());
    connection.is_ok_and(|connection| {
        provider(&connection).is_ok_and(|(_, provider)| provider.signs_requests(connection.way))
    })
}

fn curl(number: i64, steps: &[Step], output: Output) -> Outcome {
    let commands: Vec<String> = steps.iter().filter_map(Step::curl).collect();
    if commands.is_empty() {
        return Err(Error::new(
            Kind::NotFound,
            format!("nothing was sent in the flow of row {number} that could be sent again"),
        )
        .hinted(format!("`hallpass activity show {number}` shows its steps"))
        .into());
    }
    for command in commands {
        output.line(&command)?;
    }
    Ok(())
}

fn lines(number: usize, step: &Step) -> Vec<String> {
    let times = if step.times > 1 { format!(" × {}", step.times) } else { String::new() };
    let took = step.took.map(|took| format!("  {} ms", took.as_millis())).unwrap_or_default();
    let mut lines = vec![format!("{number}  {}{times}  {}{took}", step.what.word(), step.at.format("%H:%M:%S%.3f"))];
    if let Some(request) = &step.request {
        lines.push(format!("   {} {}", request.method, request.target()));
        lines.extend(request.header_lines().iter().map(|line| format!("     {line}")));
        lines.extend(request.body_lines().iter().map(|line| format!("     {line}")));
    }
    match &step.answer {
        Some(Answer::Came { status, headers, body, size }) => {
            let size = size.filter(|_| body.is_empty()).map(|size| format!("  ({size} bytes)")).unwrap_or_default();
            lines.push(format!("   {status}{size}"));
            lines.extend(headers.iter().map(|(name, value)| format!("     {name}: {value}")));
            lines.extend(body.lines().map(|line| format!("     {line}")));
        }
        Some(Answer::Failed(why)) => lines.push(format!("   {why}")),
        None => {}
    }
    lines
}

/// What a row tells in words, and the fingerprint of its token.
fn told(row: &Activity) -> String {
    joined([Some(row.detail.clone()), row.fingerprint.clone()])
}

/// Joins what there is of texts.
pub(super) fn joined<const N: usize>(texts: [Option<String>; N]) -> String {
    texts.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}
