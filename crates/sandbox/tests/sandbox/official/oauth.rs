//! Tokens: private ones, OAuth's chains of refresh tokens, and the access of each owner.

use super::{DATED, Official, message};
use crate::support::{Reply, send};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::time::Duration;

/// Sends a form to one of OAuth's endpoints.
async fn form(peer: &Official, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = match path {
        "/oauth/token" => peer.peer.bare("POST", path),
        _ => peer.request("POST", path, DATED),
    };
    send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await.unwrap()
}

/// The app's credentials and a code.
async fn app(peer: &Official, user_type: &str) -> Value {
    peer.peer.manage("POST", "oauth", &json!({ "userType": user_type }).to_string()).await.body
}

async fn grant(peer: &Official, fields: &[(&str, &str)]) -> Reply {
    let client = [("client_id", "sandbox-client"), ("client_secret", "sandbox-client-secret")];
    form(peer, "/oauth/token", &[&client, fields].concat()).await
}

async fn exchange(peer: &Official, user_type: &str) -> Value {
    let app = app(peer, user_type).await;
    let code = app["code"].as_str().unwrap();
    let reply = grant(peer, &[("grant_type", "authorization_code"), ("code", code), ("user_type", user_type)]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}

#[tokio::test]
async fn a_private_token_stays_good() {
    let peer =
        Official::start(SandboxConfig { token_ttl: Duration::from_millis(1), ..SandboxConfig::official() }).await;
    assert!(peer.peer.token.starts_with("pit-"));
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 200);
    peer.peer.manage("POST", "expire-tokens", "").await;
    let ended = peer.search(json!({ "pageLimit": 1 })).await;
    assert_eq!((ended.status.as_u16(), ended.message()), (401, "Invalid Private Integration token"));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_gives_the_next() {
    let mut peer = Official::usual().await;
    let first = exchange(&peer, "Location").await;
    assert_eq!((text(&first, "token_type"), text(&first, "userType")), ("Bearer", "Location"));
    assert_eq!((text(&first, "locationId"), &first["expires_in"]), (peer.home.as_str(), &json!(1200)));
    peer.peer.token = text(&first, "access_token").to_owned();
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 200);
    let refresh = |token: &str| [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
    let renew = async |token: &str| {
        let fields = refresh(token);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        grant(&peer, &fields).await
    };
    let second = renew(text(&first, "refresh_token")).await.body;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let spent = renew(text(&first, "refresh_token")).await;
    assert_eq!((spent.status.as_u16(), text(&spent.body, "error")), (400, "invalid_grant"));
    let stats = peer.peer.stats().await;
    assert_eq!((&stats["refreshes"], &stats["liveRefreshTokens"]), (&json!(2), &json!(1)));
    peer.peer.manage("POST", "expire-tokens", "").await;
    assert_eq!(renew(text(&second, "refresh_token")).await.status, 200, "refresh tokens outlive access tokens");
}

#[tokio::test]
async fn an_access_token_has_an_end() {
    let config = SandboxConfig { token_ttl: Duration::from_millis(300), ..SandboxConfig::official() };
    let mut peer = Official::start(config).await;
    peer.peer.token = text(&exchange(&peer, "Location").await, "access_token").to_owned();
    let mut statuses = vec![peer.search(json!({ "pageLimit": 1 })).await.status.as_u16()];
    while statuses.len() < 50 && statuses.last() != Some(&401) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        statuses.push(peer.search(json!({ "pageLimit": 1 })).await.status.as_u16());
    }
    assert_eq!((statuses[0], statuses.last()), (200, Some(&401)));
}

#[tokio::test]
async fn an_agency_gets_its_locations_token_and_no_data() {
    let mut peer = Official::usual().await;
    let location = peer.home.clone();
    let agency = exchange(&peer, "Company").await;
    assert_eq!((text(&agency, "userType"), agency.get("locationId")), ("Company", None));
    let wanted = [("companyId", text(&agency, "companyId")), ("locationId", location.as_str())];
    assert_eq!(form(&peer, "/oauth/locationToken", &wanted).await.status, 401, "a private token is no agency's");
    peer.peer.token = text(&agency, "access_token").to_owned();
    let data = peer.search(json!({ "pageLimit": 1 })).await;
    assert_eq!(data.status, 401);
    assert!(message(&data).contains("authClass"));
    assert_eq!(peer.get("/locations/search").await.status, 200);
    let elsewhere = [("companyId", text(&agency, "companyId")), ("locationId", "elsewhere")];
    assert_eq!(form(&peer, "/oauth/locationToken", &elsewhere).await.status, 403);
    let reply = form(&peer, "/oauth/locationToken", &wanted).await;
    assert_eq!((reply.status.as_u16(), text(&reply.body, "locationId")), (200, location.as_str()), "{}", reply.text);
    assert_eq!(reply.body.get("refresh_token"), None);
    peer.peer.token = text(&reply.body, "access_token").to_owned();
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 200);
}

#[tokio::test]
async fn grants_are_judged_strictly() {
    let peer = Official::usual().await;
    let code = || async { text(&app(&peer, "Location").await, "code").to_owned() };
    let one = code().await;
    for (fields, status) in [
        (vec![("grant_type", "authorization_code")], 422),
        (vec![("grant_type", "refresh_token"), ("code", &one)], 422),
        (vec![("grant_type", "authorization_code"), ("code", &one), ("code_verifier", "x")], 422),
        (vec![("grant_type", "client_credentials")], 400),
        (vec![("grant_type", "password")], 422),
        (vec![("grant_type", "authorization_code"), ("code", "nonsense")], 400),
        (vec![("grant_type", "authorization_code"), ("code", &one)], 200),
        (vec![("grant_type", "authorization_code"), ("code", &one)], 400),
    ] {
        let reply = grant(&peer, &fields).await;
        assert_eq!(reply.status.as_u16(), status, "{fields:?}: {}", reply.text);
    }
    let other = code().await;
    let stranger = [
        ("client_id", "sandbox-client"),
        ("client_secret", "x"),
        ("grant_type", "authorization_code"),
        ("code", &other),
    ];
    let reply = form(&peer, "/oauth/token", &stranger).await;
    assert_eq!((reply.status.as_u16(), text(&reply.body, "error")), (400, "invalid_client"));
    let json = peer.peer.bare("POST", "/oauth/token").header("content-type", "application/json").body("{}");
    assert_eq!(send(json).await.unwrap().status, 400, "only forms");
}

#[tokio::test]
async fn consent_leads_back_with_a_code() {
    let peer = Official::usual().await;
    let redirect = "http://127.0.0.1:9/callback";
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "sandbox-client"), ("redirect_uri", redirect), ("state", "s t")])
        .finish();
    let reply = peer.peer.manage("GET", &format!("oauth?{query}"), "").await;
    let address = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
    assert_eq!((reply.status.as_u16(), address.path()), (302, "/callback"));
    let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    assert_eq!(pairs[1], ("state".to_owned(), "s t".to_owned()));
    let fields = [("grant_type", "authorization_code"), ("code", pairs[0].1.as_str()), ("redirect_uri", redirect)];
    assert_eq!(grant(&peer, &fields).await.status, 200);
}

/// A login has the scopes that its app asked for, over its refreshes and the tokens that it is exchanged for.
#[tokio::test]
async fn a_login_has_the_scopes_that_it_asked_for() {
    let mut peer = Official::usual().await;
    let location = peer.home.clone();
    for user_type in ["Location", "Company"] {
        let asked = json!({"userType": user_type, "scope": "contacts.readonly oauth.write"});
        let app = peer.peer.manage("POST", "oauth", &asked.to_string()).await.body;
        let first = grant(&peer, &[("grant_type", "authorization_code"), ("code", text(&app, "code"))]).await.body;
        assert_eq!(text(&first, "scope"), "contacts.readonly oauth.write");
        let renewed = [("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token"))];
        let second = grant(&peer, &renewed).await.body;
        assert_eq!(text(&second, "scope"), "contacts.readonly oauth.write");
        peer.peer.token = text(&second, "access_token").to_owned();
        if user_type == "Company" {
            let wanted = [("companyId", text(&second, "companyId")), ("locationId", location.as_str())];
            let exchanged = form(&peer, "/oauth/locationToken", &wanted).await.body;
            peer.peer.token = text(&exchanged, "access_token").to_owned();
        }
        assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 200);
        let refused = peer.get(&format!("/locations/{location}")).await;
        assert_eq!((refused.status.as_u16(), refused.message()), (401, "The token is not authorized for this scope."));
    }
    let whole = exchange(&peer, "Location").await;
    assert!(text(&whole, "scope").contains("locations.readonly"), "{whole}");
}
