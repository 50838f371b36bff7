use super::*;
use crate::system::clock::{Clock, FixedClock};

const CALLBACK: &str = "http://127.0.0.1:9/oauth/callback";
/// The verifier and the challenge of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Trial {
    sandbox: Sandbox,
    clock: FixedClock,
    http: reqwest::Client,
}

impl Trial {
    async fn new() -> Self {
        let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let told = clock.clone();
        let options = Options {
            port: 0,
            lifetime: Duration::from_mins(1),
            weather: Weather::Fine,
            now: Arc::new(move || told.now()),
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { sandbox: Sandbox::start(options).await.unwrap(), clock, http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.issuer())
    }

    async fn ask(&self, change: (&str, &str)) -> reqwest::Response {
        let mut parameters = vec![
            ("client_id", CLIENT_ID),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read write"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| *name != change.0);
        parameters.push(change);
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.http.get(self.url(&format!("/authorize?{query}"))).send().await.unwrap()
    }

    async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> (u16, serde_json::Value, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let request =
            self.http.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        let location =
            response.headers().get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(), location)
    }

    async fn code(&self) -> String {
        let page = self.ask(("state", "s")).await.text().await.unwrap();
        let consent = page.split("name=\"consent\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let (_, _, location) = self.post("/authorize", &[("consent", consent), ("decision", "allow")]).await;
        let url = url::Url::parse(&location).unwrap();
        url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn exchange(&self, code: &str, change: (&str, &str)) -> (u16, serde_json::Value) {
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
        ];
        parameters.retain(|(name, _)| *name != change.0);
        parameters.push(change);
        let (status, body, _) = self.post("/token", &parameters).await;
        (status, body)
    }

    async fn refresh(&self, token: &str) -> (u16, serde_json::Value) {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
        ];
        let (status, body, _) = self.post("/token", &parameters).await;
        (status, body)
    }
}

#[tokio::test]
async fn a_request_without_pkce_or_with_an_unknown_redirect_gets_no_code() {
    let trial = Trial::new().await;
    let refused = trial.ask(("code_challenge_method", "plain")).await;
    assert!(refused.headers()["location"].to_str().unwrap().contains("error=invalid_request"));
    assert_eq!(trial.ask(("redirect_uri", "https://evil.example/oauth/callback")).await.status(), 400);
    assert_eq!(trial.ask(("redirect_uri", "http://127.0.0.1:9/elsewhere")).await.status(), 400);
    assert_eq!(trial.ask(("client_id", "stranger")).await.status(), 400);
}

#[tokio::test]
async fn a_code_is_bound_to_verifier_redirect_and_client() {
    let trial = Trial::new().await;
    for change in [("code_verifier", "wrong"), ("redirect_uri", "http://127.0.0.1:8/oauth/callback")] {
        let (status, body) = trial.exchange(&trial.code().await, change).await;
        assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()), "{change:?}");
    }
    let (status, body) = trial.exchange(&trial.code().await, ("client_secret", "wrong")).await;
    assert_eq!((status, &body["error"]), (401, &"invalid_client".into()));
}

#[tokio::test]
async fn a_code_used_twice_ends_what_it_brought() {
    let trial = Trial::new().await;
    let code = trial.code().await;
    let (_, first) = trial.exchange(&code, ("x", "y")).await;
    let token = first["access_token"].as_str().unwrap();
    assert!(trial.sandbox.accepts(token));
    assert_eq!(trial.exchange(&code, ("x", "y")).await.0, 400);
    assert!(!trial.sandbox.accepts(token));
}

#[tokio::test]
async fn a_refresh_token_shown_twice_ends_the_grant() {
    let trial = Trial::new().await;
    let (_, first) = trial.exchange(&trial.code().await, ("x", "y")).await;
    let old = first["refresh_token"].as_str().unwrap().to_owned();
    let (_, second) = trial.refresh(&old).await;
    let new = second["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(trial.refresh(&old).await.0, 400);
    assert_eq!(trial.refresh(&new).await.0, 400, "the family is dead");
    assert_eq!(trial.sandbox.counts().reuses, 1);
}

#[tokio::test]
async fn tokens_end_when_they_should() {
    let trial = Trial::new().await;
    let (_, body) = trial.exchange(&trial.code().await, ("x", "y")).await;
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(body["expires_in"], 60);
    trial.clock.advance(Duration::from_secs(59));
    assert!(trial.sandbox.accepts(token));
    trial.clock.advance(Duration::from_secs(1));
    assert!(!trial.sandbox.accepts(token));
    let code = trial.code().await;
    trial.clock.advance(Duration::from_secs(61));
    assert_eq!(trial.exchange(&code, ("x", "y")).await.0, 400);
}

#[tokio::test]
async fn the_weather_is_as_asked_for() {
    let trial = Trial::new().await;
    let weather = |weather| trial.sandbox.set_next(&[weather]);
    weather(Weather::TooMany);
    assert_eq!(trial.refresh("x").await.0, 429);
    weather(Weather::ServerError);
    assert_eq!(trial.refresh("x").await.0, 500);
    weather(Weather::SlowDown);
    assert_eq!(trial.refresh("x").await.1["error"], "slow_down");
    let code = trial.code().await;
    weather(Weather::FewerScopes);
    let (_, body) = trial.exchange(&code, ("x", "y")).await;
    assert_eq!(body["scope"], "read");
    weather(Weather::InvalidGrant);
    assert_eq!(trial.refresh(body["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");
    let code = trial.code().await;
    weather(Weather::Expired);
    assert_eq!(trial.exchange(&code, ("x", "y")).await.1["expires_in"], 0);
}
