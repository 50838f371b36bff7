//! A server on loopback that plays others: it keeps every request it sees, and answers as it is told.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Path and query, as they came.
    pub target: String,
    pub query: BTreeMap<String, String>,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    /// Returns the fields of a form body.
    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

/// What it answers: status, further header lines, content type and body.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<String>,
    pub kind: &'static str,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self { status, headers: Vec::new(), kind: "application/json", body: value.to_string() }
    }

    pub fn form(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), kind: "application/x-www-form-urlencoded", body: body.to_owned() }
    }

    pub fn xml(body: String) -> Self {
        Self { status: 200, headers: Vec::new(), kind: "application/xml", body }
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        let headers = vec![format!("location: {location}")];
        Self { status, headers, kind: "text/plain", body: String::new() }
    }
}

pub type Answer = Box<dyn FnMut(&Seen) -> Reply + Send>;

/// The server. It ends with the test.
pub struct Player {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    seen: Vec<Seen>,
    answer: Answer,
}

impl Player {
    pub fn start(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(Shared { seen: Vec::new(), answer: Box::new(answer) }));
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let Some(seen) = read(&stream) else { continue };
                let reply = {
                    let mut shared = serving.lock().unwrap();
                    shared.seen.push(seen.clone());
                    (shared.answer)(&seen)
                };
                let headers = reply.headers.iter().fold(String::new(), |all, line| format!("{all}{line}\r\n"));
                let (status, kind, length, body) = (reply.status, reply.kind, reply.body.len(), reply.body);
                // Whoever has read enough goes away.
                let _ = (&stream).write_all(
                    format!("HTTP/1.1 {status} X\r\n{headers}content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").as_bytes(),
                );
            }
        });
        Self { port, shared }
    }

    /// Changes what it answers from now on, and forgets what it has seen.
    pub fn answer(&self, answer: impl FnMut(&Seen) -> Reply + Send + 'static) {
        let mut shared = self.shared.lock().unwrap();
        shared.answer = Box::new(answer);
        shared.seen.clear();
    }

    /// Returns what it has seen, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().unwrap().seen.clone()
    }

    /// Returns its address.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn read(mut stream: &TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, mut body) = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes[end + 4..].to_vec());
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    };
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let all = headers.entry(name.to_ascii_lowercase()).or_default();
        // Several of one name are one list (RFC 9110 section 5.3).
        *all = if all.is_empty() { value.trim().to_owned() } else { format!("{all}, {}", value.trim()) };
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => body.extend_from_slice(&buffer[..read]),
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Seen {
        method,
        path: path.to_owned(),
        target: target.clone(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
