//! How the server is to be: the environment's variables, which are Nango's, and the flags over them.

use std::net::IpAddr;

use url::{Origin, Url};

use crate::model::{Secret, untrusted};
use crate::service::{Error, Result};
use crate::settings::ServerEnvironment;

/// The port that Nango has.
const PORT: u16 = 3003;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The port; 0 takes any free one.
    pub port: Option<u16>,
    /// The port for HTTPS, if that is wanted.
    pub https: Option<u16>,
    /// Another address to listen on beside loopback.
    pub listen: Option<IpAddr>,
    /// Names by which others reach it.
    pub hosts: Vec<String>,
    /// Web pages that may start flows.
    pub origins: Vec<String>,
}

/// How the server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) port: u16,
    pub(super) https: Option<u16>,
    pub(super) listen: Option<IpAddr>,
    /// Hosts that are served beside those of this machine, as the user wrote them.
    hosts: Vec<String>,
    pub(super) origins: Vec<String>,
    pub(super) key: Option<Secret>,
    /// The address that the environment names.
    server: Option<Url>,
    /// The redirect URI that it names, or that follows from it.
    callback: Option<Url>,
}

impl Options {
    /// Puts together what the environment and the flags say.
    pub fn of(environment: &ServerEnvironment, flags: &Flags) -> Result<Self> {
        let port = match (flags.port, &environment.port) {
            (Some(port), _) => port,
            (None, Some((name, text))) => text.trim().parse().map_err(|_| {
                Error::usage(format!("`{}` is not a port ({name})", untrusted::line(text)))
                    .hinted(format!("expected a number up to 65535; `--port` goes before {name}"))
            })?,
            (None, None) => PORT,
        };
        if flags.https.is_some_and(|https| https == port && port != 0) {
            return Err(Error::usage(format!("port {port} cannot be for http and https"))
                .hinted("choose another one for `--https`"));
        }
        let server = environment.server_url.as_deref().map(|text| web_address("NANGO_SERVER_URL", text)).transpose()?;
        let named =
            environment.callback_url.as_deref().map(|text| web_address("NANGO_CALLBACK_URL", text)).transpose()?;
        let mut hosts = Vec::new();
        for host in &flags.hosts {
            hosts.push(host_name(host)?);
        }
        hosts.extend(flags.listen.filter(|address| !address.is_unspecified()).map(|address| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }));
        let own = server.as_ref().filter(|url| !crate::model::template::is_loopback(url));
        hosts.extend(own.and_then(authority));
        let origins = flags.origins.iter().map(|origin| page_origin(origin)).collect::<Result<Vec<_>>>()?;
        let key = environment.key.clone().filter(|key| !key.is_empty());
        let is_wide = hosts.iter().any(|host| !is_loopback_name(host))
            || flags.listen.is_some_and(|address| !address.is_loopback());
        if is_wide && key.is_none() {
            return Err(Error::usage("a server that others can reach needs a key")
                .hinted("set NANGO_SECRET_KEY to a long random text, and give it to your programs"));
        }
        let callback = named.or_else(|| {
            let mut url = server.clone()?;
            url.set_path(&format!("{}/oauth/callback", url.path().trim_end_matches('/')));
            Some(url)
        });
        Ok(Self { port, https: flags.https, listen: flags.listen, hosts, origins, key, server, callback })
    }

    /// Returns the redirect URI of configs that name none.
    pub(super) fn callback_at(&self, port: u16) -> String {
        self.callback.as_ref().map_or_else(|| format!("http://localhost:{port}/oauth/callback"), Url::to_string)
    }

    /// Returns the address of the server, as pages and programs write it.
    pub(super) fn url_at(&self, port: u16) -> String {
        let named = self.server.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        named.unwrap_or_else(|| format!("http://localhost:{port}"))
    }

    /// Returns every Host that is served.
    pub(super) fn hosts_at(&self, port: u16) -> Vec<String> {
        let near = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        // A browser leaves out the port where it is the usual one.
        let bare = if matches!(port, 80 | 443) { ["localhost", "127.0.0.1", "[::1]"].as_slice() } else { &[] };
        let bare = bare.iter().map(|name| (*name).to_owned());
        let named = self.hosts.iter().flat_map(|host| [host.clone(), format!("{host}:{port}")]);
        let callback = self.callback.as_ref().and_then(authority);
        near.into_iter().chain(bare).chain(named).chain(callback).collect()
    }

    /// Tells whether a Host is served for callbacks alone: the one of a redirect URI that leads here from
    /// elsewhere.
    pub(super) fn is_for_callbacks_only(&self, host: &str) -> bool {
        let Some(callback) = self.callback.as_ref().filter(|url| !crate::model::template::is_loopback(url)) else {
            return false;
        };
        let is_named = self.hosts.iter().any(|named| {
            host.eq_ignore_ascii_case(named)
                || host.rsplit_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(named))
        });
        !is_named && authority(callback).is_some_and(|named| named.eq_ignore_ascii_case(host))
    }
}

/// Returns host and port of a URL as a browser writes them into `Host`.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn is_loopback_name(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn web_address(name: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        Error::usage(format!("`{}` is not a web address ({name})", untrusted::line(text)))
            .hinted("expected an address such as `http://localhost:3003`")
    })
}

fn host_name(text: &str) -> Result<String> {
    let is_fit = |character: char| character.is_ascii_alphanumeric() || ".-:[]_".contains(character);
    if !text.is_empty() && text.chars().all(is_fit) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::usage(format!("`{}` is not a host name", untrusted::line(text)))
        .hinted("expected a name such as `host.docker.internal`, without `http://`"))
}

/// An origin as a browser writes it. `null` is that of a page opened as a file.
fn page_origin(text: &str) -> Result<String> {
    if text == "null" {
        return Ok(text.to_owned());
    }
    let origin = Url::parse(text).ok().filter(|url| url.path() == "/" && url.query().is_none()).map(|url| url.origin());
    match origin {
        Some(origin @ Origin::Tuple(..)) => Ok(origin.ascii_serialization()),
        _ => Err(Error::usage(format!("`{}` is not the origin of a web page", untrusted::line(text)))
            .hinted("expected `https://app.example`, without a path; or `null` for a page opened as a file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(port: Option<&str>, server: Option<&str>, key: Option<&str>) -> ServerEnvironment {
        ServerEnvironment {
            port: port.map(|port| ("SERVER_PORT", port.to_owned())),
            server_url: server.map(str::to_owned),
            callback_url: None,
            key: key.map(Secret::new),
        }
    }

    #[test]
    fn the_environments_port_and_url_are_honoured_and_flags_go_before() {
        let options = Options::of(&environment(Some("4000"), None, None), &Flags::default()).unwrap();
        assert_eq!((options.port, options.callback_at(4000).as_str()), (4000, "http://localhost:4000/oauth/callback"));
        let flags = Flags { port: Some(5000), ..Flags::default() };
        assert_eq!(Options::of(&environment(Some("4000"), None, None), &flags).unwrap().port, 5000);
        let server = environment(None, Some("http://localhost:8080/base/"), None);
        let options = Options::of(&server, &Flags::default()).unwrap();
        assert_eq!(options.callback_at(3003), "http://localhost:8080/base/oauth/callback");
        assert!(Options::of(&environment(Some("many"), None, None), &Flags::default()).is_err());
    }

    #[test]
    fn whoever_can_be_reached_by_others_needs_a_key() {
        let wide = Flags { listen: Some("0.0.0.0".parse().unwrap()), ..Flags::default() };
        let named = Flags { hosts: vec!["host.docker.internal".to_owned()], ..Flags::default() };
        for flags in [&wide, &named] {
            let error = Options::of(&environment(None, None, None), flags).unwrap_err();
            assert!(error.hint.unwrap().contains("NANGO_SECRET_KEY"));
            assert!(Options::of(&environment(None, None, Some("k")), flags).is_ok());
        }
        let tunnel = environment(None, Some("https://a.tunnel.example"), None);
        assert!(Options::of(&tunnel, &Flags::default()).is_err());
        let hosts = Options::of(&environment(None, None, Some("k")), &named).unwrap().hosts_at(3003);
        assert!(hosts.contains(&"host.docker.internal:3003".to_owned()) && hosts.contains(&"[::1]:3003".to_owned()));
    }

    #[test]
    fn the_host_of_a_callback_is_served_for_callbacks_alone() {
        let environment = ServerEnvironment {
            callback_url: Some("https://a.tunnel.example/oauth/callback".to_owned()),
            ..environment(None, None, None)
        };
        let options = Options::of(&environment, &Flags::default()).unwrap();
        assert!(options.hosts_at(3003).contains(&"a.tunnel.example".to_owned()));
        assert!(options.is_for_callbacks_only("a.tunnel.example") && !options.is_for_callbacks_only("localhost:3003"));
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        assert_eq!(page_origin("https://App.example:443").unwrap(), "https://app.example");
        assert_eq!(page_origin("null").unwrap(), "null");
        for bad in ["app.example", "https://app.example/x", "file:///x", ""] {
            assert!(page_origin(bad).is_err(), "{bad}");
        }
    }
}
