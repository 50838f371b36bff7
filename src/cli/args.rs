//! What can be typed. The doc comments are the help.

mod config;
mod hyphen;
mod shell;
mod verbs;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use config::ConfigCommand;
pub use shell::Shell;
pub use verbs::{
    ActivityArgs, ActivityCommand, ConnectArgs, DemoArgs, ExecArgs, ImportArgs, RequestArgs, SandboxArgs, ServeArgs,
    TokenArgs, TokenFormat,
};

/// A fresh token for any API, from your terminal, at the moment you need it
///
/// Without a command, hallpass opens its terminal UI. `hallpass demo` shows everything at once,
/// without an account. Nango's colon forms (`token:get`) are accepted for every command.
#[derive(Parser)]
#[command(name = "hallpass", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Arguments {
    /// Options that every command takes
    #[command(flatten)]
    pub global: Global,
    /// Talk by lines instead of drawing: for screen readers, and for terminals that can do no more [env: `HALLPASS_PLAIN`, `ACCESSIBLE`]
    #[arg(long)]
    pub plain: bool,
    /// The command
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Keep settings, store, sealed vault, locks and logs below this folder [env: `HALLPASS_HOME`]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Where secrets rest: keychain, sealed or memory [env: `HALLPASS_VAULT`]
    #[arg(long, global = true, value_name = "KIND")]
    pub vault: Option<String>,
    /// Work at another host that speaks Nango's REST API, instead of with this machine's vault [env: `NANGO_HOSTPORT`, and `NANGO_SECRET_KEY` for its key]
    #[arg(long, global = true, value_name = "URL")]
    pub host: Option<String>,
    /// Change nothing
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Print one JSON document (or one object a line) instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Draw the terminal UI with ASCII alone
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Print nothing but what was asked for
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell more on standard error (-v, -vv, -vvv); the terminal UI tells it to the log, which `hallpass paths` names
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that wants them
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Show everything at once, with the built-in sandbox: no account, no keychain needed
    Demo(DemoArgs),
    /// List, show and check providers
    #[command(subcommand, alias = "providers")]
    Provider(ProviderCommand),
    /// Make, list, change and delete configs (your own application at a provider)
    #[command(subcommand, alias = "configs")]
    Config(ConfigCommand),
    /// Authorize a connection: in the browser, with a device code, or with a key of yours
    Connect(ConnectArgs),
    /// List, show, rename and delete connections
    #[command(subcommand, alias = "connections")]
    Connection(ConnectionCommand),
    /// Get a fresh token, or look into one
    #[command(subcommand)]
    Token(TokenCommand),
    /// Send an authorized request to the provider's API
    Request(RequestArgs),
    /// Run a program with fresh tokens in its environment, and nowhere else
    Exec(ExecArgs),
    /// Run the local server: Nango's REST API and frontend flow, for programs of this machine
    Serve(ServeArgs),
    /// Show which vault keeps the secrets, unlock it, and move everything to another
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Show what happened, and each step of it
    Activity(ActivityArgs),
    /// Write a backup of everything, sealed with a passphrase
    Export {
        /// The file to write; it must not exist yet
        file: Option<PathBuf>,
    },
    /// Take in a backup, a .env file, or Google's `client_secret.json`
    Import(ImportArgs),
    /// Look through the settings file, and print what it may say
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Look at what works on this machine, and how to mend what does not
    Doctor,
    /// Print every path, the log's among them
    Paths,
    /// Print what may be told to whoever is asked for help: no secret, no name
    BugReport,
    /// Run the built-in authorization server alone
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions {
        /// bash, elvish, fish, nushell, powershell or zsh
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// The folder to write them to, one page for each command
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Print what may stand at the cursor (used by the completion scripts)
    #[command(hide = true)]
    Complete {
        /// The shell whose script asks
        #[arg(hide_possible_values = true)]
        shell: Shell,
        /// What it hands over
        #[arg(last = true)]
        words: Vec<std::ffi::OsString>,
    },
    /// Hold the secret on standard input on the clipboard (used by `token get --copy`)
    #[command(hide = true)]
    ClipboardHold {
        /// For how long
        seconds: u64,
    },
}

impl Command {
    /// Tells whether it is about this machine, whatever host is worked at.
    pub fn is_about_this_machine(&self) -> bool {
        match self {
            Self::Config(_)
            | Self::Connect(_)
            | Self::Connection(_)
            | Self::Token(_)
            | Self::Request(_)
            | Self::Exec(_) => false,
            Self::Demo(_)
            | Self::Provider(_)
            | Self::Serve(_)
            | Self::Vault(_)
            | Self::Activity(_)
            | Self::Export { .. }
            | Self::Import(_)
            | Self::Settings(_)
            | Self::Doctor
            | Self::Paths
            | Self::BugReport
            | Self::Sandbox(_)
            | Self::Completions { .. }
            | Self::Man { .. }
            | Self::Complete { .. }
            | Self::ClipboardHold { .. } => true,
        }
    }

    /// Tells whether it looks at what is wrong here, and changes nothing: a mistake in the settings is no reason not
    /// to.
    pub fn looks_at_this_machine(&self) -> bool {
        matches!(self, Self::Doctor | Self::Paths | Self::BugReport)
    }
}

/// `provider …`.
#[derive(Subcommand)]
pub enum ProviderCommand {
    /// List providers, or those that match
    List {
        /// What to look for, fuzzily
        query: Vec<String>,
    },
    /// Show one provider: what it needs, and where people stumble
    Show {
        /// The provider's id
        id: Option<String>,
    },
    /// Make a provider file of your own
    ///
    /// It takes an issuer, whose metadata has the rest, or two addresses; what is left out is asked for on a terminal.
    /// The token endpoint is tried with a request that it must refuse.
    New {
        /// The name that you know it by; its id is made of that
        name: Option<String>,
        /// The issuer (OpenID Connect, RFC 8414)
        #[arg(long, value_name = "URL", conflicts_with_all = ["authorization_endpoint", "token_endpoint"])]
        issuer: Option<String>,
        /// Where the browser goes
        #[arg(long, value_name = "URL", requires = "token_endpoint")]
        authorization_endpoint: Option<String>,
        /// Where codes are exchanged
        #[arg(long, value_name = "URL", requires = "authorization_endpoint")]
        token_endpoint: Option<String>,
        /// Where its API is
        #[arg(long, value_name = "URL")]
        api: Option<String>,
    },
    /// Check provider files of your own
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Compare provider files with what their issuers say today
    ///
    /// For whoever keeps the catalog: fetches the metadata of each issuer that a file names beside its endpoints, and
    /// tells what differs.
    Drift {
        /// Their ids; every one that names an issuer, if there is none
        ids: Vec<String>,
    },
}

/// A connection, as `CONFIG CONNECTION`, `CONFIG/CONNECTION`, or `CONFIG` where it has just one.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The config, or config/connection
    #[arg(value_name = "CONFIG")]
    pub config: Option<String>,
    /// The connection's id
    #[arg(value_name = "CONNECTION")]
    pub connection: Option<String>,
}

/// `connection …`.
#[derive(Subcommand)]
pub enum ConnectionCommand {
    /// List connections
    List,
    /// Show a connection
    Get(Target),
    /// Give a connection another id
    Rename {
        /// The config, or config/connection
        config: Option<String>,
        /// Its id, or the new one where config/connection was given
        connection: Option<String>,
        /// The new id
        new: Option<String>,
    },
    /// Delete a connection here, and at the provider if asked
    Delete {
        /// The connection
        #[command(flatten)]
        target: Target,
        /// Revoke its tokens at the provider first
        #[arg(long)]
        revoke: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// `token …`.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Print a fresh token, refreshing it if need be
    Get(TokenArgs),
    /// Look into a token: claims, times, scopes
    Inspect(Target),
}

/// `settings …`.
#[derive(Subcommand)]
pub enum SettingsCommand {
    /// Look through a settings file, and tell every mistake with its line
    Check {
        /// The file, if not the one in use
        file: Option<PathBuf>,
    },
    /// Print the JSON schema of the settings file, for editors
    Schema,
}

/// `vault …`.
#[derive(Subcommand)]
pub enum VaultCommand {
    /// Show which vault is in use, and why
    Status,
    /// Unlock it: wait for the keychain, or try the passphrase
    Unlock,
    /// Move every secret to another vault; it may be stopped, and goes on where it stopped
    Migrate {
        /// keychain or sealed
        to: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    /// What `hallpass config …` takes for the client id of `line`, or what it says.
    fn client_id(line: &str) -> Result<String, String> {
        let words = ["hallpass", "config"].into_iter().chain(line.split(' '));
        match Arguments::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Some(Command::Config(
                ConfigCommand::Create { issuer: Some(_), provider: Some(id), .. }
                | ConfigCommand::Create { client_id: Some(id), .. },
            )) => Ok(id),
            Some(Command::Config(ConfigCommand::Edit { client_id, new_client_id, .. })) => {
                client_id.or(new_client_id).ok_or_else(|| "no client id".to_owned())
            }
            _ => Err("no client id".to_owned()),
        }
    }

    #[test]
    fn a_client_id_may_begin_with_a_hyphen_and_options_stay_options() {
        for line in [
            "create key github -5yX - read:user",
            "create key github -5yX --public",
            "create --public key github -5yX",
            "create key --issuer https://id.example -5yX -",
            "create key github -- -5yX -",
            "edit key github -5yX",
            "edit key --client-id -5yX",
            "edit key --client-id=-5yX",
        ] {
            assert_eq!(client_id(line).as_deref(), Ok("-5yX"), "{line}");
        }
        let drawn = "--yXcyKOKxxhZDB2aFThy_OkFAHR8DWduPe45LXcd9A";
        assert_eq!(client_id(&format!("create key github {drawn} -")).as_deref(), Ok(drawn));
        for line in ["create key github --pubic", "create key github id --pubic", "edit key github --registr"] {
            let said = client_id(line).unwrap_err();
            assert!(said.contains("unexpected argument '--") && said.contains("a similar argument exists"), "{said}");
        }
        assert!(client_id("create key --isuer=https://id.example").unwrap_err().contains("'--issuer'"));
        assert!(client_id("edit key --client-id --register").is_err());
    }
}
