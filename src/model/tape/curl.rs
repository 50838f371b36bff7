//! A step as a `curl` command: text in single quotes, secrets as variables in double quotes, so that a shell expands
//! those and nothing else, whoever wrote the text.

use super::{Body, Masked, Piece, Request, Step, encoded, variable};

impl Step {
    /// Returns the `curl` command that sends the request again, secrets as shell variables; `None` where nothing was
    /// sent, where a browser sent it, or where what was sent is not kept.
    pub fn curl(&self) -> Option<String> {
        let request = self.request.as_ref().filter(|_| !self.what.is_of_the_browser())?;
        (!matches!(request.body, Body::Unkept(_))).then(|| command(request))
    }
}

fn command(request: &Request) -> String {
    let mut words = vec!["curl".to_owned(), "--globoff".to_owned()];
    let mut add = |option: &str, value: Masked| words.extend([option.to_owned(), word(&value)]);
    add("--request", Masked::text(request.method.as_str()));
    // curl encodes what it is given as data: a secret in an address must be encoded, and a shell cannot.
    let has_secret = request.query.iter().any(|(_, value)| value.has_secret());
    let is_data = has_secret && request.body == Body::Nothing;
    let target = if is_data { request.url.clone() } else { whole(request) };
    add("--url", target);
    if let Some(basic) = &request.basic {
        add("--user", basic.clone());
    }
    // Anything else would not be a header: `@name` is a file.
    for (name, value) in request.headers.iter().filter(|(name, _)| is_header(name)) {
        add("--header", Masked::text(format!("{name}: ")).with(value));
    }
    let pairs = match &request.body {
        Body::Form(pairs) => pairs.as_slice(),
        Body::Text(text) => {
            add("--data-raw", text.clone());
            &[]
        }
        Body::Nothing if is_data => request.query.as_slice(),
        Body::Nothing | Body::Unkept(_) => &[],
    };
    for (name, value) in pairs {
        // What stands before `=` is sent as it is; with an `@` in it, a file would be.
        add("--data-urlencode", Masked::text(format!("{}=", encoded(name))).with(value));
    }
    if is_data {
        words.push("--get".to_owned());
    }
    words.join(" ")
}

fn whole(request: &Request) -> Masked {
    request.query.iter().enumerate().fold(request.url.clone(), |url, (index, (name, value))| {
        let url = url.with_text(format!("{}{}=", if index == 0 { '?' } else { '&' }, encoded(name)));
        value.pieces().iter().fold(url, |url, piece| match piece {
            Piece::Text(text) => url.with_text(encoded(text)),
            Piece::Secret(name) => url.with_secret(name),
        })
    })
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Writes one word of a command line.
fn word(masked: &Masked) -> String {
    if masked.pieces().is_empty() {
        return "''".to_owned();
    }
    let quoted = masked.pieces().iter().map(|piece| match piece {
        Piece::Text(text) if is_plain(text) => text.clone(),
        // Nothing is special between single quotes but the single quote; nobody can write NUL.
        Piece::Text(text) => format!("'{}'", text.replace('\0', "").replace('\'', r"'\''")),
        Piece::Secret(name) => format!("\"${}\"", variable(name)),
    });
    quoted.collect()
}

fn is_plain(text: &str) -> bool {
    // Some shells look for a command behind a `=` at the beginning of a word.
    !text.starts_with('=') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/,=".contains(&byte))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::super::What;
    use super::*;

    /// Lets a shell run the command with a `curl` that prints its arguments, each ended by NUL.
    fn ran(line: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let curl = folder.path().join("curl");
        std::fs::write(&curl, "#!/bin/sh\nprintf '%s\\0' \"$@\"\n").unwrap();
        std::fs::set_permissions(&curl, std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .envs([("PATH", path.as_str()), ("CODE", "c o'd\"e$(id)"), ("CLIENT_SECRET", "s`id`"), ("HOME", "/home/h")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "it made a file: {line}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    fn step(request: Request) -> Step {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Step { at, took: None, what: What::TokenRequest, times: 1, request: Some(request), answer: None }
    }

    const HOSTILE: [&str; 9] = [
        "it's",
        "`touch owned`",
        "$(touch owned)",
        "$HOME ${HOME}",
        "a\nb; touch owned",
        "\"; touch owned; \"",
        "'; touch owned; '",
        "\\' \\\\",
        "!! * ? [a] {b,c} ~ # & | < > é\u{7f}",
    ];

    #[test]
    fn a_shell_sees_the_variables_and_takes_everything_else_to_the_letter() {
        for hostile in HOSTILE {
            let request = Request {
                method: "POST".to_owned(),
                url: Masked::text(format!("https://as.example/{hostile}")),
                query: vec![(hostile.to_owned(), Masked::text(hostile))],
                basic: Some(Masked::text(format!("{hostile}:")).with_secret("client_secret")),
                headers: vec![("accept".to_owned(), Masked::text(hostile))],
                body: Body::Form(vec![
                    (hostile.to_owned(), Masked::text(hostile)),
                    ("code".to_owned(), Masked::text(hostile).with_secret("code").with_text(hostile)),
                ]),
            };
            let encoded = encoded(hostile);
            assert_eq!(
                ran(&step(request).curl().unwrap()),
                [
                    "--globoff",
                    "--request",
                    "POST",
                    "--url",
                    &format!("https://as.example/{hostile}?{encoded}={encoded}"),
                    "--user",
                    &format!("{hostile}:s`id`"),
                    "--header",
                    &format!("accept: {hostile}"),
                    "--data-urlencode",
                    &format!("{encoded}={hostile}"),
                    "--data-urlencode",
                    &format!("code={hostile}c o'd\"e$(id){hostile}"),
                ],
                "{hostile:?}"
            );
        }
    }

    #[test]
    fn a_body_of_text_is_one_word() {
        let body = Masked::text("{\"code\":\"").with_secret("code").with_text("\",\"x\":\"@it's\"}");
        let request = Request { method: "PUT".to_owned(), body: Body::Text(body), ..Request::default() };
        let words = ran(&step(request).curl().unwrap());
        assert_eq!(words[words.len() - 2..], ["--data-raw", "{\"code\":\"c o'd\"e$(id)\",\"x\":\"@it's\"}"]);
    }

    #[test]
    fn a_secret_in_a_query_is_encoded_by_curl() {
        let query = vec![("code".to_owned(), Masked::secret("code")), ("a".to_owned(), Masked::text("b c"))];
        let url = Masked::text("https://as.example/t");
        let request = Request { method: "GET".to_owned(), url, query, ..Request::default() };
        let words = ran(&step(request).curl().unwrap());
        assert_eq!(
            words[3..],
            [
                "--url",
                "https://as.example/t",
                "--data-urlencode",
                "code=c o'd\"e$(id)",
                "--data-urlencode",
                "a=b c",
                "--get"
            ]
        );
    }

    #[test]
    fn names_that_would_read_a_file_are_no_headers_and_no_parameters() {
        let request = Request {
            method: "POST".to_owned(),
            headers: vec![("@/etc/passwd".to_owned(), Masked::text("x"))],
            body: Body::Form(vec![("a@/etc/passwd".to_owned(), Masked::text("x"))]),
            ..Request::default()
        };
        let words = ran(&step(request).curl().unwrap());
        assert!(!words.contains(&"--header".to_owned()));
        assert_eq!(words.last().unwrap(), "a%40%2Fetc%2Fpasswd=x");
    }

    #[test]
    fn what_a_browser_sent_and_what_is_not_kept_is_no_command() {
        let request = Request { method: "GET".to_owned(), ..Request::default() };
        let page = Step { what: What::AuthorizationPage, ..step(request.clone()) };
        assert_eq!(page.curl(), None);
        assert_eq!(step(Request { body: Body::Unkept(None), ..request.clone() }).curl(), None);
        assert_eq!(Step { request: None, ..step(request) }.curl(), None);
    }
}
