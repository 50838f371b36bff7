//! The options of the commands that are verbs.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::Target;

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Give the consent by itself instead of asking in the browser
    #[arg(long)]
    pub auto: bool,
}

/// `connect`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags of a command line")]
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
    #[arg(long, conflicts_with = "no_browser")]
    pub paste: bool,
    /// Show a code to enter on another device (RFC 8628)
    #[arg(long, conflicts_with_all = ["paste", "no_browser"])]
    pub device: bool,
    /// The way in, where the provider has several: oauth2, oauth1, `oauth1_token`, `client_credentials`, `api_key`, basic,
    /// `token_exchange` or `signed_jwt`
    #[arg(long, value_name = "WAY")]
    pub way: Option<String>,
    /// Read what the API wants beside a token from standard input, though the connection has it already
    ///
    /// A line NAME=VALUE for each, with what may be left out; an empty line ends it where an address is pasted behind.
    #[arg(long)]
    pub enter: bool,
    /// Keep a key or a login though the provider's proving call refuses it
    #[arg(long)]
    pub unverified: bool,
    /// Ask for this scope instead of the config's (may be given several times)
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// How long to wait for the answer, as 300s, 5m [default: 300s, or for as long as a device code is good]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// `request`.
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// CONFIG CONNECTION METHOD PATH; the connection as elsewhere, then the method and the path
    #[arg(value_name = "CONFIG CONNECTION METHOD PATH", num_args = 0..=4)]
    pub words: Vec<String>,
    /// A further header (may be given several times)
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// The body; @FILE reads a file, - standard input
    #[arg(long, short, value_name = "BODY")]
    pub data: Option<String>,
    /// Print the answer's headers on standard error
    #[arg(long, short)]
    pub include: bool,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The port; 0 takes any free one [default: 3003] [env: `SERVER_PORT` or `PORT`]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Answer by HTTPS too, on this port, with a certificate of this machine [default port: 3004]
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "3004")]
    pub https: Option<u16>,
    /// Listen on this address too, for a back end in a container; `NANGO_SECRET_KEY` must be set then
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<std::net::IpAddr>,
    /// A name by which others reach it, such as host.docker.internal (may be given several times)
    #[arg(long = "allow-host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Let web pages of this origin start flows; those of this machine always may
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// Let /proxy send requests to this origin too, if a request names it (Base-Url-Override)
    #[arg(long = "proxy-to", value_name = "ORIGIN")]
    pub api_origins: Vec<String>,
}

/// `exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The connections whose tokens it gets, as config/connection
    #[arg(value_name = "CONFIG/CONNECTION")]
    pub connections: Vec<String>,
    /// A token under a name of your choice (may be given several times)
    #[arg(long = "env", value_name = "NAME=CONFIG/CONNECTION")]
    pub named: Vec<String>,
    /// The program and its arguments, after --
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
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
    /// raw, header, json, env, export, curl, httpie or fetch
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
    /// NAME=token, for .env
    Env,
    /// export NAME=token, for a shell
    Export,
    /// A curl command
    Curl,
    /// A command of `HTTPie`
    Httpie,
    /// A fetch call, for JavaScript
    Fetch,
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
#[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
pub struct ActivityArgs {
    /// Show one row with the steps that it took
    #[command(subcommand)]
    pub command: Option<ActivityCommand>,
    /// The connection, if not all
    #[command(flatten)]
    pub target: Target,
    /// The connection, or all of a config, if not everything
    #[arg(id = "of", long = "connection", value_name = "CONFIG[/CONNECTION]", conflicts_with = "config")]
    pub of: Option<String>,
    /// Only what is of this kind, such as authorized, refreshed or handed-out (may be given several times)
    #[arg(long = "kind", value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Only what ended so: done, failed or refused
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// Go on as more happens
    #[arg(long, short)]
    pub follow: bool,
    /// How many rows
    #[arg(long, short = 'n', value_name = "N", default_value = "50")]
    pub most: u32,
}

/// `activity …`.
#[derive(Debug, Subcommand)]
pub enum ActivityCommand {
    /// Show the steps of what happened: what was asked of whom, and what came back, without the secrets
    ///
    /// Of a request every secret is shown by its name, such as `$CLIENT_SECRET`; of an answer what the standards call
    /// public, and the length of everything else. Of the answers of APIs nothing is kept but status, kind and size.
    Show {
        /// The number of a row, as `hallpass activity` shows it
        number: i64,
        /// Print the requests as curl commands, the secrets in them as shell variables
        #[arg(long)]
        curl: bool,
    },
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

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        for bad in ["", "m", "5x", "-1s", "99999999999d", "1.5h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
