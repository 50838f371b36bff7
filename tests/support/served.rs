//! A server over a service, and a client that sends what it is told to the letter.

use std::sync::Arc;

use futures_util::StreamExt;
use hallpass::backend::RunningServer;
use hallpass::http::{Flags, Options, start};
use hallpass::model::Secret;
use hallpass::service::Service;
use hallpass::settings::ServerEnvironment;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A running server.
pub struct Served {
    pub service: Arc<Service>,
    pub port: u16,
    server: RunningServer,
}

/// What it answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the sentence of an error on a route of early 2023.
    #[track_caller]
    pub fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.json()["error"].as_str().unwrap().to_owned()
    }

    /// Returns the code of an error on one of today's routes.
    #[track_caller]
    pub fn code(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{self:?}");
        self
    }

    /// Returns what a page tells the one that opened it.
    pub fn told(&self) -> Value {
        let data = self.body.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next());
        data.map_or(Value::Null, |data| serde_json::from_str::<Value>(data).unwrap()["message"].clone())
    }
}

impl Served {
    /// Serves without a key.
    pub async fn over(service: Arc<Service>) -> Self {
        Self::with(service, None, &Flags::default()).await
    }

    pub async fn with(service: Arc<Service>, key: Option<&str>, flags: &Flags) -> Self {
        let environment = ServerEnvironment { key: key.map(Secret::new), ..ServerEnvironment::default() };
        let flags = Flags { port: Some(flags.port.unwrap_or(0)), ..flags.clone() };
        let options = Options::of(&environment, &flags).unwrap();
        let server = start(service.clone(), options).await.unwrap();
        let port = server.about().url.rsplit(':').next().unwrap().parse().unwrap();
        Self { service, port, server }
    }

    /// Returns its address by HTTPS.
    pub fn https(&self) -> Option<String> {
        self.server.about().https.as_ref().map(|https| https.url.clone())
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// Sends bytes and returns what comes back until the server closes.
    pub async fn bytes(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        // One that is refused in the middle may be reset.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Answer { status, headers: headers.collect(), body: body.to_owned() }
    }

    /// Sends a request whose path and headers go as they are.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head = format!("{head}host: localhost:{}\r\n", self.port);
        }
        for (name, value) in headers {
            head = format!("{head}{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head = format!("{head}content-length: {}\r\n", body.len());
        }
        self.bytes(format!("{head}\r\n{body}").as_bytes()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.raw("GET", path, &[], "").await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.raw("DELETE", path, &[], "").await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.raw(method, path, &[("content-type", "application/json")], &body.to_string()).await
    }

    /// Goes where a redirect of the server's leads.
    #[track_caller]
    pub fn location(answer: &Answer) -> url::Url {
        assert_eq!(answer.status, 302, "{answer:?}");
        answer.header("location").unwrap().parse().unwrap()
    }

    /// Brings a callback back, as a browser does.
    pub async fn callback(&self, url: &url::Url) -> Answer {
        self.get(&format!("{}?{}", url.path(), url.query().unwrap_or_default())).await
    }

    /// Connects a page of this origin.
    pub async fn page(&self, origin: Option<&str>) -> Result<Page, u16> {
        let mut request = format!("ws://localhost:{}/", self.port).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => {
                let mut page = Page { socket, name: String::new() };
                let ack = page.hear().await.unwrap();
                assert_eq!(ack["message_type"], "connection_ack");
                ack["ws_client_id"].as_str().unwrap().clone_into(&mut page.name);
                Ok(page)
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(refusal)) => Err(refusal.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A web page that waits for its flow to end.
pub struct Page {
    socket: WebSocketStream<TcpStream>,
    /// What the server calls it.
    pub name: String,
}

impl Page {
    /// Returns what the server says next; `None` once it has closed.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            let message = self.socket.next().await?.ok()?;
            if message.is_text() {
                return Some(serde_json::from_str(message.to_text().unwrap()).unwrap());
            }
            if message.is_close() {
                return None;
            }
        }
    }
}
