//! `completions` and `man`.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Arguments, Shell};
use super::{Outcome, Output};
use crate::service::Error;

/// Prints a completion script.
pub fn completions(shell: Shell, output: Output) -> Outcome {
    Ok(output.raw(shell.script().as_bytes())?)
}

/// Prints the manual page, or writes those of every command into a folder.
pub fn man(folder: Option<&Path>, output: Output) -> Outcome {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
        return Ok(output.raw(&page)?);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    written.map_err(|error| Error::usage(format!("the pages cannot be written to `{}`: {error}", folder.display())))?;
    output.done(&format!("the pages are in `{}`", folder.display()));
    Ok(())
}
