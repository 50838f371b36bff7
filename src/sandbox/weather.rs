//! Bad weather, on request.

/// How the token endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// As it should.
    #[default]
    Fine,
    /// Every refresh is refused with `invalid_grant`.
    InvalidGrant,
    /// Tokens come expired.
    Expired,
    /// Answers take three seconds.
    Slow,
    /// 429 with `Retry-After: 1`.
    TooMany,
    /// 500.
    ServerError,
    /// `slow_down` (RFC 8628 section 3.5).
    SlowDown,
    /// One scope fewer than asked for.
    FewerScopes,
}

impl Weather {
    /// Every weather.
    pub const ALL: [Self; 8] = [
        Self::Fine,
        Self::InvalidGrant,
        Self::Expired,
        Self::Slow,
        Self::TooMany,
        Self::ServerError,
        Self::SlowDown,
        Self::FewerScopes,
    ];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::InvalidGrant => "invalid-grant",
            Self::Expired => "expired",
            Self::Slow => "slow",
            Self::TooMany => "429",
            Self::ServerError => "500",
            Self::SlowDown => "slow-down",
            Self::FewerScopes => "fewer-scopes",
        }
    }

    /// Finds a weather by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|weather| weather.word() == word)
    }
}
