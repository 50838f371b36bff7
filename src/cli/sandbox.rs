//! `sandbox`: the built-in authorization server alone.

use serde_json::json;

use super::args::SandboxArgs;
use super::{Outcome, Output};
use crate::service::sandbox::{CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, Sandbox};

/// Tells about a running sandbox, and lets it run until it is interrupted. What is printed is the
/// provider file that describes it.
pub async fn run(arguments: &SandboxArgs, sandbox: &Sandbox, output: Output) -> Outcome {
    if output.json {
        output.object(&json!({
            "event": "started",
            "issuer": sandbox.issuer(),
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "public_client_id": PUBLIC_CLIENT_ID,
            "weather": arguments.weather,
            "provider_file": sandbox.provider_file(),
        }))?;
    } else {
        output.note(&format!("The sandbox runs at {} ({}); ctrl-c ends it.", sandbox.issuer(), arguments.weather));
        output.note("Keep this as `sandbox.toml` in your providers folder (`hallpass paths`), then:");
        output.note(&format!("  printf %s {CLIENT_SECRET} | hallpass config create sandbox sandbox {CLIENT_ID} -"));
        output.note("  hallpass connect sandbox me\n");
        output.raw(sandbox.provider_file().as_bytes())?;
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
