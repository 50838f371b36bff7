//! What tests share: a service with a sandbox, a home for the program, an odd server, screens.

pub mod dump;
pub mod odd_server;
pub mod player;
pub mod program;
pub mod screen;
pub mod served;
#[cfg(unix)]
pub mod session;
pub mod svg;
pub mod trial;

use url::Url;

/// What a person does with the sandbox's consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny,
}

/// Returns an HTTP client that goes through no proxy and needs no certificates.
pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Reads the consent page at `url` and decides; returns where the browser is sent then.
pub async fn consent(url: &Url, decision: Decision) -> Url {
    let http = http();
    let page = http.get(url.clone()).send().await.unwrap();
    if let Some(location) = page.headers().get("location") {
        return Url::parse(location.to_str().unwrap()).unwrap();
    }
    let page = page.text().await.unwrap();
    let consent = page
        .split("name=\"consent\" value=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("no consent in {page}"))
        .split('"')
        .next()
        .unwrap();
    let decision = if decision == Decision::Allow { "allow" } else { "deny" };
    let body = format!("consent={consent}&decision={decision}");
    let form = http.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(body);
    let location = form.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    Url::parse(&location).unwrap()
}

/// Decides, and goes where the browser is sent; returns the status and the text of the last page.
pub async fn visit(url: &Url, decision: Decision) -> (u16, String) {
    get(&consent(url, decision).await).await
}

/// Gets a page as a browser does, following one redirect to another port of this machine.
pub async fn get(url: &Url) -> (u16, String) {
    let mut response = http().get(url.clone()).send().await.unwrap();
    if let Some(location) = response.headers().get("location") {
        let location = location.to_str().unwrap().to_owned();
        response = http().get(location).send().await.unwrap();
    }
    let status = response.status().as_u16();
    (status, response.text().await.unwrap())
}
