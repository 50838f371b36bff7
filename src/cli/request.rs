//! `request`: an authorized request to the provider's API. The body goes to standard output as it comes,
//! the status to standard error.

use std::io::Read;

use super::args::{RequestArgs, Target};
use super::interrupt::uninterrupted;
use super::output::Body;
use super::{Outcome, Output, prompt};
use crate::backend::Backend;
use crate::model::untrusted;
use crate::service::request::{Answer, ApiRequest, Payload};
use crate::service::{Error, Kind, Result};

pub(super) async fn run(arguments: RequestArgs, backend: &Backend, output: Output) -> Outcome {
    let (target, method, path) = taken_apart(arguments.words)?;
    let reference = target.existing(backend, output).await?;
    let headers = arguments.headers.iter().map(|line| header(line)).collect::<Result<Vec<_>>>()?;
    let body = arguments.data.as_deref().map(body).transpose()?;
    let body = body.map_or(Payload::Nothing, Payload::Whole);
    let request = ApiRequest { method, path, headers, body, ..ApiRequest::default() };
    let answer = Box::pin(uninterrupted(backend.request(&reference, request), backend, output)).await?;
    let status = answer.status();
    if arguments.include {
        for (name, value) in answer.headers() {
            output.note(&format!("{name}: {}", untrusted::line(&String::from_utf8_lossy(value.as_bytes()))));
        }
    }
    print(answer, output).await?;
    if status < 400 {
        output.note(&status.to_string());
        return Ok(());
    }
    Err(Error::new(Kind::Provider, format!("the API answered {status}")).into())
}

/// The methods (RFC 9110 section 9, RFC 5789). A line that ends with one has no path.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The last two words are method and path, those before them the connection.
fn taken_apart(mut words: Vec<String>) -> Result<(Target, String, String)> {
    let usage = || prompt::missing("METHOD PATH").hinted("`hallpass request CONFIG CONNECTION GET /path`");
    if words.len() < 3 {
        return Err(usage());
    }
    let path = words.pop().ok_or_else(usage)?;
    let method = words.pop().ok_or_else(usage)?;
    // The path was forgotten: what stands in its place is the method.
    if METHODS.iter().any(|method| path.eq_ignore_ascii_case(method)) {
        return Err(usage());
    }
    // The method was forgotten: what stands in its place is the connection.
    let is_method = METHODS.iter().any(|known| method.eq_ignore_ascii_case(known))
        || method.chars().all(|character| character.is_ascii_uppercase() || character == '-');
    if !is_method && words.len() == 1 && !words[0].contains('/') {
        return Err(usage());
    }
    let mut words = words.into_iter();
    Ok((Target { config: words.next(), connection: words.next() }, method, path))
}

fn header(line: &str) -> Result<(String, String)> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| Error::usage(format!("`{}` is not `NAME: VALUE`", untrusted::line(line))))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn body(text: &str) -> Result<Vec<u8>> {
    let unreadable = |what: &str, error: std::io::Error| Error::usage(format!("{what} cannot be read: {error}"));
    match text.strip_prefix('@') {
        Some("-") => body("-"),
        Some(file) => std::fs::read(file).map_err(|error| unreadable(&format!("`{}`", untrusted::line(file)), error)),
        None if text == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| unreadable("standard input", error))?;
            Ok(bytes)
        }
        None => Ok(text.as_bytes().to_vec()),
    }
}

async fn print(mut answer: Answer, output: Output) -> Outcome {
    let mut body = Body::default();
    while let Some(chunk) = answer.chunk().await.map_err(Error::from)? {
        output.body(chunk.as_ref(), &mut body)?;
    }
    Ok(output.end_body(&body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_connection_is_written_in_one_word_or_in_two() {
        for (text, connection) in [("github jane GET /user", Some("jane")), ("github/jane GET /user", None)] {
            let (target, method, path) = taken_apart(words(text)).unwrap();
            assert_eq!((target.connection.as_deref(), method.as_str(), path.as_str()), (connection, "GET", "/user"));
        }
        assert!(taken_apart(words("GET /user")).is_err());
        assert!(taken_apart(words("github jane GET")).is_err(), "the path was forgotten");
        assert!(taken_apart(words("github jane /user")).is_err(), "the method was forgotten");
        for text in ["cloud/jane propfind /", "cloud jane propfind /", "cloud VERSION-CONTROL /", "cloud get /"] {
            assert!(taken_apart(words(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_header_has_a_name_and_a_value() {
        assert_eq!(header("accept:  a/b").unwrap(), ("accept".to_owned(), "a/b".to_owned()));
        assert!(header("accept").is_err());
    }
}
