//! Where the program is running, as the environment tells it.

use std::path::{Path, PathBuf};

use super::Environment;

/// Where the program is running, as the environment tells it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `$BROWSER`.
    pub browser: Option<String>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// Whether this is a session over SSH.
    pub is_ssh: bool,
    /// Whether an X11 or Wayland display is named.
    pub has_display: bool,
    /// Whether this is the Windows Subsystem for Linux.
    pub is_wsl: bool,
    /// Whether this is a container or a hosted workspace.
    pub is_container: bool,
    /// `$TERM`.
    pub terminal: Option<String>,
    /// What stands between this program and the terminal (`TMUX`, `STY`).
    pub multiplexer: Option<Multiplexer>,
    /// Whether colours are unwanted (`NO_COLOR`, `CLICOLOR=0`).
    pub no_color: bool,
    /// Whether the terminal shows every colour (`COLORTERM`).
    pub has_true_colors: bool,
    /// What the terminal's ground is, where it names it (`COLORFGBG`): a number of the sixteen colours.
    pub ground: Option<u8>,
    /// Whether nothing but ASCII is to be drawn (`--ascii`, or a terminal that can draw little else).
    pub wants_ascii: bool,
    /// Whether movement is unwanted (`NO_MOTION`).
    pub no_motion: bool,
    /// The proxies named (`HTTPS_PROXY` and friends), without their credentials.
    pub proxies: Vec<String>,
    /// The certificates named (`SSL_CERT_FILE`, `SSL_CERT_DIR`): a private authority's, beside or in
    /// place of the system's.
    pub certificates: Vec<(&'static str, PathBuf)>,
}

/// A program that shows several terminals in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplexer {
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Surroundings {
    pub(super) fn of(environment: &Environment) -> Self {
        let is_set = |name| environment.get(name).is_some();
        let container_marks =
            ["container", "REMOTE_CONTAINERS", "CODESPACES", "KUBERNETES_SERVICE_HOST", "GITPOD_WORKSPACE_ID"];
        let proxy_names = [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
        ];
        let proxy = |name: &&str| environment.get(name).map(|value| format!("{name}={}", without_user_info(value)));
        Self {
            browser: environment.get("BROWSER").map(str::to_owned),
            home: environment.get("HOME").or_else(|| environment.get("USERPROFILE")).map(PathBuf::from),
            is_ssh: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            has_display: is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
            is_wsl: is_set("WSL_DISTRO_NAME") || is_set("WSL_INTEROP"),
            is_container: container_marks.into_iter().any(is_set)
                || Path::new("/.dockerenv").exists()
                || Path::new("/run/.containerenv").exists(),
            terminal: environment.get("TERM").map(str::to_owned),
            multiplexer: if is_set("TMUX") {
                Some(Multiplexer::Tmux)
            } else {
                is_set("STY").then_some(Multiplexer::Screen)
            },
            no_color: is_set("NO_COLOR") || environment.get("CLICOLOR") == Some("0"),
            has_true_colors: matches!(environment.get("COLORTERM"), Some("truecolor" | "24bit")),
            ground: environment.get("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse().ok()),
            wants_ascii: false,
            no_motion: is_set("NO_MOTION"),
            proxies: proxy_names.iter().filter_map(proxy).collect(),
            certificates: ["SSL_CERT_FILE", "SSL_CERT_DIR"]
                .into_iter()
                .filter_map(|name| Some((name, PathBuf::from(environment.get(name)?))))
                .collect(),
        }
    }
}

/// Returns an address as it may be shown: without the user and the password that may stand in it.
pub fn without_user_info(proxy: &str) -> String {
    let (scheme, rest) = proxy.split_once("://").map_or(("", proxy), |(scheme, rest)| (scheme, rest));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let shown = if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") };
    crate::model::untrusted::line(&shown)
}
