//! Clients with tokens: each has its own policy, accounts and sessions.

use super::{Web, add, hello, until, web_command};
use crate::support::{Account, Agency, Api, run};
use reqwest::Method;
use serde_json::json;
use std::fs;

#[tokio::test]
async fn each_client_has_its_own_token_policy_and_sessions_until_it_is_removed() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let all = add(command(), "claude", &[]).await;
    let reads = add(command(), "reports", &["--read-only"]).await;
    let file = fs::read_to_string(state.path().join("clients.toml")).unwrap();
    assert!(all.len() > 43 && !file.contains(&all) && !file.contains(&reads) && all != reads, "{file}");
    let mut list = command();
    list.args(["clients", "list"]);
    let listed = run(list).await.stdout;
    assert!(listed.contains("claude") && listed.contains("read-only") && !listed.contains(&all), "{listed}");
    let mut again = command();
    again.args(["clients", "add", "Claude"]);
    assert_eq!(run(again).await.code, Some(2));

    let web = Web::start(command(), &[]).await;
    let nobody = web.send(web.post("", "", hello())).await;
    assert_eq!((nobody.status.as_u16(), nobody.header("www-authenticate")), (401, "Bearer realm=\"highlevel-mcp\""));
    let wrong = web.send(web.post("hlmcp_wrong", "", hello())).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.header("www-authenticate").contains("error=\"invalid_token\""), "{wrong:?}");
    let twice = web.post(&all, "", hello()).header("authorization", format!("Bearer {reads}"));
    assert_eq!(web.send(twice).await.status, 401, "two tokens are none");

    assert!(web.tools(&all).await.contains(&"create_contact".to_owned()));
    assert!(!web.tools(&reads).await.contains(&"create_contact".to_owned()));
    let session = web.initialize(&all).await;
    let user = web.call(&all, &session, "get_current_user", json!({})).await;
    assert!(user["structuredContent"]["id"].is_string(), "{user}");
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    for (token, id, status) in [(&reads, session.as_str(), 404), (&all, "0", 404), (&all, &session, 200)] {
        let said = web.send(web.post(token, id, ping.clone())).await;
        assert_eq!(said.status, status, "{said:?}");
        let listens = web.request(Method::DELETE, token).header("mcp-session-id", id);
        if status == 404 {
            assert_eq!(web.send(listens).await.status, 404, "nobody ends another client's session");
        }
    }
    let short = web.initialize(&all).await;
    for status in [204, 404] {
        let ends = web.request(Method::DELETE, &all).header("mcp-session-id", &short);
        assert_eq!(web.send(ends).await.status, status, "a session ends once");
    }

    // Its stream ends when it is removed, without a request.
    let stream = web.request(Method::GET, &all).header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let mut remove = command();
    remove.args(["clients", "remove", "claude"]);
    assert_eq!(run(remove).await.code, Some(0));
    assert_eq!(web.send(web.post(&all, &session, ping.clone())).await.status, 401);
    tokio::time::timeout(super::PATIENCE, stream.bytes()).await.expect("the stream ends").ok();
    assert_eq!(web.tools(&reads).await, web.tools(&reads).await, "the other client goes on");

    // A policy that changes takes effect at once, and a file that is wrong lets nobody in.
    let text = fs::read_to_string(state.path().join("clients.toml")).unwrap();
    fs::write(state.path().join("clients.toml"), text.replace("read-only = true", "tools = [\"get_contact\"]"))
        .unwrap();
    assert_eq!(web.tools(&reads).await, ["get_contact"]);
    fs::write(state.path().join("clients.toml"), "client = 5").unwrap();
    assert_eq!(web.send(web.post(&reads, "", hello())).await.status, 503);
    until("the log says why", || async { web.log().contains("nobody may connect") }).await;
}

#[tokio::test]
async fn a_client_sees_its_own_accounts_alone() {
    let agency = Agency::new(Api::Official, &["Smile Dental", "Acme"]).await;
    let command = || {
        let mut command = agency.command();
        command.env("GHL_CLIENTS_FILE", agency.state.path().join("clients.toml"));
        command
    };
    let all = add(command(), "all", &[]).await;
    let one = add(command(), "one", &["--account", "Acme"]).await;
    let mut unknown = command();
    unknown.args(["clients", "add", "none", "--account", "Acne"]);
    let unknown = run(unknown).await;
    assert!(unknown.code == Some(2) && unknown.stderr.contains("Did you mean Acme"), "{unknown:?}");

    let web = Web::start(command(), &[]).await;
    let session = web.initialize(&all).await;
    let listed = web.call(&all, &session, "list_accounts", json!({})).await.to_string();
    assert!(listed.contains("Smile Dental") && listed.contains("Acme"), "{listed}");
    let session = web.initialize(&one).await;
    let location = web.call(&one, &session, "get_default_location", json!({})).await;
    assert_eq!(location["structuredContent"]["id"], agency.account("Acme").location_id(), "{location}");
    assert!(!web.tools(&one).await.contains(&"list_accounts".to_owned()));
    let other = json!({"account": "Smile Dental", "id": "x"});
    let refused = web.call(&one, &session, "get_contact", other).await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert_eq!(agency.account("Smile Dental").stats().await["requests"], 0);
}
