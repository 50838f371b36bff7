//! `doctor` and `paths`: what works on this machine, and where everything is.

use serde_json::{Map, Value, json};

use super::{Outcome, Output};
use crate::service::doctor::{Finding, Wellness};
use crate::service::{Error, Service};

pub(super) async fn run(service: &Service, output: Output) -> Outcome {
    let findings = service.doctor().await;
    if output.json {
        let shown: Vec<Value> = findings
            .iter()
            .map(|finding| json!({"what": finding.what, "status": word(finding.wellness), "found": finding.found, "mend": finding.mend}))
            .collect();
        output.document(&shown)?;
    } else {
        for finding in &findings {
            let mark = match finding.wellness {
                Wellness::Well => "●",
                Wellness::Odd => "◐",
                Wellness::Ill => "✗",
            };
            output.line(&format!("{mark} {:<12} {}", finding.what, finding.found))?;
            if let Some(mend) = &finding.mend {
                output.line(&format!("  {:<12} → {mend}", ""))?;
            }
        }
    }
    let ill: Vec<&Finding> = findings.iter().filter(|finding| finding.wellness == Wellness::Ill).collect();
    if ill.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = ill.iter().map(|finding| finding.what).collect();
    Err(Error::new(crate::service::Kind::Vault, format!("something does not work: {}", what.join(", "))).into())
}

fn word(wellness: Wellness) -> &'static str {
    match wellness {
        Wellness::Well => "ok",
        Wellness::Odd => "warning",
        Wellness::Ill => "error",
    }
}

pub(super) fn paths(service: &Service, output: Output) -> Outcome {
    let paths = service.settings().paths.named();
    if output.json {
        let shown: Map<String, Value> =
            paths.iter().map(|(name, path)| ((*name).to_owned(), path.display().to_string().into())).collect();
        return Ok(output.document(&shown)?);
    }
    Ok(output.fields(&paths.map(|(name, path)| (name, path.display().to_string())))?)
}
