//! Access tokens of an OAuth issuer. The issuer is here, with keys made here.

use super::{Said, Web, add, hello, until, web_command};
use crate::support::{Account, run};
use axum::{Json, Router, extract::State, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::Semaphore};

const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// An issuer on a loopback port.
struct Issuer {
    url: String,
    state: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    url: String,
    keys: Vec<Value>,
    reads: usize,
    /// How many reads of the keys are answered; all without it.
    gate: Option<Arc<Semaphore>>,
}

/// A key of an issuer.
struct Key {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { id, pair }
    }

    fn public(&self) -> Value {
        // 0x04, x and y.
        let point = self.pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])})
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"typ": "at+jwt", "alg": "ES256", "kid": self.id}), claims)
    }

    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", BASE64.encode(signature))
    }
}

impl Issuer {
    async fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realm", listener.local_addr().unwrap());
        let state =
            Served { url: url.clone(), keys: keys.iter().map(|key| key.public()).collect(), ..Default::default() };
        let state = Arc::new(Mutex::new(state));
        // As OpenID providers have it; the place of RFC 8414 is not there.
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(metadata))
            .route("/realm/keys", get(read_keys))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    fn claims(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({"iss": self.url, "aud": AUDIENCE, "sub": "anna", "client_id": "chat",
            "scope": "openid ghl.read ghl.write", "exp": now() + 300, "iat": now(), "nbf": now()});
        change(&mut claims);
        claims
    }
}

async fn metadata(State(state): State<Arc<Mutex<Served>>>) -> Json<Value> {
    let url = state.lock().unwrap().url.clone();
    let keys = format!("{}/keys", url.trim_end_matches('/'));
    Json(json!({"issuer": url, "jwks_uri": keys, "authorization_endpoint": format!("{url}/auth")}))
}

async fn read_keys(State(state): State<Arc<Mutex<Served>>>) -> Json<Value> {
    let (keys, gate) = {
        let mut state = state.lock().unwrap();
        state.reads += 1;
        (state.keys.clone(), state.gate.clone())
    };
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    Json(json!({"keys": keys}))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn said(web: &Web, token: &str) -> Said {
    web.send(web.post(token, "", hello())).await
}

#[tokio::test]
async fn only_valid_tokens_of_the_issuer_are_let_in() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (key, other, next) = (Key::new("one"), Key::new("one"), Key::new("two"));
    let issuer = Issuer::start(&[&key]).await;
    let flags = ["--oauth-issuer", &issuer.url, "--public-url", AUDIENCE];
    let web = Web::start(web_command(&account, state.path()), &flags).await;

    let nobody = said(&web, "").await;
    let place = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
    assert_eq!(nobody.status, 401);
    let challenge = nobody.header("www-authenticate");
    assert!(
        challenge.contains(&format!("resource_metadata=\"{place}\"")) && !challenge.contains("error"),
        "{nobody:?}"
    );
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let metadata = web.send(web.http.get(web.at(path))).await.answer();
        assert_eq!(metadata["resource"], AUDIENCE);
        assert_eq!(metadata["authorization_servers"], json!([issuer.url]));
        assert_eq!(metadata["scopes_supported"], json!(["ghl.read", "ghl.write"]));
    }
    let elsewhere = web.http.get(web.at("/.well-known/oauth-protected-resource/other"));
    assert_eq!(web.send(elsewhere).await.status, 404);

    let valid = issuer.claims(|_| {});
    assert_eq!(said(&web, &key.sign(&valid)).await.status, 200);
    let listed = issuer.claims(|claims| claims["aud"] = json!(["https://other.example.com", AUDIENCE]));
    assert_eq!(said(&web, &key.sign(&listed)).await.status, 200);
    let wrong = |change: fn(&mut Value)| key.sign(&issuer.claims(change));
    let unsigned = format!("{}.{}.", BASE64.encode(r#"{"alg":"none"}"#), BASE64.encode(valid.to_string()));
    let shared_secret = key.sign_as(&json!({"alg": "HS256", "kid": "one"}), &valid);
    let signed = key.sign(&valid);
    let (content, signature) = signed.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let touched = format!("{content}.{first}{}", &signature[1..]);
    for (token, why) in [
        (wrong(|claims| claims["aud"] = json!("https://other.example.com")), "another audience"),
        (wrong(|claims| claims["iss"] = json!("https://other.example.com")), "another issuer"),
        (wrong(|claims| claims["exp"] = json!(now() - 60)), "expired"),
        (wrong(|claims| claims["nbf"] = json!(now() + 600)), "not valid yet"),
        (wrong(|claims| drop(claims.as_object_mut().unwrap().remove("aud"))), "lacks"),
        (wrong(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))), "lacks"),
        (unsigned, "algorithm"),
        (shared_secret, "algorithm"),
        (other.sign(&valid), "no key of the issuer"),
        (touched, "no key of the issuer"),
        (key.sign_as(&json!({"alg": "ES384", "kid": "one"}), &valid), "no key of the issuer"),
        ("a.b.c".to_owned(), "no JWT"),
        (key.sign_as(&json!({"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": true}), &valid), "critical"),
    ] {
        let said = said(&web, &token).await;
        let challenge = said.header("www-authenticate");
        assert!(
            said.status == 401 && challenge.contains("error=\"invalid_token\"") && challenge.contains(why),
            "{why}: {said:?}"
        );
        assert!(challenge.contains(place), "{challenge}");
    }

    // A new key is found at once, and made-up ones do not make the server ask without end.
    assert_eq!(issuer.state.lock().unwrap().reads, 1);
    issuer.state.lock().unwrap().keys = vec![next.public()];
    assert_eq!(said(&web, &next.sign(&valid)).await.status, 200);
    assert_eq!(said(&web, &key.sign(&valid)).await.status, 401, "the old key is gone");
    for _ in 0..20 {
        assert_eq!(said(&web, &next.sign_as(&json!({"alg": "ES256", "kid": "made up"}), &valid)).await.status, 401);
    }
    assert!(issuer.state.lock().unwrap().reads <= 5, "{} reads", issuer.state.lock().unwrap().reads);
    assert_eq!(said(&web, &next.sign(&valid)).await.status, 200);
    assert_eq!(account.stats().await["requests"], 0);
}

#[tokio::test]
async fn scopes_and_entries_bound_what_a_token_may_do_and_sessions_are_the_subjects_own() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(&[&key]).await;
    let command = || web_command(&account, state.path());
    let flags = ["--oauth-issuer", &issuer.url, "--oauth-audience", AUDIENCE];
    let web = Web::start(command(), &flags).await;
    let token = |subject: &str, client: &str, scope: &str| {
        key.sign(&issuer.claims(|claims| {
            claims["sub"] = json!(subject);
            claims["client_id"] = json!(client);
            claims["scope"] = json!(scope);
        }))
    };
    let (anna, bert) = (token("anna", "chat", "ghl.write"), token("bert", "chat", "ghl.write"));
    assert!(web.tools(&anna).await.contains(&"create_contact".to_owned()));
    let reads = token("anna", "chat", "ghl.read");
    assert!(!web.tools(&reads).await.contains(&"create_contact".to_owned()));
    let none = said(&web, &token("anna", "chat", "openid")).await;
    assert!(
        none.status == 403
            && none.header("www-authenticate").contains("error=\"insufficient_scope\", scope=\"ghl.read\"")
    );

    // Sessions are bound to client and subject.
    let session = web.initialize(&anna).await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let status = async |token: &str| web.send(web.post(token, &session, ping.clone())).await.status.as_u16();
    assert_eq!([status(&anna).await, status(&bert).await], [200, 404]);
    assert_eq!(status(&token("anna", "other", "ghl.write")).await, 404);

    // Once entries name subjects or clients, only those are let in, each with its policy. A token of its own still works.
    let own = add(command(), "robot", &[]).await;
    assert_eq!(said(&web, &bert).await.status, 200);
    add(command(), "anna", &["--oauth-subject", "anna", "--exclude-tools", "create_page"]).await;
    add(command(), "desk", &["--oauth-client", "desk", "--read-only"]).await;
    assert_eq!(said(&web, &bert).await.status, 403);
    let tools = web.tools(&anna).await;
    assert!(tools.contains(&"create_contact".to_owned()) && !tools.contains(&"create_page".to_owned()));
    assert!(!web.tools(&token("carl", "desk", "ghl.write")).await.contains(&"create_contact".to_owned()));
    assert!(web.tools(&own).await.contains(&"create_page".to_owned()));

    // Who called is in the journal.
    let session = web.initialize(&anna).await;
    let new = json!({"firstName": "New", "lastName": "Person", "email": "new@example.com"});
    let created = web.call(&anna, &session, "create_contact", new).await;
    assert_eq!(created["isError"], false, "{created}");
    let mut show = command();
    show.args(["journal", "show", "1"]);
    let shown = run(show).await;
    assert!(shown.stdout.contains("caller     anna by anna") && shown.stdout.contains("web 1"), "{shown:?}");
    let mut verify = command();
    verify.args(["journal", "verify"]);
    assert_eq!(run(verify).await.code, Some(0));
}

#[tokio::test]
async fn each_subject_has_its_own_bounds() {
    let account = Account::new().await;
    account.faults("latency:3000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(&[&key]).await;
    // An entry of a whole team, as one of claude.ai's is.
    add(web_command(&account, state.path()), "team", &["--oauth-client", "chat"]).await;
    let flags =
        ["--oauth-issuer", &issuer.url, "--oauth-audience", AUDIENCE, "--max-sessions", "2", "--max-requests", "1"];
    let web = Web::start(web_command(&account, state.path()), &flags).await;
    let token = |subject: &str| key.sign(&issuer.claims(|claims| claims["sub"] = json!(subject)));
    let (anna, bert) = (token("anna"), token("bert"));
    let of_bert = web.initialize(&bert).await;
    let (first, second) = (web.initialize(&anna).await, web.initialize(&anna).await);
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "get_current_user", "arguments": {}}});
    let slow = tokio::spawn(web.post(&anna, &first, call.to_string()).send());
    until("the call is under way", || async { account.stats().await["requests"] != 0 }).await;
    assert_eq!(said(&web, &anna).await.status, 429, "she has one request under way");
    assert_eq!(web.ask(&bert, &of_bert, "ping", json!({})).await["id"], 1, "he has none, and his session");
    let text = slow.await.unwrap().unwrap().text().await.unwrap();
    assert!(text.contains("structuredContent"), "{text}");
    web.initialize(&anna).await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let status =
        async |token: &str, session: &str| web.send(web.post(token, session, ping.clone())).await.status.as_u16();
    let left = [status(&anna, &first).await, status(&anna, &second).await, status(&bert, &of_bert).await];
    assert_eq!(left, [200, 404, 200], "her longest idle session has ended");
}

#[tokio::test]
async fn a_call_beyond_the_scope_says_which_scope_it_needs() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(&[&key]).await;
    let flags = ["--oauth-issuer", &issuer.url, "--oauth-audience", AUDIENCE];
    let web = Web::start(web_command(&account, state.path()), &flags).await;
    let reads = key.sign(&issuer.claims(|claims| claims["scope"] = json!("ghl.read")));
    let session = web.initialize(&reads).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "delete_page", "arguments": {"id": "x"}}});
    let refused = web.send(web.post(&reads, &session, call.to_string())).await;
    let challenge = refused.header("www-authenticate");
    assert!(refused.status == 403 && challenge.contains("scope=\"ghl.read ghl.write\""), "{refused:?}");
    let mut plain = web_command(&account, state.path());
    plain.args(["serve", "--http", "127.0.0.1:0", "--oauth-issuer", "http://issuer.example.com"]);
    let refused = run(plain).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("must be https"), "{refused:?}");
}

#[tokio::test]
async fn a_token_whose_key_is_known_waits_for_no_made_up_one() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(&[&key]).await;
    // A slow issuer: it answers when the test says so.
    let gate = Arc::new(Semaphore::new(0));
    issuer.state.lock().unwrap().gate = Some(Arc::clone(&gate));
    let flags = ["--oauth-issuer", &issuer.url, "--oauth-audience", AUDIENCE];
    let web = Arc::new(Web::start(web_command(&account, state.path()), &flags).await);
    let valid = key.sign(&issuer.claims(|_| {}));
    let ask = |token: String| {
        let web = Arc::clone(&web);
        tokio::spawn(async move { said(&web, &token).await.status.as_u16() })
    };
    let made_up = (0..10).map(|n| {
        let header = json!({"alg": "ES256", "kid": format!("made up {n}")});
        ask(key.sign_as(&header, &issuer.claims(|_| {})))
    });
    let made_up: Vec<_> = made_up.collect();
    until("the keys are read", || async { issuer.state.lock().unwrap().reads == 1 }).await;
    let waits = ask(valid.clone());
    gate.add_permits(1);
    until("they are read again", || async { issuer.state.lock().unwrap().reads == 2 }).await;
    let waits = tokio::time::timeout(super::PATIENCE, waits).await.expect("it waits for no other");
    assert_eq!(waits.unwrap(), 200, "its key came with the first read");
    assert_eq!(said(&web, &valid).await.status, 200);
    gate.add_permits(10);
    for refused in made_up {
        assert_eq!(refused.await.unwrap(), 401);
    }
    let reads = issuer.state.lock().unwrap().reads;
    assert!(reads <= 3, "those that wait share a read: {reads}");
}

#[tokio::test]
async fn an_issuer_is_named_as_it_names_itself_and_its_clients_are_none_of_the_file() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(&[&key]).await;
    // As Auth0 has it.
    let own = format!("{}/", issuer.url);
    issuer.state.lock().unwrap().url = own.clone();
    let command = || web_command(&account, state.path());
    let robot = add(command(), "robot", &[]).await;
    let flags = ["--oauth-issuer", &issuer.url, "--oauth-audience", AUDIENCE];
    let web = Web::start(command(), &flags).await;
    let metadata = web.send(web.http.get(web.at("/.well-known/oauth-protected-resource"))).await.answer();
    assert_eq!(metadata["authorization_servers"], json!([own]));

    // A program of the issuer's that has the name of a client with a token is another caller.
    let program = key.sign(&issuer.claims(|claims| {
        claims["iss"] = json!(own);
        claims["client_id"] = json!("robot");
        claims.as_object_mut().unwrap().remove("sub");
    }));
    let pages = account.objects("pages").await;
    let draft = pages.iter().find(|page| page["status"] == "draft").unwrap();
    let params = json!({"name": "delete_page", "arguments": {"id": draft["id"]}});
    let asked = web.send(web.modern(&robot, "tools/call", params.clone())).await.answer();
    let mut answered = params;
    answered["requestState"] = asked["result"]["requestState"].clone();
    answered["inputResponses"] = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    for (token, is_error) in [(&program, true), (&robot, false)] {
        let said = web.send(web.modern(token, "tools/call", answered.clone())).await.answer();
        assert_eq!(said["result"]["isError"], is_error, "{said}");
    }
}
