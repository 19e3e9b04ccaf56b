//! Which tools a server offers: read-only, toolsets, tools, the pinned location, and a start without a credential.

use crate::support::{Account, Api, Era, Host, Person, all_tools, command, on_both_apis, run};
use serde_json::{Value, json};

on_both_apis!(
    read_only_lists_and_runs_only_reads,
    a_tool_that_is_left_out_is_denied_when_called,
    another_location_than_the_pinned_one_is_refused,
);

async fn names(host: &Host) -> Vec<String> {
    host.session.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name.into_owned()).collect()
}

/// The names of `tools --json` with these flags and variables, or the message of the refusal.
async fn listed(flags: &[&str], variables: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.args(flags).args(["tools", "--json"]).envs(variables.iter().copied());
    let ran = run(command).await;
    if ran.code != Some(0) {
        return Err(ran.stderr);
    }
    let tools: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    Ok(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect())
}

async fn read_only_lists_and_runs_only_reads(api: Api) {
    let account = Account::of(api).await;
    let host = Host::with(&account, &["--read-only"], Era::Modern, Person::agrees()).await;
    let names = names(&host).await;
    assert!(!names.is_empty() && names.len() < all_tools());
    let writes = ["create_", "update_", "delete_", "publish_"];
    assert!(names.iter().all(|name| !writes.iter().any(|verb| name.starts_with(verb))), "{names:?}");
    let denied = [
        ("create_contact", json!({"firstName": "A", "lastName": "B", "email": "a@b.co"})),
        ("update_contact", json!({"id": "a", "phone": "1"})),
        (
            "create_opportunity",
            json!({"name": "A", "contactId": "a", "value": 1, "status": "open", "stage": "proposal"}),
        ),
        ("delete_page", json!({"id": "a"})),
        ("publish_page", json!({"id": "a"})),
    ];
    for (tool, arguments) in denied.into_iter().filter(|(tool, _)| account.has(tool)) {
        let error = host.error(tool, arguments).await;
        assert_eq!(error["code"], "policy_denied", "{tool}: {error}");
        assert!(error["message"].as_str().unwrap().contains("read-only"), "{tool}: {error}");
    }
    assert_eq!(account.requests().await.len(), 0, "a denied call sends nothing");
    assert!(host.asked().is_empty());
    host.answer("get_default_location", json!({})).await;
}

#[tokio::test]
async fn toolsets_tools_and_exclusions_narrow_the_list() {
    let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
    let pages = listed(&["--toolsets", "pages,funnels"], &[]).await.unwrap();
    assert!(has(&pages, "get_page") && has(&pages, "list_funnels"), "{pages:?}");
    assert!(pages.iter().all(|name| name.contains("page") || name.contains("funnel")), "{pages:?}");
    let both = listed(&["--toolsets", "contacts", "--exclude-tools", "create_contact"], &[]).await.unwrap();
    assert!(has(&both, "list_contacts") && has(&both, "update_contact"), "{both:?}");
    assert!(!has(&both, "create_contact") && !has(&both, "get_page"), "{both:?}");
    let named = listed(&["--tools", "get_page,list_contacts"], &[]).await.unwrap();
    assert_eq!(named, ["list_contacts", "get_page"], "the order never changes");
    let by_environment = listed(&[], &[("GHL_TOOLSETS", "users"), ("GHL_EXCLUDE_TOOLS", "get_user")]).await.unwrap();
    assert_eq!(by_environment, ["get_current_user"]);
}

async fn a_tool_that_is_left_out_is_denied_when_called(api: Api) {
    let account = Account::of(api).await;
    for flags in [["--tools", "list_contacts"], ["--toolsets", "contacts"], ["--exclude-tools", "list_funnels"]] {
        let host = Host::new(&account, &flags).await;
        let error = host.error("list_funnels", json!({})).await;
        assert_eq!(error["code"], "policy_denied", "{flags:?}: {error}");
    }
    assert_eq!(account.requests().await.len(), 0);
}

#[tokio::test]
async fn a_misspelled_setting_stops_the_start_and_suggests_the_nearest() {
    for flag in ["--tools", "--exclude-tools", "--confirm-tools"] {
        let error = listed(&[flag, "list_contact"], &[]).await.unwrap_err();
        assert!(error.contains(flag) && error.contains("`list_contacts`"), "{error}");
    }
    let error = listed(&["--toolsets", "contact"], &[]).await.unwrap_err();
    assert!(error.contains("contacts"), "{error}");
    let error = listed(&["--rate-limit", "0"], &[]).await.unwrap_err();
    assert!(error.contains("--rate-limit"), "{error}");
    let error = listed(&[], &[("GHL_READ_ONLY", "perhaps")]).await.unwrap_err();
    assert!(error.contains("perhaps"), "{error}");
}

#[tokio::test]
async fn booleans_are_read_in_every_spelling_and_empty_is_unset() {
    for yes in ["1", "true", "yes"] {
        let names = listed(&[], &[("GHL_READ_ONLY", yes)]).await.unwrap();
        assert!(
            names.contains(&"get_page".to_owned()) && !names.contains(&"update_page".to_owned()),
            "{yes}: {names:?}"
        );
    }
    for no in ["0", "false", "no", ""] {
        assert_eq!(listed(&[], &[("GHL_READ_ONLY", no)]).await.unwrap().len(), all_tools(), "{no:?}");
    }
    let empty = [
        "GHL_TOOLSETS",
        "GHL_TOOLS",
        "GHL_TIMEOUT",
        "GHL_RATE_LIMIT",
        "GHL_BACKEND_URL",
        "GHL_CONFIRM",
        "GHL_LOCATION_ID",
    ];
    assert_eq!(listed(&[], &empty.map(|name| (name, ""))).await.unwrap().len(), all_tools());

    // For a subcommand's variable, its help shows whether the value was read.
    let help = async |value: &str| {
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&Account::new().await, state.path());
        command.args(["sandbox", "--help"]).env("GHL_SANDBOX_TOKEN", value);
        run(command).await.stdout
    };
    assert!(help("some").await.contains("GHL_SANDBOX_TOKEN"));
    assert!(!help("").await.contains("GHL_SANDBOX_TOKEN"));
}

#[tokio::test]
async fn the_pinned_location_is_checked_once_and_another_is_refused() {
    let account = Account::new().await;
    let probe = Host::new(&account, &[]).await;
    let default = probe.answer("get_default_location", json!({})).await;
    let id = default["id"].as_str().unwrap();
    account.forget_requests().await;

    let held = Host::new(&account, &["--location-id", id]).await;
    held.answer("list_contacts", json!({"limit": 1})).await;
    held.answer("list_pages", json!({"limit": 1})).await;
    let paths: Vec<Value> = account.requests().await.iter().map(|request| request["path"].clone()).collect();
    assert_eq!(paths, ["/location", "/contact", "/page"], "once per token, before any other call");
}

async fn another_location_than_the_pinned_one_is_refused(api: Api) {
    let account = Account::of(api).await;
    let other = Host::with(&account, &["--location-id", "somewhere-else"], Era::Handshake, Person::agrees()).await;
    let calls = [
        ("list_contacts", json!({})),
        ("create_contact", json!({"firstName": "A", "lastName": "B", "email": "a@b.example"})),
        ("delete_page", json!({"id": account.objects("pages").await[0]["id"]})),
    ];
    let calls: Vec<_> = calls.into_iter().filter(|(tool, _)| account.has(tool)).collect();
    for (tool, arguments) in &calls {
        let error = other.error(tool, arguments.clone()).await;
        // Requests to the official API name the location, and it refuses them.
        let code = if api == Api::Official { "forbidden" } else { "policy_denied" };
        assert_eq!(error["code"], code, "{tool}: {error}");
        let named = error["message"].as_str().unwrap().contains("somewhere-else");
        assert!(named || api == Api::Official, "{tool}: {error}");
    }
    let requests = account.requests().await;
    let check = |request: &Value| request["path"] == "/location" || request["path"] == "/locations/somewhere-else";
    assert!(!requests.is_empty() && requests.iter().all(check), "nothing but the check arrived: {requests:?}");
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn the_pin_is_checked_again_for_a_refreshed_token() {
    let account = Account::new().await;
    let location = account.objects("locations").await.remove(0);
    let held = Host::new(&account, &["--location-id", location["id"].as_str().unwrap()]).await;
    held.answer("list_contacts", json!({"limit": 1})).await;
    // The old token has expired at this call.
    account.expire_tokens().await;
    held.answer("list_pages", json!({"limit": 1})).await;
    account.forget_requests().await;
    held.answer("list_pages", json!({"limit": 1})).await;
    held.answer("list_contacts", json!({"limit": 1})).await;
    let paths: Vec<Value> = account.requests().await.iter().map(|request| request["path"].clone()).collect();
    assert_eq!(paths, ["/location", "/page", "/contact"], "once for the renewed token");

    // Nothing is sent before the check: if it fails, the call is not sent.
    account.expire_tokens().await;
    held.answer("get_current_user", json!({})).await;
    account.faults("404@GET /location").await;
    account.forget_requests().await;
    let error = held.error("list_contacts", json!({"limit": 1})).await;
    assert_eq!(error["code"], "not_found", "{error}");
    let paths: Vec<Value> = account.requests().await.iter().map(|request| request["path"].clone()).collect();
    assert_eq!(paths, ["/location"], "nothing but the check arrived");
}

#[tokio::test]
async fn without_a_credential_the_tools_are_listed_and_each_call_says_what_to_do() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env_remove("GHL_TOKEN_ID");
    let host = Host::start(command, state, Era::Modern, Person::Absent).await;
    assert_eq!(names(&host).await.len(), all_tools());
    let error = host.error("list_contacts", json!({})).await;
    assert_eq!(error["code"], "unauthorized", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("GHL_TOKEN_ID") && message.contains("auth set"), "{message}");
    assert_eq!(account.requests().await.len(), 0);
}

#[tokio::test]
async fn a_token_never_goes_over_plain_http_to_another_machine() {
    let account = Account::new().await;
    for (name, url) in [
        ("GHL_BASE_URL", "http://example.com"),
        ("GHL_LOCATION_URL", "http://10.0.0.1"),
        ("GHL_PAGE_BUILDER_URL", "http://localhost.example.com"),
        ("GHL_BACKEND_URL", "ftp://127.0.0.1"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env(name, url);
        let ran = run(command).await;
        assert_eq!(ran.code, Some(2), "{name}={url}: {ran:?}");
        let flag = format!("--{}", name.trim_start_matches("GHL_").to_lowercase().replace('_', "-"));
        assert!(ran.stderr.contains(&flag) && ran.stderr.contains("https"), "{name}: {}", ran.stderr);
    }
}
