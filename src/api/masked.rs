//! What may be kept of a request to an API: where it goes, and the names of what it shows there. What a caller put into
//! it may be anything: of its parameters and headers the names are kept, of its body the size.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use url::Url;

use super::{Access, Payload, Request};
use crate::auth::dpop::PROOF;
use crate::model::tape::{self, Body, LARGEST, Masked};
use crate::model::{Secret, untrusted};

/// All but what stands in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@')
    .remove(b'=')
    .remove(b',');
/// How many headers, and how many parameters, are kept.
const MOST: usize = 40;

/// Returns what may be kept of a request to `url`, with what `access` shows there, if it shows anything. `signed` are the
/// names of the headers that sign it.
pub(super) fn request(access: Option<&Access>, request: &Request, url: &Url, signed: &[HeaderName]) -> tape::Request {
    let method = request.method.to_string();
    let Some(access) = access else {
        // A redirect that left the API: whoever sent it there chose the address.
        let url = Masked::text(format!("{}/…", url.origin().ascii_serialization()));
        return tape::Request { method, url, ..tape::Request::default() };
    };
    let mut shown =
        tape::Request { method, url: address(access, url), body: body(&request.body), ..Default::default() };
    let own = &access.provider.api.query;
    shown.query = url
        .query_pairs()
        .take(MOST)
        .map(|(name, _)| {
            let value = own.get(name.as_ref()).and_then(|template| access.masked(template));
            (field(&name), value.unwrap_or_else(|| Masked::secret(&name)).capped(LARGEST / 8))
        })
        .collect();
    for (name, template) in access.provider.api_headers(access.credentials.way()).into_iter().take(MOST) {
        let bound = template.strip_prefix("Bearer ").filter(|_| access.is_bound());
        let template = bound.map_or_else(|| template.clone(), |token| format!("DPoP {token}"));
        match access.masked(&template) {
            _ if request.headers.contains_key(&name) => {}
            Some(_) if template == "Basic {basic}" => {
                shown.basic = Some(Masked::secret("username").with_text(":").with_secret("password"));
            }
            Some(value) => shown.headers.push((field(&name.to_ascii_lowercase()), value.capped(LARGEST / 8))),
            None => {}
        }
    }
    if access.is_bound() {
        shown.headers.push((PROOF.to_owned(), Masked::secret("proof")));
    }
    for name in signed {
        let value = match access.credentials.pair() {
            Some(_) => Masked::text("OAuth ").with_secret("oauth_signature"),
            None => Masked::secret(name.as_str()),
        };
        shown.headers.push((name.to_string(), value));
    }
    let callers = request.headers.iter().filter(|(name, _)| !signed.contains(name)).take(MOST);
    shown.headers.extend(callers.map(|(name, value)| {
        let is_shown = [ACCEPT, CONTENT_TYPE].contains(name);
        let text = value.to_str().ok().filter(|_| is_shown).map(untrusted::line);
        let value = text.map_or_else(|| Masked::secret(name.as_str()), |text| Masked::text(tape::cut(&text, 200)));
        (field(name.as_str()), value)
    }));
    shown
}

/// The address without its query, every secret of the connection in it by its name.
fn address(access: &Access, url: &Url) -> Masked {
    Masked::text(url.origin().ascii_serialization()).with(&access.masked_path(url.path())).capped(LARGEST / 2)
}

impl Access {
    /// Returns a path, without its query, with every secret of the connection in it by its name.
    pub fn masked_path(&self, path: &str) -> Masked {
        let path = path.split('?').next().unwrap_or_default();
        segments(path, &self.secrets())
    }
}

fn segments(path: &str, secrets: &[(String, Secret)]) -> Masked {
    path.split('/').enumerate().fold(Masked::default(), |all, (index, segment)| {
        let plain = percent_decode_str(segment).decode_utf8_lossy();
        let all = if index == 0 { all } else { all.with_text("/") };
        if secrets.iter().any(|(_, secret)| plain.contains(secret.expose())) {
            without(&plain, secrets, all)
        } else {
            all.with_text(untrusted::field(segment))
        }
    })
}

fn without(text: &str, secrets: &[(String, Secret)], all: Masked) -> Masked {
    let found = secrets.iter().find_map(|(name, secret)| Some((name, text.split_once(secret.expose())?)));
    match found {
        Some((name, (before, after))) => {
            let all = without(before, secrets, all).with_secret(name);
            without(after, secrets, all)
        }
        None => all.with_text(utf8_percent_encode(text, SEGMENT).to_string()),
    }
}

fn body(body: &Payload) -> Body {
    match body {
        Payload::Nothing => Body::Nothing,
        Payload::Whole(bytes) => Body::Unkept(u64::try_from(bytes.len()).ok()),
        Payload::Stream(_) => Body::Unkept(None),
    }
}

fn field(name: &str) -> String {
    if tape::is_name(name) { name.to_owned() } else { "…".to_owned() }
}
