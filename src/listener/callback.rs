//! Which requests reach the callback at all: a top-level navigation with GET to its exact path.
//!
//! What the query says is judged by whoever began the flow, through the function passed in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::{Method, Request, StatusCode};

use super::Handler;
use super::reply::{self, Reply};

/// Answers the query of a callback.
pub type Answer = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// Returns a handler that lets the callback at `path` through to `answer`, and nothing else.
pub fn handler(path: String, answer: Answer) -> Handler {
    Arc::new(move |request: Request<Incoming>| match refusal(&request, &path) {
        Some(refusal) => {
            tracing::debug!(
                path = request.uri().path(),
                status = refusal.status().as_u16(),
                "a request that is no callback"
            );
            Box::pin(async move { refusal })
        }
        None => answer(request.uri().query().unwrap_or_default().to_owned()),
    })
}

fn refusal(request: &Request<Incoming>, path: &str) -> Option<Reply> {
    if request.uri().path() != path {
        Some(reply::text(StatusCode::NOT_FOUND, "There is nothing here.\n"))
    } else if request.method() != Method::GET {
        Some(reply::text(StatusCode::METHOD_NOT_ALLOWED, "Only GET is answered here.\n"))
    } else if !is_navigation(request.headers()) {
        Some(reply::text(StatusCode::FORBIDDEN, "Only a browser's own navigation is answered here.\n"))
    } else {
        None
    }
}

/// A page of another site may send the browser here, but not fetch, frame or prefetch. A browser
/// that sends no `Sec-Fetch` headers is let in.
pub fn is_navigation(headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_prefetch =
        ["purpose", "sec-purpose"].iter().any(|name| value(name).is_some_and(|purpose| purpose.contains("prefetch")));
    let is_top_level = value("sec-fetch-site").is_none_or(|_| {
        value("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
            && value("sec-fetch-dest").is_none_or(|dest| dest == "document")
    });
    !is_prefetch && is_top_level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::tests::raw;
    use crate::listener::{Listener, LoopbackHost};
    use tokio::sync::watch;

    async fn status(request: &str, headers: &str) -> String {
        let listener = Listener::bind(LoopbackHost::Localhost, 0).await.unwrap();
        let port = listener.port();
        let (stop, stopping) = watch::channel(false);
        let answer: Answer = Arc::new(|_| Box::pin(async { reply::text(StatusCode::OK, "judged") }));
        tokio::spawn(listener.serve(
            vec![format!("localhost:{port}")],
            handler("/oauth/callback".to_owned(), answer),
            stopping,
        ));
        let answer = raw(port, &format!("{request} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n")).await;
        drop(stop);
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn only_a_get_of_the_exact_path_is_judged() {
        assert_eq!(status("GET /oauth/callback?code=a&state=b", "").await, "200");
        for path in ["/", "/favicon.ico", "/oauth/callback/", "/OAUTH/callback", "//oauth/callback"] {
            assert_eq!(status(&format!("GET {path}?code=a&state=b"), "").await, "404", "{path}");
        }
        for method in ["POST", "HEAD", "OPTIONS", "PUT"] {
            assert_eq!(
                status(&format!("{method} /oauth/callback?code=a"), "Content-Length: 0\r\n").await,
                "405",
                "{method}"
            );
        }
    }

    #[tokio::test]
    async fn another_site_may_navigate_here_but_not_fetch() {
        let headers = |mode: &str, dest: &str| {
            format!("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n")
        };
        assert_eq!(status("GET /oauth/callback", &headers("navigate", "document")).await, "200");
        for (mode, dest) in [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")] {
            assert_eq!(status("GET /oauth/callback", &headers(mode, dest)).await, "403", "{mode} {dest}");
        }
        assert_eq!(status("GET /oauth/callback", "Sec-Purpose: prefetch\r\n").await, "403");
    }
}
