//! Field by field: tags, custom fields, parts of an address, what was empty, what a page holds.

use super::*;
use crate::support::{Api, Manners, in_all_manners, on_both_apis};

in_all_manners!(
    only_the_tags_that_the_write_changed_go_back,
    custom_fields_go_back_by_their_keys,
    what_was_cleared_comes_back_and_what_was_empty_is_cleared
);
on_both_apis!(what_the_api_cannot_empty_is_named_and_the_rest_goes_back);

async fn only_the_tags_that_the_write_changed_go_back(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"tags": ["stays", "goes"]})).await;
    // `stays` was there before: it is not removed. `goes` comes back, although it was not named as added.
    host.answer("update_contact", json!({"id": id, "addTags": ["Stays", "new"], "removeTags": ["goes", "never"]}))
        .await;
    account.change("contacts", id, json!({"tags": ["stays", "new", "by-others"]})).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    let to = &plan["samples"][0]["to"];
    assert_eq!((&to["addTags"], &to["removeTags"]), (&json!(["goes"]), &json!(["new"])), "{plan}");
    run(&host, &plan).await;
    let after = &dump(&account, "contacts").await[id];
    assert_eq!(after["tags"], json!(["by-others", "goes", "stays"]));

    // A write of the whole set.
    host.answer("update_contact", json!({"id": id, "tags": ["only"]})).await;
    undo(&host, json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(dump(&account, "contacts").await[id]["tags"], json!(["by-others", "goes", "stays"]));
    host.answer("update_contact", json!({"id": id, "clear": ["tags"]})).await;
    undo(&host, json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(dump(&account, "contacts").await[id]["tags"], json!(["by-others", "goes", "stays"]));
}

async fn custom_fields_go_back_by_their_keys(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let has_some = |contact: &Value| {
        let fields = &contact["customFields"];
        fields["industry"].is_string() && !fields["employees"].is_null() && fields["preferredContact"].is_string()
    };
    let contact = account.find("contacts", has_some).await;
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"customFields": {"industry": "Law", "employees": 12}})).await;
    let before = dump(&account, "contacts").await;
    let wrong = json!({"industry": "Wrong", "preferredContact": "sms"});
    host.answer("update_contact", json!({"id": id, "customFields": wrong, "clear": ["customFields.employees"]})).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    let to = &plan["samples"][0]["to"];
    assert_eq!(to["customFields"]["industry"], "Law", "{plan}");
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "contacts").await);

    host.answer("update_contact", json!({"id": id, "clear": ["customFields"]})).await;
    undo(&host, json!({"entry": newest(&account, &host).await})).await;
    same(&before, &dump(&account, "contacts").await);
}

async fn what_was_cleared_comes_back_and_what_was_empty_is_cleared(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"source": null, "address": {"city": "Ulm", "postalCode": "89073"}})).await;
    let before = dump(&account, "contacts").await;
    let wrong = json!({
        "id": id, "source": "mistake", "address": {"street": "Wrong 1"},
        "clear": ["companyName", "phone", "address.city"],
    });
    host.answer("update_contact", wrong).await;
    let now = &dump(&account, "contacts").await[id];
    assert!(now.get("companyName").is_none_or(|name| name.is_null() || name == ""), "{now:?}");
    let done = undo(&host, json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "contacts").await);
}

/// A contact cannot be without an e-mail address once it has one. The other fields go back all the same.
async fn what_the_api_cannot_empty_is_named_and_the_rest_goes_back(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"lastName": null})).await;
    let wrong = json!({"id": id, "lastName": "Wrong", "companyName": "Wrong Inc"});
    host.answer("update_contact", wrong).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    assert_eq!((&plan["calls"], &plan["partly"]), (&json!({"update_contact": 1}), &json!(1)), "{plan}");
    assert!(plan["fieldsLeft"][0]["fields"]["lastName"].as_str().unwrap().contains("empty"), "{plan}");
    let done = run(&host, &plan).await;
    let after = &dump(&account, "contacts").await[id];
    assert_eq!((&after["lastName"], &after["companyName"]), (&json!("Wrong"), &contact["companyName"]));
    let results = std::fs::read_to_string(done["results"].as_str().unwrap()).unwrap();
    assert!(results.contains("Left lastName"), "{results}");
}

#[tokio::test]
async fn a_pages_content_goes_back_whole() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    let page = account.find("pages", |page| page["status"] == "draft" && page["content"].is_string()).await;
    let before = dump(&account, "pages").await;
    host.answer("update_page", json!({"id": page["id"], "content": "<p>Wrong</p>", "title": "Wrong"})).await;
    let content = json!([{"old": "Wrong", "new": "Worse"}]);
    host.answer("update_page", json!({"id": page["id"], "replace": content})).await;
    let done = undo(&host, json!({"since": "2020-01-01"})).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "pages").await);
}
