//! What can be typed. The doc comments are the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// The command
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Keep settings, store, sealed vault, locks and logs below this folder [env: `HALLPASS_HOME`]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Where secrets rest: keychain, sealed or memory [env: `HALLPASS_VAULT`]
    #[arg(long, global = true, value_name = "KIND")]
    pub vault: Option<String>,
    /// Change nothing
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Print one JSON document (or one object a line) instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Print nothing but what was asked for
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell more on standard error (-v, -vv, -vvv)
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
    /// Authorize a connection in the browser
    Connect(ConnectArgs),
    /// List, show, rename and delete connections
    #[command(subcommand, alias = "connections")]
    Connection(ConnectionCommand),
    /// Get a fresh token, or look into one
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show which vault keeps the secrets, unlock it, and move everything to another
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Show what happened
    Activity(ActivityArgs),
    /// Write a backup of everything, sealed with a passphrase
    Export {
        /// The file to write; it must not exist yet
        file: Option<PathBuf>,
    },
    /// Take in a backup, a .env file, or Google's `client_secret.json`
    Import(ImportArgs),
    /// Look at what works on this machine, and how to mend what does not
    Doctor,
    /// Print every path
    Paths,
    /// Run the built-in authorization server alone
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Hold the secret on standard input on the clipboard (used by `token get --copy`)
    #[command(hide = true)]
    ClipboardHold {
        /// For how long
        seconds: u64,
    },
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Give the consent by itself instead of asking in the browser
    #[arg(long)]
    pub auto: bool,
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
    /// Check provider files of your own
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// `config …`.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Make a config
    ///
    /// What is left out is asked for on a terminal. Give the client secret at the prompt, or `-`
    /// to read it from standard input: what stands on a command line, others can see.
    Create {
        /// The key you choose
        key: Option<String>,
        /// The provider's id
        provider: Option<String>,
        /// The client id
        client_id: Option<String>,
        /// The client secret; - reads it from standard input
        #[arg(hide_env_values = true)]
        client_secret: Option<String>,
        /// Scopes, comma-separated
        scopes: Option<String>,
        /// It is a public client: there is no secret
        #[arg(long, conflicts_with = "client_secret")]
        public: bool,
        /// The redirect URI, if not <http://localhost:3003/oauth/callback>
        #[arg(long, value_name = "URI")]
        redirect_uri: Option<String>,
    },
    /// List configs
    List,
    /// Show a config
    Get {
        /// Its key
        key: Option<String>,
    },
    /// Change a config; its connections stay
    Edit {
        /// Its key
        key: Option<String>,
        /// Another provider
        provider: Option<String>,
        /// Another client id
        client_id: Option<String>,
        /// Another client secret; - reads it from standard input
        client_secret: Option<String>,
        /// Other scopes, comma-separated
        scopes: Option<String>,
        /// Another client id
        #[arg(long = "client-id", value_name = "ID", conflicts_with = "client_id")]
        new_client_id: Option<String>,
        /// Another client secret: - reads it from standard input, nothing asks for it
        #[arg(long = "client-secret", value_name = "-", num_args = 0..=1, default_missing_value = "", conflicts_with = "client_secret")]
        new_client_secret: Option<String>,
        /// Other scopes, comma-separated; an empty text means the provider's usual ones
        #[arg(long = "scopes", value_name = "SCOPES", conflicts_with = "scopes")]
        new_scopes: Option<String>,
        /// Another redirect URI; an empty text means the default
        #[arg(long, value_name = "URI")]
        redirect_uri: Option<String>,
    },
    /// Give a config another key; its connections go along
    Rename {
        /// Its key
        key: Option<String>,
        /// The new key
        new: Option<String>,
    },
    /// Delete a config with its connections
    Delete {
        /// Its key
        key: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
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

/// `connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The connection
    #[command(flatten)]
    pub target: Target,
    /// A variable of the provider, such as subdomain=acme
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Listen for nothing; paste the address the browser ends on
    #[arg(long)]
    pub paste: bool,
    /// Ask for this scope instead of the config's (may be given several times)
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// How long to wait for the answer, as 300s, 5m
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration)]
    pub timeout: Duration,
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

/// `token get`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The connection
    #[command(flatten)]
    pub target: Target,
    /// For how long it must still be valid, as 60s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub min_ttl: Option<Duration>,
    /// Refresh it whatever its age
    #[arg(long)]
    pub refresh: bool,
    /// raw, header, json, env or curl
    #[arg(long, value_name = "FORM")]
    pub format: Option<TokenFormat>,
    /// Put it on the clipboard instead, and clear that after a while
    #[arg(long)]
    pub copy: bool,
}

/// The forms of `token get --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenFormat {
    /// The token alone
    Raw,
    /// The headers the provider's API wants
    Header,
    /// The credentials
    Json,
    /// NAME=token
    Env,
    /// A curl command
    Curl,
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

/// `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file
    pub file: Option<PathBuf>,
    /// The provider of the client in the file, or of those whose names do not tell
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// The key of the new config, where the file holds one client
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Replace what is here already: by a backup's, unless that is older; a client's secret by a new one
    #[arg(long)]
    pub replace: bool,
}

/// `activity`.
#[derive(Debug, Args)]
pub struct ActivityArgs {
    /// The connection, if not all
    #[command(flatten)]
    pub target: Target,
    /// Go on as more happens
    #[arg(long, short)]
    pub follow: bool,
    /// How many rows
    #[arg(long, short = 'n', value_name = "N", default_value = "50")]
    pub most: u32,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value = "3004")]
    pub port: u16,
    /// fine, invalid-grant, expired, slow, 429, 500, slow-down or fewer-scopes
    #[arg(long, value_name = "WEATHER", default_value = "fine")]
    pub weather: String,
    /// How long access tokens last, as 60s, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub lifetime: Duration,
}

/// Reads a length of time: `90`, `90s`, `5m`, `2h`, `1d`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "expected a length of time such as 90s, 5m or 2h".to_owned())?;
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => return Err(format!("`{other}` is not a unit of time: expected s, m, h or d")),
    };
    number
        .checked_mul(unit)
        .filter(|seconds| *seconds < 10 * 365 * 86_400)
        .map(Duration::from_secs)
        .ok_or_else(|| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        for bad in ["", "m", "5x", "-1s", "99999999999d", "1.5h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
