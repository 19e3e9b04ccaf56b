//! `addTags` and `removeTags` leave the other tags alone.

use super::{bodies, truth};
use crate::support::{Account, Api, Host, Manners, error_of, in_all_manners, on_both_apis, structured};
use serde_json::{Value, json};

in_all_manners!(tags_are_added_and_removed_and_the_others_stay, tags_go_with_other_fields);
on_both_apis!(contradicting_arguments_are_refused);

async fn contact(account: &Account, tags: Value) -> Value {
    let contact = json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "tags": tags, "source": "s"});
    account.add("contacts", contact).await.into()
}

fn sorted(tags: &Value) -> Vec<String> {
    let mut tags: Vec<String> = serde_json::from_value(tags.clone()).unwrap();
    tags.sort();
    tags
}

async fn tags_are_added_and_removed_and_the_others_stay(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    for (old, changes, new) in [
        (json!(["vip", "old"]), json!({"addTags": ["new"]}), json!(["vip", "old", "new"])),
        (json!(["vip", "old"]), json!({"removeTags": ["OLD "]}), json!(["vip"])),
        (json!(["vip", "old"]), json!({"addTags": ["new"], "removeTags": ["old"]}), json!(["vip", "new"])),
        (json!(["vip"]), json!({"removeTags": ["not there"]}), json!(["vip"])),
        (json!(["vip"]), json!({"addTags": ["VIP"]}), json!(["vip"])),
        (Value::Null, json!({"addTags": ["first"]}), json!(["first"])),
        (json!(["only"]), json!({"removeTags": ["only"]}), json!([])),
    ] {
        let id = contact(&account, old.clone()).await;
        let mut arguments = changes.clone();
        arguments["id"] = id.clone();
        let answer = host.answer("update_contact", arguments).await;
        assert!(answer.get("notApplied").is_none(), "{old} {changes}: {answer}");
        assert_eq!(answer["firstName"], "A", "the whole contact comes back: {answer}");
        let now = truth(&account, "contacts", &id).await;
        let tags = if now["tags"].is_null() { json!([]) } else { now["tags"].clone() };
        assert_eq!(sorted(&tags), sorted(&new), "{old} {changes}");
        assert_eq!(now["source"], "s");
    }
}

async fn tags_go_with_other_fields(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let id = contact(&account, json!(["vip"])).await;
    let arguments = json!({"id": id, "addTags": ["new"], "companyName": "Acme", "clear": ["source"]});
    let answer = host.answer("update_contact", arguments).await;
    assert_eq!((&answer["companyName"], sorted(&answer["tags"])), (&json!("Acme"), sorted(&json!(["vip", "new"]))));
    let now = truth(&account, "contacts", &id).await;
    assert_eq!((&now["companyName"], sorted(&now["tags"])), (&json!("Acme"), sorted(&json!(["vip", "new"]))));
    assert!(now["source"].is_null());
}

async fn contradicting_arguments_are_refused(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    for (arguments, field) in [
        (json!({"tags": ["a"], "addTags": ["b"]}), "addTags"),
        (json!({"tags": ["a"], "removeTags": ["b"]}), "removeTags"),
        (json!({"clear": ["tags"], "addTags": ["b"]}), "addTags"),
        (json!({"addTags": ["A "], "removeTags": ["a"]}), "removeTags"),
    ] {
        let mut arguments = arguments.clone();
        arguments["id"] = "c1".into();
        let error = host.error("update_contact", arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{error}");
    }
    assert!(account.requests().await.is_empty());
}

/// Official API only: the session API changes tags in the update itself.
#[tokio::test]
async fn a_removal_that_fails_after_other_changes_is_reported() {
    let account = Account::of(Api::Official).await;
    let host = Host::new(&account, &[]).await;
    for (fault, unknown) in [("403", false), ("500", true)] {
        let id = contact(&account, json!(["vip", "old"])).await;
        account.faults(&format!("{fault}@DELETE /contacts/{{contactId}}/tags")).await;
        let arguments = json!({"id": id, "companyName": "Acme", "addTags": ["new"], "removeTags": ["old"]});
        let result = host.call("update_contact", arguments).await;
        account.faults("").await;
        if unknown {
            let error = error_of(&result);
            assert_eq!(error["code"], "outcome_unknown", "{error}");
            assert_eq!(error["applied"], json!(["companyName", "addTags"]), "{error}");
        } else {
            let answer = structured(&result);
            assert_eq!(answer["notApplied"], json!(["removeTags"]), "{answer}");
            assert!(answer["note"].as_str().unwrap().contains("removeTags"), "{answer}");
        }
        let now = truth(&account, "contacts", &id).await;
        assert_eq!(now["companyName"], "Acme");
        assert_eq!(sorted(&now["tags"]), ["new", "old", "vip"]);
    }
}

#[tokio::test]
async fn nothing_is_sent_for_tags_that_are_already_set() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let id = contact(&account, json!(["vip"])).await;
    let before = truth(&account, "contacts", &id).await;
    let answer = host.answer("update_contact", json!({"id": id, "addTags": ["Vip"], "removeTags": ["x"]})).await;
    assert!(answer["note"].as_str().unwrap().contains("nothing was sent"), "{answer}");
    assert!(bodies(&account, "PUT").await.is_empty());
    assert_eq!(truth(&account, "contacts", &id).await, before);
}

#[tokio::test]
async fn tags_of_a_deal_are_changed_where_the_api_keeps_them() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let deal = account.find("opportunities", |_| true).await;
    account.change("opportunities", deal["id"].as_str().unwrap(), json!({"tags": ["hot", "old"]})).await;
    let arguments = json!({"id": deal["id"], "addTags": ["new"], "removeTags": ["Old"], "value": 5});
    let answer = host.answer("update_opportunity", arguments).await;
    assert!(answer.get("notApplied").is_none(), "{answer}");
    let now = truth(&account, "opportunities", &deal["id"]).await;
    assert_eq!((&now["tags"], now["value"].as_f64()), (&json!(["hot", "new"]), Some(5.0)));

    let official = Account::of(Api::Official).await;
    let host = Host::new(&official, &[]).await;
    let error = host.error("update_opportunity", json!({"id": "d1", "addTags": ["a"]})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("addTags")), "{error}");
}
