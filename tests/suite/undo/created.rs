//! What was created is deleted, where the API can delete it and nobody changed it since.

use super::*;
use crate::support::{Api, Manners, in_both_manners};

in_both_manners!(
    a_created_contact_is_deleted_by_a_guarded_row,
    a_created_contact_that_others_changed_stays,
    an_upsert_goes_back_as_what_it_was
);

fn lead(email: &str) -> Value {
    json!({"firstName": "Ada", "lastName": "Undo", "email": email, "tags": ["lead"]})
}

async fn a_created_contact_is_deleted_by_a_guarded_row(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::new(&account, &[]).await;
    let (before, since) = (dump(&account, "contacts").await, now());
    let made = host.answer("create_contact", lead("ada@undo.example")).await;
    host.answer("update_contact", json!({"id": made["id"], "companyName": "Later Inc"})).await;
    let pipelines = host.answer("list_pipelines", json!({})).await;
    let stage = pipelines["data"][0]["stages"][0]["id"].clone();
    let deal = json!({"name": "Deal", "contactId": made["id"], "status": "open", "value": 5, "stage": stage});
    host.answer("create_opportunity", deal).await;
    let plan = host.answer("undo_changes", json!({"since": since})).await;
    assert_eq!(plan["calls"], json!({"delete_contact": 1, "delete_opportunity": 1}), "{plan}");
    let asked = host.error("run_bulk", json!({"plan": plan["plan"]})).await;
    assert!(asked["message"].as_str().unwrap().contains("What is deleted cannot be brought back"), "{asked}");
    let done = run(&host, &plan).await;
    // The deal may go with its contact before its own turn comes.
    assert_eq!(done["rows"], json!({"done": 2}), "{done}");
    same(&before, &dump(&account, "contacts").await);
    assert!(account.objects("opportunities").await.iter().all(|deal| deal["name"] != "Deal"));
    // A deletion is not taken back, and the plan says so.
    let again = host.answer("undo_changes", json!({"job": plan["plan"]})).await;
    assert_eq!(again["calls"], json!({}), "{again}");
    assert!(again["leftOut"][0]["why"].as_str().unwrap().contains("cannot be brought back"), "{again}");
    assert!(again.get("confirmationToken").is_none(), "{again}");
}

async fn a_created_contact_that_others_changed_stays(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::new(&account, &[]).await;
    let made = host.answer("create_contact", lead("ada@undo.example")).await;
    let id = made["id"].as_str().unwrap();
    let entry = newest(&account, &host).await;
    let early = host.answer("undo_changes", json!({"entry": entry})).await;
    assert_eq!(early["calls"], json!({"delete_contact": 1}), "{early}");
    account.change("contacts", id, json!({"companyName": "Somebody's"})).await;
    // Changed after the plan: the row is not sent.
    let done = run(&host, &early).await;
    assert_eq!(done["rows"], json!({"changed": 1}), "{done}");
    // Changed before the plan: it is not even offered.
    let plan = host.answer("undo_changes", json!({"entry": entry})).await;
    assert_eq!((&plan["calls"], &plan["changed"]), (&json!({}), &json!(1)), "{plan}");
    assert!(plan["leftOut"][0]["why"].as_str().unwrap().contains("companyName"), "{plan}");
    assert!(dump(&account, "contacts").await.contains_key(id));
}

async fn an_upsert_goes_back_as_what_it_was(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::new(&account, &[]).await;
    let known = full_contact(&account).await;
    let (before, since) = (dump(&account, "contacts").await, now());
    let upsert = json!({"email": known["email"], "companyName": "Wrong Inc", "tags": ["upserted"]});
    let updated = host.answer("upsert_contact", upsert).await;
    assert_eq!(updated["created"], false, "{updated}");
    let created = host.answer("upsert_contact", lead("new@undo.example")).await;
    assert_eq!(created["created"], true, "{created}");
    let plan = host.answer("undo_changes", json!({"since": since})).await;
    assert_eq!(plan["calls"], json!({"delete_contact": 1, "update_contact": 1}), "{plan}");
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 2}), "{done}");
    same(&before, &dump(&account, "contacts").await);
}

#[tokio::test]
async fn without_a_tool_that_deletes_the_plan_says_what_is_possible() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    host.answer("create_contact", lead("ada@undo.example")).await;
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({}), &json!(1)), "{plan}");
    let why = plan["leftOut"][0]["why"].as_str().unwrap();
    assert!(why.contains("delete_contact") && why.contains("tag"), "{why}");

    let page = json!({"name": "New", "slug": "new-undo"});
    host.answer("create_page", page).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(plan["calls"], json!({"delete_page": 1}), "{plan}");
    run(&host, &plan).await;
    assert!(account.objects("pages").await.iter().all(|page| page["slug"] != "new-undo"));

    let account = Account::of(Api::Official).await;
    let host = Host::new(&account, &["--exclude-tools", "delete_contact"]).await;
    host.answer("create_contact", lead("ada@undo.example")).await;
    let contact = account.find("contacts", |_| true).await;
    host.answer("create_note", json!({"contactId": contact["id"], "body": "A note"})).await;
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({}), &json!(2)), "{plan}");
    assert!(plan["leftOut"][0]["why"].as_str().unwrap().contains("contacts.delete-note"), "{plan}");
    assert!(plan["leftOut"][1]["why"].as_str().unwrap().contains("exclude"), "{plan}");
}
