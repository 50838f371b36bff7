//! Who is let in where: the Host, the web pages, the key.
//!
//! No web page may read a token: the routes for programs answer no request that a page sent, unless it shows
//! the key, and no CORS in any case. Web pages of this machine, and those that the user named, may use the
//! routes of the frontend SDK.

use base64::Engine as _;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION,
    HOST, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, StatusCode};

use super::Server;
use super::answer::Refusal;
use super::query::Query;
use crate::listener::Peer;
use crate::listener::reply::{self, Reply};
use crate::model::{Secret, untrusted};

/// The code of a refusal where a key that was shown is not the one.
const WRONG_KEY: &str = "invalid_secret_key";
/// The code where none was shown.
const NO_KEY: &str = "missing_auth_header";

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    /// Whoever: `/health`, and callbacks, which the state guards.
    Anybody,
    /// Web pages with Nango's frontend SDK.
    Pages,
    /// The WebSocket of such a page.
    Socket,
    /// Programs.
    Programs,
}

impl Area {
    pub(super) fn of(method: &Method, segments: &[String], query: &Query) -> Self {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["config" | "connection" | "connections" | "integrations" | "providers" | "proxy", ..]
            | ["connect", "sessions", ..] => Self::Programs,
            ["oauth", "connect", _] | ["connect", "link"] => Self::Pages,
            // Any other path may be that of a config's redirect URI.
            ["health"] if matches!(*method, Method::GET | Method::HEAD) => Self::Anybody,
            ["oauth", "callback"] if method == Method::GET => Self::Anybody,
            _ if method == Method::GET && query.get("state").is_some() => Self::Anybody,
            _ => Self::Pages,
        }
    }

    fn is_todays(path: &str) -> bool {
        ["/connections", "/integrations", "/providers", "/connect/"].iter().any(|todays| path.starts_with(todays))
    }
}

impl Server {
    /// Returns what a request is answered before any route sees it, if it is: a refusal, or a preflight's
    /// answer (Fetch standard, section 3.2.2).
    pub(super) async fn turned_away(&self, area: Area, request: &Request<Incoming>) -> Option<Reply> {
        let in_its_shape = |refusal: Refusal| {
            let is_todays = area == Area::Pages || Area::is_todays(request.uri().path());
            if is_todays { refusal.today() } else { refusal.era() }
        };
        if let Err(refusal) = self.admit(area, request) {
            match refusal.code {
                WRONG_KEY => self.service.note_refused_key(&self.asking(request), "a wrong key").await,
                NO_KEY => self.service.note_refused_key(&self.asking(request), "no key").await,
                _ => {}
            }
            return Some(in_its_shape(refusal));
        }
        let origin = request.headers().get(ORIGIN).filter(|_| area == Area::Pages)?;
        (request.method() == Method::OPTIONS).then(|| preflight(origin))
    }

    fn admit(&self, area: Area, request: &Request<Incoming>) -> Result<(), Refusal> {
        self.check_host(area, request)?;
        let origin = request.headers().get(ORIGIN);
        match area {
            Area::Anybody => Ok(()),
            // A page of our own sends `null`: it has no referrer.
            Area::Pages if is_from(request.headers(), &["same-origin"]) => Ok(()),
            // Web pages may start flows, and read what came of them, where they are of this machine or named.
            Area::Pages | Area::Socket => match origin {
                Some(origin) if !self.is_page_allowed(origin) => Err(refuse_page(origin)),
                None if area == Area::Socket && !is_near(request) => Err(too_far()),
                _ => Ok(()),
            },
            Area::Programs => self.admit_program(request),
        }
    }

    /// Exactly one Host, and one that is served: anything else is a rebound DNS name or a confused client. The
    /// host of a redirect URI that leads here from elsewhere is for callbacks alone.
    fn check_host(&self, area: Area, request: &Request<Incoming>) -> Result<(), Refusal> {
        let mut named = request.headers().get_all(HOST).iter();
        let (first, second) = (named.next(), named.next());
        let host = first.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let is_served = second.is_none() && self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        if is_served && (area == Area::Anybody || !self.options.is_for_callbacks_only(host)) {
            return Ok(());
        }
        tracing::warn!(host = untrusted::line(host), "refused a request for another host");
        let shown = untrusted::line(host);
        let message = if is_served {
            format!("`{shown}` is served for callbacks only.")
        } else {
            format!("`{shown}` is not served here.")
        };
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message)
            .hinted("ask `localhost`; or name the host when the server is started: `hallpass serve --allow-host NAME`"))
    }

    /// Tells whether a request shows the key that there is.
    pub(super) fn shows_key(&self, headers: &HeaderMap) -> bool {
        self.options.key.as_ref().is_some_and(|key| check_key(key, headers).is_ok())
    }

    /// Tells whether a request is one of a program that may have every token anyway.
    pub(super) fn is_program(&self, request: &Request<Incoming>) -> bool {
        let headers = request.headers();
        let is_page = headers.contains_key(ORIGIN) || is_browser(headers);
        !is_page && if self.options.key.is_some() { self.shows_key(headers) } else { is_near(request) }
    }

    /// Tells whether a web page of this origin may use the frontend's routes.
    pub(super) fn is_page_allowed(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        let is_loopback = url::Url::parse(origin).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && (crate::model::template::is_loopback(&url)
                    || url.host_str().is_some_and(|host| host.ends_with(".localhost")))
        });
        is_loopback || self.options.origins.iter().any(|named| named.eq_ignore_ascii_case(origin))
    }

    fn admit_program(&self, request: &Request<Incoming>) -> Result<(), Refusal> {
        let headers = request.headers();
        if let Some(key) = &self.options.key {
            return check_key(key, headers);
        }
        let is_foreign = headers.contains_key("sec-fetch-site") && !is_from(headers, &["none", "same-origin"]);
        let from_page = headers.contains_key(ORIGIN) || is_foreign;
        if from_page {
            let message = "Web pages get no tokens: without a key, this route answers programs of this machine only.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "web_page_refused", message)
                .hinted("ask from your back end; or set NANGO_SECRET_KEY for the server, and show it"));
        }
        if is_near(request) { Ok(()) } else { Err(too_far()) }
    }

    /// Lets the page that asked read the answer.
    pub(super) fn readable(&self, mut reply: Reply, origin: Option<HeaderValue>) -> Reply {
        if let Some(origin) = origin.filter(|origin| self.is_page_allowed(origin)) {
            with_cors(&mut reply, &origin);
        }
        reply
    }
}

/// Tells whether a request comes from this machine: over loopback, to a name of this machine, and handed on
/// by nobody. A tunnel or a proxy that runs here comes over loopback too.
pub(super) fn is_near(request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_ours = ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name));
    let is_handed_on = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let is_loopback = request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback());
    is_loopback && is_ours && !is_handed_on
}

/// Says that a request came from elsewhere, or through a tunnel.
fn too_far() -> Refusal {
    let message = "Without a key, this route answers programs of this machine only.";
    Refusal::new(StatusCode::FORBIDDEN, "not_this_machine", message)
        .hinted("set NANGO_SECRET_KEY for the server, and show it")
}

/// Tells whether a browser says that a request comes from one of these (Fetch Metadata: `Sec-Fetch-Site`).
pub(super) fn is_from(headers: &HeaderMap, sites: &[&str]) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| sites.iter().any(|known| site == known))
}

/// A browser shows itself by what it sends along; a program that pretends to be none gains nothing that it
/// could not have by other routes.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    let accepts_pages = |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
    headers.contains_key("sec-fetch-mode") && headers.contains_key("sec-fetch-site")
        || headers.get(ACCEPT).is_some_and(accepts_pages)
}

/// Says that web pages of an origin may not start flows here.
pub(super) fn refuse_page(origin: &HeaderValue) -> Refusal {
    let origin = untrusted::line(&String::from_utf8_lossy(origin.as_bytes()));
    let message = format!("Web pages of `{origin}` may not start flows here.");
    Refusal::new(StatusCode::FORBIDDEN, "origin_not_allowed", message)
        .hinted(format!("if it is yours, start the server with `hallpass serve --allow-origin {origin}`"))
}

fn preflight(origin: &HeaderValue) -> Reply {
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    with_cors(&mut reply, origin);
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, authorization"));
    reply
}

fn with_cors(reply: &mut Reply, origin: &HeaderValue) {
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(VARY, HeaderValue::from_static("Origin"));
}

/// The key is the user name of Basic (Nango's SDKs until 0.36 against one's own server), or a Bearer token
/// (since then, and always against the cloud). Compared in constant time.
fn check_key(key: &Secret, headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |code, message: &str| Err(Refusal::new(StatusCode::UNAUTHORIZED, code, message));
    let Some(header) = headers.get(AUTHORIZATION) else {
        let message = "Authentication failed. The request is missing the Authorization header.";
        return refused(NO_KEY, message);
    };
    let shown = header.to_str().unwrap_or_default();
    let is_right = match shown.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Secret::new(token.trim()) == *key,
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => is_user(key, pair),
        // The original took the pair without its scheme too.
        None => is_user(key, shown),
        Some(_) => false,
    };
    if is_right {
        return Ok(());
    }
    refused(WRONG_KEY, "Authentication failed. The provided secret key is invalid.")
}

/// A key may hold a colon, where RFC 7617 lets a user name have none: then the pair is the key and a colon.
fn is_user(key: &Secret, pair: &str) -> bool {
    let Ok(decoded) = base64::engine::general_purpose::STANDARD.decode(pair.trim()) else { return false };
    let decoded = String::from_utf8(decoded).map(Secret::new).unwrap_or_default();
    let user = Secret::new(decoded.expose().split(':').next().unwrap_or_default());
    let whole = Secret::new(decoded.expose().strip_suffix(':').unwrap_or(decoded.expose()));
    let (is_user, is_whole) = (user == *key, whole == *key);
    is_user || is_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        headers
    }

    fn basic(pair: &str) -> String {
        base64::engine::general_purpose::STANDARD.encode(pair)
    }

    #[test]
    fn the_key_is_taken_in_every_way_that_an_sdk_shows_it() {
        let key = Secret::new("s3");
        for shown in ["Bearer s3".to_owned(), format!("Basic {}", basic("s3:")), format!("Basic {}", basic("s3:any"))] {
            assert!(check_key(&key, &headers(&shown)).is_ok(), "{shown}");
        }
        assert!(check_key(&key, &headers(&basic("s3:"))).is_ok());
        let colon = Secret::new("a:b");
        assert!(check_key(&colon, &headers(&format!("Basic {}", basic("a:b:")))).is_ok());
        assert_eq!(check_key(&key, &HeaderMap::new()).unwrap_err().code, "missing_auth_header");
        for wrong in ["Bearer s", "Bearer ", "Basic !", "Digest s3", &format!("Basic {}", basic(":s3"))] {
            assert_eq!(check_key(&key, &headers(wrong)).unwrap_err().code, "invalid_secret_key", "{wrong}");
        }
    }

    #[test]
    fn every_route_that_gives_a_secret_is_for_programs() {
        let area = |path: &str, query: &str| {
            let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
            Area::of(&Method::GET, &segments, &Query::parse(query))
        };
        for path in ["config", "connection", "connections", "integrations", "providers", "proxy", "connect/sessions"] {
            for query in ["", "state=x&code=y"] {
                assert_eq!(area(path, query), Area::Programs, "{path}");
                assert_eq!(area(&format!("{path}/x"), query), Area::Programs, "{path}");
            }
        }
        assert_eq!(area("oauth/connect/k", "state=x"), Area::Pages);
        for path in ["oauth/callback", "auth/callback", "oauth2/callback", "connect/callback", "cb"] {
            assert_eq!(area(path, "state=x&code=y"), Area::Anybody, "{path}");
        }
        assert_eq!(area("api-auth/api-key/k", ""), Area::Pages);
    }
}
