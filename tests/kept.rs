//! A refresh that leaves the token as it is (`kept_when`): COROS answers no token, and makes the old one last.

use std::collections::BTreeMap;
use std::time::Duration;

use hallpass::service::fresh::Freshness;
use serde_json::json;

use crate::beside::authorize;
use crate::support::player::{Reply, Seen};
use crate::ways::{Stage, jane};

const FILE: &str = r#"
name = "Acme"
[oauth2]
authorization_endpoint = "{base}/authorize"
token_endpoint = "{base}/token"
refresh_endpoint = "{base}/refresh"
response = { kept_when = "result=0000" }
[api]
base_url = "{base}/api"
"#;

fn server() -> impl FnMut(&Seen) -> Reply + Send + 'static {
    |seen| match seen.path.as_str() {
        "/refresh" => Reply::json(200, &json!({"result": "0000"})),
        "/token" => {
            let lasting = json!({"access_token": "lasting", "refresh_token": "r", "expires_in": 600, "openId": "o"});
            Reply::json(200, &lasting)
        }
        _ => Reply::json(401, &json!({})),
    }
}

fn refreshes(stage: &Stage) -> usize {
    stage.player.seen().iter().filter(|seen| seen.path == "/refresh").count()
}

async fn connected() -> Stage {
    let stage = Stage::new(FILE, server()).await;
    authorize(&stage, BTreeMap::new()).await.unwrap();
    stage
}

#[tokio::test]
async fn it_lasts_as_long_again_and_keeps_what_came_with_it() {
    let stage = connected().await;
    stage.clock.advance(Duration::from_mins(11));
    let fresh = stage.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert!(fresh.was_refreshed);
    assert_eq!(fresh.credentials.token().expose(), "lasting");
    assert_eq!(fresh.credentials.expires_at(), Some(stage.service.now() + Duration::from_mins(10)));
    assert_eq!(fresh.credentials.tokens().unwrap().extra_fields()["openId"], "o");
    let rows = stage.service.activity(None, 1).unwrap();
    assert!(rows[0].detail.contains("the same access token, for longer"), "{}", rows[0].detail);
    stage.clock.advance(Duration::from_mins(11));
    stage.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(refreshes(&stage), 2, "it has an end still");
}

#[tokio::test]
async fn many_that_want_a_new_one_at_once_make_one_refresh() {
    let stage = connected().await;
    stage.clock.advance(Duration::from_secs(1));
    let (jane, forced) = (jane(), Freshness { forced: true, ..Freshness::default() });
    let ask = || stage.service.fresh_credentials(&jane, forced);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    assert!([one, two, three].into_iter().all(|fresh| fresh.is_ok_and(|fresh| fresh.was_refreshed)));
    assert_eq!(refreshes(&stage), 1);
}
