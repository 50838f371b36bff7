//! The built program, run in a home of its own with nothing of the tester's environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A home, and the program that lives there.
pub struct Home {
    folder: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Returns the JSON objects, one a line.
    pub fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the program's own folder, which it makes itself.
    pub fn data(&self) -> PathBuf {
        self.path().join("hallpass")
    }

    /// Returns a command whose vault is sealed by a key file, with nothing else in its
    /// environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hallpass"));
        command
            .env_clear()
            .env("HOME", self.path())
            .env("HALLPASS_HOME", self.data())
            .env("HALLPASS_VAULT", "sealed")
            .env("HALLPASS_KEY_FILE", self.path().join("key"))
            .env("TERM", "xterm-256color")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Windows finds its own libraries through these.
        for name in ["SystemRoot", "TEMP"] {
            #[expect(clippy::disallowed_methods, reason = "the tester's environment, for the program under test")]
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command line.
    pub fn run(&self, arguments: &[&str]) -> Said {
        said(self.command().args(arguments).output().unwrap())
    }

    /// Runs a command line with something on standard input.
    pub fn pipe(&self, input: &str, arguments: &[&str]) -> Said {
        let mut child = self.command().args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        said(child.wait_with_output().unwrap())
    }

    /// Writes a provider file of the user's own.
    pub fn provider(&self, id: &str, text: &str) {
        let folder = self.data().join("providers");
        make_private(&folder);
        std::fs::write(folder.join(format!("{id}.toml")), text).unwrap();
    }
}

fn make_private(folder: &Path) {
    hallpass::settings::private::folder(folder).unwrap();
}

pub fn said(output: Output) -> Said {
    Said {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// A sandbox that runs as a process of its own, until this is dropped.
pub struct SandboxProcess {
    child: Child,
    pub started: Value,
}

impl SandboxProcess {
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = home.command().args(["sandbox", "--port", "0", "--json"]).args(arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        home.provider("sandbox", started["provider_file"].as_str().unwrap());
        Self { child, started }
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        // It may have ended by itself, which a test would notice elsewhere.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Authorizes a connection with the program, giving the consent as a browser would; returns what
/// it said.
pub async fn connect(home: &Home, arguments: &[&str], decision: super::Decision) -> Said {
    use std::io::{BufRead, BufReader, Read};
    let mut child = home.command().args(["--json", "connect", "--no-browser"]).args(arguments).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    if let Some(url) =
        serde_json::from_str::<Value>(&first).ok().and_then(|event| event["url"].as_str().map(str::to_owned))
    {
        super::visit(&url::Url::parse(&url).unwrap(), decision).await;
    }
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let mut said = said(child.wait_with_output().unwrap());
    said.out = format!("{first}{rest}");
    said
}

/// Makes the config `sandbox` in a home.
pub fn configure(home: &Home) {
    home.pipe(
        "sandbox-secret",
        &[
            "config",
            "create",
            "sandbox",
            "sandbox",
            "sandbox-client",
            "-",
            "read,write",
            "--redirect-uri",
            "http://127.0.0.1:0/oauth/callback",
        ],
    )
    .ok();
}
