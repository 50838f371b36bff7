//! The steps of a flow: what was asked of whom, and what came back, with every secret left out. A flow is one
//! authorization, one refresh, one revocation, or one request to an API.
//!
//! Where a secret stood in a request, its text is not: a [`Piece`] names it. So what is kept here can be shown, stored
//! and written as a `curl` command (`curl`), whatever a server, a file or a person put into the rest.

mod clock;
mod curl;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;

/// The most that is kept of a body, or of an address, in bytes.
pub const LARGEST: usize = 4 * 1024;

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it began; the first time, where it was repeated.
    pub at: Time,
    /// How long it took, where it is not a moment; the last time, where it was repeated.
    pub took: Option<Duration>,
    /// What it was.
    pub what: What,
    /// How often in a row it was so, with the same answer.
    pub times: u32,
    /// What was sent.
    pub request: Option<Request>,
    /// What came back.
    pub answer: Option<Answer>,
}

/// What a step can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An authorization request was handed to the server first (RFC 9126).
    PushedRequest,
    /// The browser was sent to the authorization page, or a person was.
    AuthorizationPage,
    /// The browser came back.
    Callback,
    /// A code, the client itself, or what a person entered was traded for tokens.
    TokenRequest,
    /// A token was traded for one that lasts longer.
    TokenExchange,
    /// Temporary credentials of OAuth 1.0a were asked for.
    TemporaryCredentials,
    /// They were traded for token credentials.
    TokenCredentials,
    /// A device code was asked for.
    DeviceCode,
    /// The server was asked whether somebody has entered it.
    Poll,
    /// A refresh token was used.
    Refresh,
    /// An access token was renewed with itself.
    Renewal,
    /// A token was revoked.
    Revocation,
    /// The server was asked what it knows of a token.
    Introspection,
    /// A client was registered.
    Registration,
    /// The server's metadata was fetched.
    Metadata,
    /// Its keys were.
    Keys,
    /// The call that a provider file asks for after authorizing.
    Lookup,
    /// The call by which what a person entered is proven.
    Verification,
    /// A request to the provider's API.
    ApiRequest,
}

impl What {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 19] = [
        Self::PushedRequest,
        Self::AuthorizationPage,
        Self::Callback,
        Self::TokenRequest,
        Self::TokenExchange,
        Self::TemporaryCredentials,
        Self::TokenCredentials,
        Self::DeviceCode,
        Self::Poll,
        Self::Refresh,
        Self::Renewal,
        Self::Revocation,
        Self::Introspection,
        Self::Registration,
        Self::Metadata,
        Self::Keys,
        Self::Lookup,
        Self::Verification,
        Self::ApiRequest,
    ];

    /// Returns the words that are stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::PushedRequest => "pushed authorization request",
            Self::AuthorizationPage => "authorization page",
            Self::Callback => "callback",
            Self::TokenRequest => "token request",
            Self::TokenExchange => "token exchange",
            Self::TemporaryCredentials => "temporary credentials",
            Self::TokenCredentials => "token credentials",
            Self::DeviceCode => "device code",
            Self::Poll => "poll",
            Self::Refresh => "refresh",
            Self::Renewal => "renewal",
            Self::Revocation => "revocation",
            Self::Introspection => "introspection",
            Self::Registration => "client registration",
            Self::Metadata => "metadata",
            Self::Keys => "keys",
            Self::Lookup => "lookup",
            Self::Verification => "verification",
            Self::ApiRequest => "API request",
        }
    }

    /// Finds a kind by its words.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }

    /// Tells whether a browser did it, not this program.
    pub fn is_of_the_browser(self) -> bool {
        matches!(self, Self::AuthorizationPage | Self::Callback)
    }
}

/// What was sent, without the secrets in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The address, without its query.
    pub url: Masked,
    /// The parameters of its query, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, Masked)>,
    /// User and password of a Basic header (RFC 7617), with the colon between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<Masked>,
    /// The other headers that say something, by their names in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, Masked)>,
    /// The body.
    #[serde(default, skip_serializing_if = "Body::is_nothing")]
    pub body: Body,
}

/// What a request carried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Nothing.
    #[default]
    Nothing,
    /// A form (`application/x-www-form-urlencoded`), each value as it was before it was encoded.
    Form(Vec<(String, Masked)>),
    /// A text: JSON, XML.
    Text(Masked),
    /// Something that is not kept, of this many bytes where that is known.
    Unkept(Option<u64>),
}

impl Body {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An answer, whatever it says.
    Came {
        /// The HTTP status.
        status: u16,
        /// The headers that say something, by their names in lower case.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
        /// The body as JSON over several lines, its secrets as `•••`; empty where it is not kept.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        body: String,
        /// How many bytes the body had, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
    },
    /// None: why.
    Failed(String),
}

impl Request {
    /// Returns the whole address on one line.
    pub fn target(&self) -> String {
        let mut text = self.url.to_string();
        for (index, (name, value)) in self.query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(&encoded(name));
            text.push('=');
            text.push_str(&value.in_form());
        }
        text
    }

    /// Returns the headers as lines, that of Basic before it was encoded.
    pub fn header_lines(&self) -> Vec<String> {
        let basic = self.basic.iter().map(|basic| format!("authorization: Basic {basic}"));
        basic.chain(self.headers.iter().map(|(name, value)| format!("{name}: {value}"))).collect()
    }

    /// Returns the body as lines; of a form each parameter on its own.
    pub fn body_lines(&self) -> Vec<String> {
        match &self.body {
            Body::Nothing => Vec::new(),
            Body::Form(pairs) => pairs.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            Body::Text(text) => text.to_string().lines().map(str::to_owned).collect(),
            Body::Unkept(Some(size)) => vec![format!("({size} bytes, not kept)")],
            Body::Unkept(None) => vec!["(not kept)".to_owned()],
        }
    }
}

impl Answer {
    /// Returns status or failure in a few words: `200`, `no answer: …`.
    pub fn summary(&self) -> String {
        match self {
            Self::Came { status, .. } => status.to_string(),
            Self::Failed(why) => why.clone(),
        }
    }
}

/// A text with the names of secrets where those stood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(Vec<Piece>);

/// A piece of such a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// It stood there so.
    Text(String),
    /// A secret stood there: its name, as that of a variable (`REFRESH_TOKEN`).
    Secret(String),
}

impl Masked {
    /// Takes a text that is no secret.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().with_text(text)
    }

    /// Puts the name of a secret in its place. `name` may be any: `refresh_token`, `X-Api-Key`.
    pub fn secret(name: &str) -> Self {
        Self::default().with_secret(name)
    }

    /// Adds text.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(&text),
            _ => self.0.push(Piece::Text(text)),
        }
        self
    }

    /// Adds a secret by its name.
    #[must_use]
    pub fn with_secret(mut self, name: &str) -> Self {
        self.0.push(Piece::Secret(variable(name)));
        self
    }

    /// Adds another such text.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        other.0.iter().fold(self, |all, piece| match piece {
            Piece::Text(text) => all.with_text(text.as_str()),
            Piece::Secret(name) => all.with_secret(name),
        })
    }

    /// Returns the pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Tells whether a secret stands in it.
    pub fn has_secret(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Secret(_)))
    }

    /// Returns at most `most` bytes of it.
    #[must_use]
    pub fn capped(self, most: usize) -> Self {
        let mut left = most;
        let mut kept = Self::default();
        for piece in self.0 {
            let length = match &piece {
                Piece::Text(text) | Piece::Secret(text) => text.len(),
            };
            match piece {
                Piece::Text(text) if length > left => return kept.with_text(cut(&text, left)),
                Piece::Secret(_) if length > left => return kept.with_text("…"),
                piece => kept.0.push(piece),
            }
            left -= length;
        }
        kept
    }

    /// Returns it with its text encoded as in a form, and its secrets by name.
    fn in_form(&self) -> String {
        let shown = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => encoded(text),
            Piece::Secret(name) => format!("${}", variable(name)),
        });
        shown.collect()
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => formatter.write_str(text),
            Piece::Secret(name) => write!(formatter, "${}", variable(name)),
        })
    }
}

/// Returns at most `most` bytes of a text, and says so where that is not all of it.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// Tells whether a text reads like the name of a field: tokens have digits in them, or are long.
pub fn is_name(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    text.len() <= 32 && text.bytes().all(is_fit) && text.bytes().filter(u8::is_ascii_digit).count() <= 2
}

/// Makes the name of a shell variable of any name (POSIX, section 8.1). What is read from a file is none yet.
fn variable(name: &str) -> String {
    let fit = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().take(40).map(fit).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("SECRET_{name}") }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_kind() {
        for what in What::ALL {
            assert_eq!(What::from_word(what.word()), Some(what));
        }
    }

    #[test]
    fn a_secret_is_shown_by_a_name_that_a_shell_takes() {
        let shown = |name: &str| Masked::secret(name).to_string();
        assert_eq!(shown("refresh_token"), "$REFRESH_TOKEN");
        assert_eq!(shown("X-Api-Key"), "$X_API_KEY");
        assert_eq!(shown("2fa`$(x)"), "$SECRET_2FA___X_");
        assert_eq!(shown(""), "$SECRET_");
        // As a file may have it that somebody else wrote.
        let read: Masked = serde_json::from_str(r#"[{"secret":"a b\n;rm"}]"#).unwrap();
        assert_eq!(read.to_string(), "$A_B__RM");
    }

    #[test]
    fn the_address_of_a_request_has_its_parameters_encoded_and_its_secrets_named() {
        let request = Request {
            url: Masked::text("https://as.example/token"),
            query: vec![
                ("grant_type".to_owned(), Masked::text("a b")),
                ("c&d".to_owned(), Masked::secret("code").with_text("+")),
            ],
            ..Request::default()
        };
        assert_eq!(request.target(), "https://as.example/token?grant_type=a+b&c%26d=$CODE%2B");
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = Masked::text("a".repeat(9)).with_secret("code").with_text("é".repeat(10));
        assert_eq!(text.clone().capped(16).to_string(), "aaaaaaaaa$CODEé…");
        assert_eq!(text.clone().capped(11).to_string(), "aaaaaaaaa…");
        assert_eq!(text.clone().capped(100), text);
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let request = Request {
            method: "POST".to_owned(),
            url: Masked::text("https://as.example"),
            basic: Some(Masked::text("id:").with_secret("client_secret")),
            headers: vec![("accept".to_owned(), Masked::text("application/json"))],
            body: Body::Form(vec![("code".to_owned(), Masked::secret("code"))]),
            query: Vec::new(),
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
        for answer in [
            Answer::Failed("why".to_owned()),
            Answer::Came { status: 200, headers: Vec::new(), body: "{}".to_owned(), size: Some(2) },
        ] {
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
        }
    }
}
