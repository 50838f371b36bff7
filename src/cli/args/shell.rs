//! The shells that completion is for.

use clap::ValueEnum;

/// The shells that completion is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash, from 3.2 on
    Bash,
    /// Elvish
    Elvish,
    /// fish
    Fish,
    /// Nushell
    #[value(alias = "nu")]
    Nushell,
    /// PowerShell, from 5.1 on
    #[value(alias = "pwsh")]
    Powershell,
    /// Z shell
    Zsh,
}
