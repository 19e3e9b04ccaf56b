//! Updates, deletes, publishes and reads under faults; bounds, redirects, addresses and unreachable hosts.

use super::count;
use crate::support::{Account, Era, Host, Person, command, error_of, run, structured};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

#[tokio::test]
async fn reads_and_updates_are_repeated_until_they_are_answered() {
    for fault in ["500", "500-after", "drop", "drop-after", "truncate", "malformed", "html", "401", "429:1"] {
        let account = Account::new().await;
        let some = account.find("contacts", |_| true).await;
        let host = Host::new(&account, &[]).await;
        account.faults(&format!("{fault}@GET /users/me*2")).await;
        if fault != "401" {
            host.answer("get_current_user", json!({})).await;
            assert_eq!(count(&account, "GET /users/me").await, 3, "{fault}");
        }
        account.faults(&format!("{fault}@PUT /contact/{{id}}*1")).await;
        let updated = host.answer("update_contact", json!({"id": some["id"], "phone": "+1-555-0199"})).await;
        assert_eq!(updated["phone"], "+1-555-0199", "{fault}");
        let truth = account.find("contacts", |contact| contact["id"] == some["id"]).await;
        assert_eq!(truth["phone"], "+1-555-0199", "{fault}");
    }
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_done_when_the_object_is_gone() {
    for fault in ["500-after", "drop-after", "500", "drop"] {
        let account = Account::new().await;
        let webhook = account.find("webhooks", |_| true).await;
        let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
        account.faults(&format!("{fault}@DELETE /webhook/{{id}}*1")).await;
        let gone = host.answer("delete_webhook", json!({"id": webhook["id"]})).await;
        assert_eq!(gone["deleted"], true, "{fault}");
        assert!(account.objects("webhooks").await.iter().all(|other| other["id"] != webhook["id"]), "{fault}");
    }
}

#[tokio::test]
async fn a_publish_whose_answer_is_lost_is_decided_by_the_page() {
    for (fault, posts) in [("500-after", 1), ("drop-after", 1), ("truncate", 1), ("500", 2)] {
        let account = Account::new().await;
        let draft = account.find("pages", |page| page["status"] == "draft").await;
        let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
        account.faults(&format!("{fault}@POST /page/{{id}}/publish*1")).await;
        let page = host.answer("publish_page", json!({"id": draft["id"]})).await;
        assert_eq!(page["status"], "published", "{fault}");
        assert_eq!(count(&account, "POST /page/{id}/publish").await, posts, "{fault}");
    }
    let account = Account::new().await;
    let draft = account.find("pages", |page| page["status"] == "draft").await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    account.faults("drop@POST /page/{id}/publish*1").await;
    let error = host.error("publish_page", json!({"id": draft["id"]})).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("get_page")), "{error}");
    assert_eq!(count(&account, "POST /page/{id}/publish").await, 1);
}

#[tokio::test]
async fn the_object_decides_the_outcome_of_an_update_that_keeps_failing() {
    for (fault, lands) in [("500-after", true), ("500", false)] {
        let account = Account::new().await;
        let some = account.find("contacts", |_| true).await;
        account.faults(&format!("{fault}@PUT /contact/{{id}}")).await;
        let host = Host::new(&account, &[]).await;
        let result = host.call("update_contact", json!({"id": some["id"], "phone": "+15550177"})).await;
        if lands {
            assert_eq!(structured(&result)["phone"], "+15550177");
        } else {
            assert_eq!(error_of(&result)["code"], "outcome_unknown", "{result:?}");
        }
        assert!(count(&account, "PUT /contact/{id}").await >= 3);
    }
}

#[tokio::test]
async fn an_answer_above_the_bound_is_too_large_and_the_session_goes_on() {
    let account = Account::new().await;
    let host = Host::new(&account, &["--max-body", "20000"]).await;
    let error = host.error("list_contacts", json!({"limit": 100})).await;
    assert_eq!(error["code"], "too_large", "{error}");
    host.answer("list_contacts", json!({"limit": 2})).await;
    let endless = Host::new(&account, &["--timeout", "10"]).await;
    account.faults("huge@GET /users/me").await;
    let error = endless.error("get_current_user", json!({})).await;
    assert_eq!(error["code"], "too_large", "{error}");
}

#[tokio::test]
async fn each_service_is_asked_at_its_own_address_with_the_fixed_headers() {
    let shared = "canary.token.of-three-services";
    let config = || SandboxConfig { extra_token: Some(shared.to_owned()), ..SandboxConfig::default() };
    let [backend, location, builder] =
        [Account::with(config()).await, Account::with(config()).await, Account::with(config()).await];
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&backend, state.path());
    command.env("GHL_LOCATION_URL", location.url()).env("GHL_PAGE_BUILDER_URL", builder.url());
    command.env("GHL_HEADERS", "channel=APP\nsource=WEB_USER").args(["--header", "x-one=1"]);
    let host = Host::start(command, state, Era::Modern, Person::Absent).await;
    backend.expire_tokens().await;
    for tool in ["get_current_user", "list_contacts", "list_opportunities", "list_campaigns", "list_webhooks"] {
        host.answer(tool, json!({})).await;
    }
    for tool in ["get_default_location", "list_locations", "list_pages", "list_funnels"] {
        // The other two do not know the refreshed token. Only their requests count here.
        host.call(tool, json!({})).await;
    }
    let paths = async |account: &Account| {
        let mut paths: Vec<Value> = account.requests().await.iter().map(|request| request["path"].clone()).collect();
        paths.dedup();
        paths
    };
    let of_backend = paths(&backend).await;
    assert!(of_backend.contains(&json!("/token/update")), "{of_backend:?}");
    assert!(
        of_backend.iter().all(|path| !path.as_str().unwrap().starts_with("/page") && path != "/location"),
        "{of_backend:?}"
    );
    assert_eq!(paths(&location).await.first(), Some(&json!("/location")));
    assert_eq!(paths(&builder).await.first(), Some(&json!("/page")));
    let first = &backend.requests().await[0]["headers"];
    assert_eq!(first["x-one"], "1", "a flag beats the variable: {first}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let account = Account::new().await;
    let other = Account::new().await;
    account.faults(&format!("redirect:{}@GET /users/me", other.url().trim_start_matches("http://"))).await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("get_current_user", json!({})).await;
    assert_eq!(error["code"], "upstream_error", "{error}");
    assert!(error["message"].as_str().unwrap().contains("Redirects are not followed"), "{error}");
    assert!(other.requests().await.is_empty(), "the token travelled");
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_say_why() {
    let account = Account::new().await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let plain = account.url().replace("http://", "https://");
    for (url, hint) in
        [(format!("http://{closed}"), "refused"), (plain, "TLS"), ("https://no-such-host.invalid".to_owned(), "DNS")]
    {
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env("GHL_BASE_URL", &url).args(["--timeout", "15"]);
        let host = Host::start(command, state, Era::Modern, Person::Absent).await;
        let error = host.error("get_current_user", json!({})).await;
        assert_eq!(error["code"], "upstream_unreachable", "{url}: {error}");
        assert!(error["message"].as_str().unwrap().contains(hint), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_publish_under_the_other_faults_is_done_once() {
    for fault in ["401", "429:1", "malformed", "html", "html-after"] {
        let account = Account::new().await;
        let draft = account.find("pages", |page| page["status"] == "draft").await;
        let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
        account.faults(&format!("{fault}@POST /page/{{id}}/publish*1")).await;
        let page = host.answer("publish_page", json!({"id": draft["id"]})).await;
        assert_eq!(page["status"], "published", "{fault}");
        assert_eq!(account.stats().await["effects"]["publishes"], 1, "{fault}");
    }
}

#[tokio::test]
async fn a_repeated_delete_after_a_lost_answer_treats_not_found_as_done() {
    let account = Account::new().await;
    let webhook = account.find("webhooks", |_| true).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    account.faults("drop-after@DELETE /webhook/{id}*1").await;
    assert_eq!(host.answer("delete_webhook", json!({"id": webhook["id"]})).await["deleted"], true);
    let stats = account.stats().await;
    assert_eq!((count(&account, "DELETE /webhook/{id}").await, &stats["byStatus"]["404"]), (2, &json!(1)), "{stats}");
    // A first attempt that finds nothing is not a success.
    let result = host.call("delete_webhook", json!({"id": webhook["id"]})).await;
    assert_eq!(error_of(&result)["code"], "not_found");
}

#[tokio::test]
async fn the_version_and_the_headers_of_variables_and_flags_arrive() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let headers = async |flags: &[&str], variables: &[(&str, &str)]| {
        account.forget_requests().await;
        let mut command = command(&account, state.path());
        command.args(["call", "get_current_user"]).args(flags).envs(variables.iter().copied());
        run(command).await;
        account.requests().await[0]["headers"].clone()
    };
    let plain = headers(&[], &[]).await;
    assert_eq!(plain["version"], "1.0");
    let set = headers(&["--api-version", "2021-07-28", "--header", "x-one=1", "--header", "x-two=a=b"], &[]).await;
    assert_eq!((&set["version"], &set["x-one"], &set["x-two"]), (&json!("2021-07-28"), &json!("1"), &json!("a=b")));
    let set = headers(&[], &[("GHL_API_VERSION", "3"), ("GHL_HEADERS", "channel=APP\nsource=WEB_USER")]).await;
    assert_eq!((&set["version"], &set["channel"], &set["source"]), (&json!("3"), &json!("APP"), &json!("WEB_USER")));
}
