//! Opening the system's browser, or knowing that there is none to open.

use url::Url;

use super::process;
use crate::model::template::is_loopback;
use crate::settings::Surroundings;

/// Opens a URL in a browser. `Ok` means that a launcher was started, nothing more.
pub trait Browser: Send + Sync {
    /// Opens `url`.
    fn open(&self, url: &Url) -> Result<(), BrowserError>;

    /// Tells whether one could be opened that its user sees, or why not.
    fn check(&self) -> Result<(), BrowserError>;
}

/// Why no browser was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// This is a session over SSH: a browser here would be on the wrong machine.
    #[error("this is a session over SSH, whose browser would open on the other machine")]
    Ssh,
    /// There is no display.
    #[error("there is no display to open a browser on")]
    NoDisplay,
    /// This is a container.
    #[error("this is a container without a browser")]
    Container,
    /// The URL is neither https nor on loopback.
    #[error("only https addresses, and those of this machine, are opened")]
    Unsafe,
    /// The launcher did not start.
    #[error("the browser did not start: {0}")]
    Launch(String),
    /// The user asked for none.
    #[error("no browser was asked for")]
    NotWanted,
}

/// The browser of the desktop, or the one that `$BROWSER` names.
#[derive(Debug, Clone)]
pub struct DesktopBrowser {
    surroundings: Surroundings,
}

impl DesktopBrowser {
    /// Takes what is known about where the program is running.
    pub fn new(surroundings: Surroundings) -> Self {
        Self { surroundings }
    }
}

impl Browser for DesktopBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(url)) {
            return Err(BrowserError::Unsafe);
        }
        self.check()?;
        match &self.surroundings.browser {
            Some(commands) => open_with(commands, url),
            None => open_desktop(url),
        }
    }

    fn check(&self) -> Result<(), BrowserError> {
        let place = &self.surroundings;
        if place.browser.is_some() {
            // Whoever sets $BROWSER knows: a VS Code terminal does so over SSH and in containers.
            return Ok(());
        }
        if place.is_ssh {
            return Err(BrowserError::Ssh);
        }
        if cfg!(any(windows, target_os = "macos")) || place.is_wsl || place.has_display {
            return Ok(());
        }
        Err(if place.is_container { BrowserError::Container } else { BrowserError::NoDisplay })
    }
}

/// Tries the launchers of this system in turn, without our secrets in their environment.
fn open_desktop(url: &Url) -> Result<(), BrowserError> {
    let mut last = BrowserError::Launch("this system has no launcher".to_owned());
    for mut command in open::commands(url.as_str()) {
        process::detach(&mut command);
        match command.spawn() {
            Ok(child) => {
                wait_for(child);
                return Ok(());
            }
            Err(error) => {
                last = BrowserError::Launch(format!("`{}`: {error}", command.get_program().to_string_lossy()));
            }
        }
    }
    Err(last)
}

/// Whoever starts a process must wait for it, or it stays behind as a zombie.
fn wait_for(mut child: std::process::Child) {
    std::thread::spawn(move || child.wait());
}

/// `$BROWSER` is a list of commands separated by colons; `%s` stands for the URL, which otherwise
/// comes last. There is no shell: words are separated by blanks.
fn open_with(commands: &str, url: &Url) -> Result<(), BrowserError> {
    let mut last = BrowserError::Launch("$BROWSER names no command".to_owned());
    for command in commands.split(if cfg!(windows) { ';' } else { ':' }) {
        let mut words = command.split_whitespace();
        let Some(program) = words.next() else { continue };
        let mut arguments: Vec<String> = words.map(|word| word.replace("%s", url.as_str())).collect();
        if !command.contains("%s") {
            arguments.push(url.as_str().to_owned());
        }
        match process::detached(program).args(arguments).spawn() {
            Ok(child) => {
                wait_for(child);
                return Ok(());
            }
            Err(error) => last = BrowserError::Launch(format!("`{program}`: {error}")),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: &Surroundings) -> Result<(), BrowserError> {
        DesktopBrowser::new(place.clone()).check()
    }

    #[test]
    fn where_no_browser_can_open_the_reason_is_told() {
        let bare = Surroundings::default();
        assert_eq!(check(&Surroundings { is_ssh: true, has_display: true, ..bare.clone() }), Err(BrowserError::Ssh));
        if cfg!(target_os = "linux") {
            assert_eq!(check(&bare), Err(BrowserError::NoDisplay));
            assert_eq!(check(&Surroundings { is_container: true, ..bare.clone() }), Err(BrowserError::Container));
        }
        assert_eq!(check(&Surroundings { has_display: true, ..bare.clone() }), Ok(()));
        assert_eq!(check(&Surroundings { is_wsl: true, ..bare.clone() }), Ok(()));
        let named = Surroundings { browser: Some("x".to_owned()), is_ssh: true, ..bare };
        assert_eq!(check(&named), Ok(()));
    }

    #[test]
    fn only_https_and_loopback_addresses_are_opened() {
        let browser = DesktopBrowser::new(Surroundings { browser: Some("true".to_owned()), ..Surroundings::default() });
        for unsafe_url in ["http://example.com", "file:///etc/passwd", "javascript:alert(1)", "ssh://x"] {
            assert_eq!(browser.open(&Url::parse(unsafe_url).unwrap()), Err(BrowserError::Unsafe), "{unsafe_url}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_url_goes_to_the_named_command_as_one_argument_and_through_no_shell() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (script, out) = (folder.path().join("browser"), folder.path().join("out"));
        std::fs::write(
            &script,
            format!("#!/bin/sh\nprintf '%s|' \"$@\" > {0}.part && mv {0}.part {0}\n", out.display()),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let commands = format!("/nonexistent:{} --new %s", script.display());
        let browser = DesktopBrowser::new(Surroundings { browser: Some(commands), ..Surroundings::default() });
        browser.open(&Url::parse("https://a.example/?x=$(id)&y=;rm").unwrap()).unwrap();
        while !out.exists() {
            std::thread::yield_now();
        }
        assert_eq!(std::fs::read_to_string(out).unwrap(), "--new|https://a.example/?x=$(id)&y=;rm|");
    }
}
