//! The words of `config`.

use clap::Subcommand;

use super::hyphen::Hyphenated;

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
        /// The provider's id; not given with --issuer and --mcp
        // The client id stands in its place then.
        #[arg(allow_hyphen_values = true, value_parser = Hyphenated)]
        provider: Option<String>,
        /// The client id; none for a provider that is authorized by a key alone
        #[arg(allow_hyphen_values = true, value_parser = Hyphenated)]
        client_id: Option<String>,
        /// The client secret; - reads it from standard input
        #[arg(hide_env_values = true)]
        client_secret: Option<String>,
        /// Scopes, comma-separated
        scopes: Option<String>,
        /// It is a public client: there is no secret
        #[arg(long)]
        public: bool,
        /// Discover everything at this issuer (RFC 8414): no provider file is needed
        #[arg(long, value_name = "URL")]
        issuer: Option<String>,
        /// Where the API is that the issuer's tokens are for
        #[arg(long, value_name = "URL", requires = "issuer")]
        api: Option<String>,
        /// Ask this MCP server whose tokens it takes (RFC 9728): no provider file is needed
        #[arg(long, value_name = "URL", conflicts_with_all = ["issuer", "api"])]
        mcp: Option<String>,
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
        #[arg(allow_hyphen_values = true, value_parser = Hyphenated)]
        provider: Option<String>,
        /// Another client id
        #[arg(allow_hyphen_values = true, value_parser = Hyphenated)]
        client_id: Option<String>,
        /// Another client secret; - reads it from standard input
        client_secret: Option<String>,
        /// Other scopes, comma-separated
        scopes: Option<String>,
        /// Another client id
        #[arg(long = "client-id", value_name = "ID", conflicts_with = "client_id", allow_hyphen_values = true, value_parser = Hyphenated)]
        new_client_id: Option<String>,
        /// Let hallpass register itself anew (RFC 7591): the server forgot it, or the redirect URI is another one
        #[arg(long, conflicts_with_all = ["client_id", "new_client_id", "client_secret", "new_client_secret"])]
        register: bool,
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
