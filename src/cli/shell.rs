//! `completions` and `man`, both made from the arguments themselves.

use clap::CommandFactory;

use super::args::Arguments;
use super::{Outcome, Output};

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell, output: Output) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "hallpass", &mut script);
    Ok(output.raw(&script)?)
}

/// Prints the manual page.
pub fn man(output: Output) -> Outcome {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
    Ok(output.raw(&page)?)
}
