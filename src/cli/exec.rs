//! `exec`: a program with fresh tokens in its environment, and nowhere else.

use super::args::ExecArgs;
use super::interrupt::uninterrupted;
use super::target::connection_of;
use super::{Failure, Outcome, Output};
use crate::backend::Backend;
use crate::model::untrusted;
use crate::service::Error;
use crate::service::exec::Variable;

pub(super) async fn run(arguments: ExecArgs, backend: &Backend, output: Output) -> Outcome {
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Error::usage("COMMAND is missing")
            .hinted("write it after `--`: `hallpass exec github/jane -- npm run dev`")
            .into());
    };
    let mut variables = Vec::new();
    for text in &arguments.connections {
        variables.push(Variable { name: None, connection: connection_of(text, backend).await? });
    }
    for pair in &arguments.named {
        let (name, text) = pair
            .split_once('=')
            .ok_or_else(|| Error::usage(format!("`{}` is not NAME=CONFIG/CONNECTION", untrusted::line(pair))))?;
        variables.push(Variable { name: Some(name.to_owned()), connection: connection_of(text, backend).await? });
    }
    if variables.is_empty() {
        return Err(Error::usage("no connection was named").hinted("`hallpass exec github/jane -- COMMAND`").into());
    }
    let shown = program.to_string_lossy().into_owned();
    let environment = uninterrupted(backend.environment(&variables, &shown), backend, output).await?;
    match backend.replace_with(program, rest, &environment)? {
        0 => Ok(()),
        code => Err(Failure::Child(code)),
    }
}
