//! What the sandbox remembers: consents asked for, codes, grants, tokens.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;

use crate::model::Time;

/// How long a consent page and a code last.
const CODE_LIFETIME: Duration = Duration::from_mins(1);
const CONSENT_LIFETIME: Duration = Duration::from_mins(10);

/// An authorization request that was let in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) challenge: String,
}

/// A code that was issued.
#[derive(Debug, Clone)]
struct Code {
    asked: Asked,
    expires_at: Time,
    /// The grant it was exchanged for.
    used_for: Option<usize>,
}

#[derive(Debug)]
struct Grant {
    client_id: String,
    scopes: Vec<String>,
    is_alive: bool,
}

#[derive(Debug)]
struct Access {
    grant: usize,
    expires_at: Time,
}

#[derive(Debug)]
struct Refresh {
    grant: usize,
    is_used: bool,
}

/// Everything that was ever issued.
#[derive(Debug, Default)]
pub(super) struct Grants {
    consents: HashMap<String, (Asked, Time)>,
    codes: HashMap<String, Code>,
    given: Vec<Grant>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

/// Tokens that were issued.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) scopes: Vec<String>,
}

/// Why a token request is refused: all are `invalid_grant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Unknown,
    Used,
    Expired,
    OtherClient,
    OtherRedirect,
    WrongVerifier,
    Revoked,
}

impl Refused {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unknown => "it was never issued",
            Self::Used => "it was used before; the whole grant has ended",
            Self::Expired => "it has expired",
            Self::OtherClient => "it was issued to another client",
            Self::OtherRedirect => "redirect_uri is not the one of the authorization request",
            Self::WrongVerifier => "code_verifier does not match code_challenge",
            Self::Revoked => "the grant has ended",
        }
    }
}

impl Grants {
    /// Keeps a request until the user decides.
    pub(super) fn ask(&mut self, asked: Asked, now: Time) -> String {
        self.consents.retain(|_, (_, until)| *until > now);
        let consent = random("c_");
        self.consents.insert(consent.clone(), (asked, now + CONSENT_LIFETIME));
        consent
    }

    /// Returns the request that a consent belongs to, once.
    pub(super) fn decided(&mut self, consent: &str, now: Time) -> Option<Asked> {
        self.consents.remove(consent).filter(|(_, until)| *until > now).map(|(asked, _)| asked)
    }

    /// Issues a code.
    pub(super) fn code(&mut self, asked: Asked, now: Time) -> String {
        let code = random("code_");
        self.codes.insert(code.clone(), Code { asked, expires_at: now + CODE_LIFETIME, used_for: None });
        code
    }

    /// Exchanges a code, once; a second time ends what the first brought (RFC 6749 section 4.1.2).
    pub(super) fn exchange(&mut self, code: &str, with: &Exchange<'_>, now: Time) -> Result<Issued, Refused> {
        let found = self.codes.get_mut(code).ok_or(Refused::Unknown)?;
        if let Some(grant) = found.used_for {
            self.given[grant].is_alive = false;
            return Err(Refused::Used);
        }
        if found.expires_at <= now {
            return Err(Refused::Expired);
        }
        if found.asked.client_id != with.client_id {
            return Err(Refused::OtherClient);
        }
        if found.asked.redirect_uri != with.redirect_uri {
            return Err(Refused::OtherRedirect);
        }
        if challenge(with.verifier) != found.asked.challenge {
            return Err(Refused::WrongVerifier);
        }
        let scopes = if with.drops_a_scope { dropped(&found.asked.scopes) } else { found.asked.scopes.clone() };
        found.used_for = Some(self.given.len());
        self.given.push(Grant { client_id: with.client_id.to_owned(), scopes, is_alive: true });
        Ok(self.issue(self.given.len() - 1, now + with.lifetime))
    }

    /// Exchanges a refresh token, once; a second time ends the grant.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        lifetime: Duration,
        now: Time,
    ) -> Result<Issued, Refused> {
        let found = self.refresh.get_mut(token).ok_or(Refused::Unknown)?;
        let grant = found.grant;
        if self.given[grant].client_id != client_id {
            return Err(Refused::OtherClient);
        }
        if found.is_used {
            self.given[grant].is_alive = false;
            return Err(Refused::Used);
        }
        if !self.given[grant].is_alive {
            return Err(Refused::Revoked);
        }
        found.is_used = true;
        Ok(self.issue(grant, now + lifetime))
    }

    /// Ends what a token belongs to: its grant for a refresh token, itself for an access token.
    pub(super) fn revoke(&mut self, token: &str, client_id: &str) {
        if let Some(refresh) = self.refresh.get(token) {
            let grant = &mut self.given[refresh.grant];
            if grant.client_id == client_id {
                grant.is_alive = false;
            }
        } else if self.access.get(token).is_some_and(|access| self.given[access.grant].client_id == client_id) {
            self.access.remove(token);
        }
    }

    /// Returns the scopes of an access token that is good now.
    pub(super) fn scopes_of(&self, access_token: &str, now: Time) -> Option<&[String]> {
        let access = self.access.get(access_token)?;
        let grant = &self.given[access.grant];
        (grant.is_alive && access.expires_at > now).then_some(grant.scopes.as_slice())
    }

    fn issue(&mut self, grant: usize, expires_at: Time) -> Issued {
        let (access_token, refresh_token) = (random("sbx_at_"), random("sbx_rt_"));
        self.access.insert(access_token.clone(), Access { grant, expires_at });
        self.refresh.insert(refresh_token.clone(), Refresh { grant, is_used: false });
        Issued { access_token, refresh_token, scopes: self.given[grant].scopes.clone() }
    }
}

/// What a code is exchanged with.
pub(super) struct Exchange<'a> {
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a str,
    pub(super) lifetime: Duration,
    pub(super) drops_a_scope: bool,
}

fn dropped(scopes: &[String]) -> Vec<String> {
    scopes[..scopes.len().saturating_sub(1)].to_vec()
}

/// RFC 7636 section 4.2.
fn challenge(verifier: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

fn random(prefix: &str) -> String {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    format!("{prefix}{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
