//! A token endpoint that answers with whatever bytes it is given, or ends the connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One answer.
#[derive(Debug, Clone)]
pub enum Odd {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The end, without a byte.
    Close,
}

impl Odd {
    /// A whole answer.
    pub fn answer(status: &str, kind: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes())
    }

    /// A JSON answer.
    pub fn json(status: &str, body: &str) -> Self {
        Self::answer(status, "application/json", body)
    }
}

/// A server that gives its answers in order; the last one is repeated.
pub struct OddServer {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl OddServer {
    pub fn start(answers: Vec<Odd>) -> Self {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = requests.clone();
        std::thread::spawn(move || {
            for (index, stream) in socket.incoming().flatten().enumerate() {
                let request = read_request(&stream);
                seen.lock().unwrap().push(request);
                let answer = answers.get(index).or_else(|| answers.last());
                if let Some(Odd::Bytes(bytes)) = answer {
                    // Whoever has read enough goes away.
                    let _ = (&stream).write_all(bytes);
                }
            }
        });
        Self { port, requests }
    }

    /// Returns the requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns a provider file whose token endpoint this is; `more` is added to `[oauth2]`.
    pub fn provider_file(&self, more: &str) -> String {
        let port = self.port;
        format!(
            "name = \"Odd\"\n[oauth2]\nauthorization_endpoint = \"http://127.0.0.1:{port}/authorize\"\ntoken_endpoint = \"http://127.0.0.1:{port}/token\"\n{more}\n"
        )
    }
}

fn read_request(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
