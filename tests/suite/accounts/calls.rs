//! Which account a call is for.

use crate::support::{Agency, Api, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(
    a_call_reaches_the_account_that_it_names_and_no_other,
    near_names_are_told_apart,
    locations_name_accounts
);

async fn a_call_reaches_the_account_that_it_names_and_no_other(api: Api) {
    let agency = Agency::new(api, &["Smile Dental", "Acme, Inc."]).await;
    let host = agency.host(&[]).await;
    for (name, account) in &agency.accounts {
        let contact = account.find("contacts", |_| true).await;
        let read = host.answer("get_contact", json!({"account": name, "id": contact["id"]})).await;
        assert_eq!((&read["account"], &read["id"]), (&json!(name), &contact["id"]), "{read}");
        // The first member, so that it is read first.
        assert_eq!(read.as_object().unwrap().keys().next().unwrap(), "account");
        let list = host.answer("list_contacts", json!({"account": name, "limit": 2})).await;
        assert_eq!(list["account"], json!(name));
        let wrote =
            host.answer("update_contact", json!({"account": name, "id": contact["id"], "companyName": name})).await;
        assert_eq!(wrote["account"], json!(name));
        let made = host
            .answer(
                "create_contact",
                json!({"account": name, "firstName": "Ada", "lastName": "L", "email": format!("new@{}.test", account.location_id())}),
            )
            .await;
        assert_eq!(made["account"], json!(name));
    }
    for (name, account) in &agency.accounts {
        let written = account.objects("contacts").await;
        let named: Vec<&Value> = written.iter().filter(|contact| contact["companyName"] == json!(name)).collect();
        assert_eq!(named.len(), 1, "{name}");
        let other = agency.accounts.iter().find(|(other, _)| other != name).unwrap();
        assert!(!written.iter().any(|contact| contact["companyName"] == json!(other.0)), "{name}");
        assert_eq!(account.stats().await["created"]["contacts"].as_u64().unwrap_or(1), 1);
    }
    // An id of one account is none of the other's.
    let [(_, first), (second, _)] = agency.accounts.as_slice() else { panic!("two accounts") };
    let contact = first.find("contacts", |_| true).await;
    let error = host.error("get_contact", json!({"account": second, "id": contact["id"]})).await;
    assert_eq!((&error["code"], &error["account"]), (&json!("not_found"), &json!(second)), "{error}");
}

/// Only what a reader overlooks may differ in a read; a write needs the name itself.
async fn near_names_are_told_apart(api: Api) {
    let agency = Agency::new(api, &["Smile Dental", "Smile Dental North", "Smile Dental Nord"]).await;
    let host = agency.host(&[]).await;
    let requests = async || {
        let mut all = 0;
        for (_, account) in &agency.accounts {
            all += account.requests().await.len();
        }
        all
    };
    for near in ["smile dental north", "Smile  Dental North", "ＳMILE Dental North"] {
        let read = host.answer("list_contacts", json!({"account": near, "limit": 1})).await;
        assert_eq!(read["account"], "Smile Dental North", "{near}");
    }
    let before = requests().await;
    for near in ["smile dental north", "Smile Dental Nort", "Smile", "Smile Dental North ", "Dental", "all", "*"] {
        let error = host
            .error("create_contact", json!({"account": near, "firstName": "Ada", "lastName": "L", "email": "a@b.test"}))
            .await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("account")), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("exact name") && message.contains("\"Smile Dental Nord\""), "{message}");
    }
    for near in ["Smile", "Smile Dental Nort", "Dental North", "*"] {
        let error = host.error("list_contacts", json!({"account": near})).await;
        assert_eq!(error["code"], "invalid_arguments", "{near}: {error}");
    }
    for missing in [json!({}), json!({"account": null}), json!({"account": ""})] {
        let mut write = missing.clone();
        write["email"] = json!("a@b.test");
        let error = host.error("create_contact", write).await;
        assert!(error["message"].as_str().unwrap().contains("a write always names its account"), "{error}");
        let error = host.error("list_contacts", missing).await;
        assert_eq!(error["field"], "account", "{error}");
    }
    assert_eq!(requests().await, before, "what names no account sends nothing");
}

async fn locations_name_accounts(api: Api) {
    let agency = Agency::new(api, &["One", "Two"]).await;
    agency.write("default = \"Two\"", |_| String::new());
    let host = agency.host(&[]).await;
    let one = agency.account("One").location_id();
    let wrote = host
        .answer("create_contact", json!({"account": one, "firstName": "Ada", "lastName": "L", "email": "a@b.test"}))
        .await;
    assert_eq!(wrote["account"], "One");
    // A read may do without a name where there is a default; a write may not.
    assert_eq!(host.answer("list_contacts", json!({"limit": 1})).await["account"], "Two");
    let error = host.error("create_contact", json!({"firstName": "Ada", "lastName": "L", "email": "b@b.test"})).await;
    assert_eq!(error["field"], "account", "{error}");
    // The location of another account is refused beside the account's name.
    let error = host.error("list_contacts", json!({"account": "Two", "locationId": one})).await;
    assert_eq!((&error["code"], &error["account"]), (&json!("policy_denied"), &json!("Two")), "{error}");
}

#[tokio::test]
async fn each_account_has_its_own_policy() {
    let agency = Agency::new(Api::Session, &["Open", "Read only", "Without pages"]).await;
    agency.write("", |name| match name {
        "Read only" => "read-only = true".to_owned(),
        "Without pages" => "toolsets = [\"contacts\"]\nconfirm-tools = [\"update_contact\"]".to_owned(),
        _ => String::new(),
    });
    let host = agency.host(&[]).await;
    let listed = host.answer("list_accounts", json!({})).await;
    let read_only: Vec<bool> =
        listed["accounts"].as_array().unwrap().iter().map(|account| account["readOnly"] == json!(true)).collect();
    assert_eq!(read_only, [false, true, false], "{listed}");
    let code = async |tool, arguments: Value| host.error(tool, arguments).await["code"].clone();
    assert_eq!(
        code(
            "create_contact",
            json!({"account": "Read only", "firstName": "Ada", "lastName": "L", "email": "a@b.test"})
        )
        .await,
        "policy_denied"
    );
    assert_eq!(code("list_pages", json!({"account": "Without pages"})).await, "policy_denied");
    let contact = agency.account("Without pages").find("contacts", |_| true).await;
    let update = json!({"account": "Without pages", "id": contact["id"], "companyName": "X"});
    assert_eq!(code("update_contact", update).await, "confirmation_required");
    let contact = agency.account("Open").find("contacts", |_| true).await;
    host.answer("update_contact", json!({"account": "Open", "id": contact["id"], "companyName": "X"})).await;
    host.answer("list_pages", json!({"account": "Open", "limit": 1})).await;
    // What the process forbids, no account allows.
    let host = agency.host(&["--read-only"]).await;
    let code = host
        .error("create_contact", json!({"account": "Open", "firstName": "Ada", "lastName": "L", "email": "a@b.test"}))
        .await["code"]
        .clone();
    assert_eq!(code, "policy_denied");
}

#[tokio::test]
async fn a_dead_account_and_a_spent_quota_stay_their_own() {
    let agency = Agency::new(Api::Official, &["Alive", "Dead", "Unknown"]).await;
    agency.store("Dead", "pit-00000000-dead").await;
    let host = agency.host(&[]).await;
    std::fs::remove_file(agency.state.path().join("token-unknown")).unwrap();
    for _ in 0..3 {
        let dead = host.error("list_contacts", json!({"account": "Dead", "limit": 1})).await;
        assert_eq!((&dead["code"], &dead["account"]), (&json!("unauthorized"), &json!("Dead")), "{dead}");
        let unknown = host.error("list_contacts", json!({"account": "Unknown", "limit": 1})).await;
        assert_eq!((&unknown["code"], &unknown["account"]), (&json!("unauthorized"), &json!("Unknown")), "{unknown}");
        host.answer("list_contacts", json!({"account": "Alive", "limit": 1})).await;
    }
    // A breaker of one account is open for it alone.
    agency.account("Dead").faults("500").await;
    agency.store("Dead", agency.account("Dead").token()).await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(host.error("list_contacts", json!({"account": "Dead", "limit": 1})).await["code"].clone());
        host.answer("list_contacts", json!({"account": "Alive", "limit": 1})).await;
    }
    assert!(codes.contains(&json!("upstream_unreachable")), "the breaker opens: {codes:?}");
}
