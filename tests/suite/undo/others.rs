//! What others changed since stays, field by field.

use super::*;
use crate::support::{Agency, Api, Manners, in_all_manners, on_both_apis};

in_all_manners!(
    a_field_that_others_changed_stays_and_the_others_go_back,
    a_field_that_others_change_after_the_plan_stays_too,
    an_object_that_others_changed_as_a_whole_is_listed
);
on_both_apis!(nobody_elses_write_in_between_is_undone, another_accounts_entries_are_untouched);

/// An account with a host, and a contact with three fields written by mistake.
async fn mistaken(api: Api, manners: Manners) -> (Account, Host, Value) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let wrong = json!({"id": contact["id"], "firstName": "Wrong", "companyName": "Wrong Inc", "source": "wrong"});
    host.answer("update_contact", wrong).await;
    (account, host, contact)
}

async fn a_field_that_others_changed_stays_and_the_others_go_back(api: Api, manners: Manners) {
    let (account, host, contact) = mistaken(api, manners).await;
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"companyName": "Theirs Inc", "phone": "+15125550123"})).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    assert_eq!((&plan["calls"], &plan["partly"]), (&json!({"update_contact": 1}), &json!(1)), "{plan}");
    let left = plan["fieldsLeft"][0]["fields"].as_object().unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), ["companyName"], "{plan}");
    assert!(left["companyName"].as_str().unwrap().contains("Theirs Inc"), "{plan}");
    let file = std::fs::read_to_string(plan["file"].as_str().unwrap()).unwrap();
    assert!(file.contains("Left companyName"), "{file}");
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    let after = &dump(&account, "contacts").await[id];
    assert_eq!((&after["companyName"], &after["phone"]), (&json!("Theirs Inc"), &json!("+15125550123")));
    assert_eq!((&after["firstName"], &after["source"]), (&contact["firstName"], &contact["source"]));
}

async fn a_field_that_others_change_after_the_plan_stays_too(api: Api, manners: Manners) {
    let (account, host, contact) = mistaken(api, manners).await;
    let id = contact["id"].as_str().unwrap();
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    account.change("contacts", id, json!({"companyName": "Theirs Inc"})).await;
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    let after = &dump(&account, "contacts").await[id];
    assert_eq!(after["companyName"], "Theirs Inc");
    assert_eq!((&after["firstName"], &after["source"]), (&contact["firstName"], &contact["source"]));
    let results = std::fs::read_to_string(done["results"].as_str().unwrap()).unwrap();
    assert!(results.contains("Changed since the plan, and left: companyName"), "{results}");
}

async fn an_object_that_others_changed_as_a_whole_is_listed(api: Api, manners: Manners) {
    let (account, host, contact) = mistaken(api, manners).await;
    let id = contact["id"].as_str().unwrap();
    let theirs = json!({"firstName": "Their", "companyName": "Theirs Inc", "source": "theirs"});
    account.change("contacts", id, theirs.clone()).await;
    let before = dump(&account, "contacts").await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    assert_eq!((&plan["calls"], &plan["changed"]), (&json!({}), &json!(1)), "{plan}");
    assert_eq!(plan["leftOut"][0]["state"], "changed", "{plan}");
    same(&before, &dump(&account, "contacts").await);
    // A contact that is gone by then is listed as well.
    account.remove("contacts", id).await;
    let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({}), &json!(1)), "{plan}");
}

/// Between two writes of the selection somebody else wrote the field: their value comes back, not the one before it.
async fn nobody_elses_write_in_between_is_undone(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let (id, since) = (contact["id"].as_str().unwrap(), now());
    host.answer("update_contact", json!({"id": id, "companyName": "One", "source": "one"})).await;
    account.change("contacts", id, json!({"companyName": "Theirs Inc"})).await;
    host.answer("update_contact", json!({"id": id, "companyName": "Two", "source": "two"})).await;
    undo(&host, json!({"since": since})).await;
    let after = &dump(&account, "contacts").await[id];
    assert_eq!((&after["companyName"], &after["source"]), (&json!("Theirs Inc"), &contact["source"]));
}

/// The journal is shared: an undo takes back the entries of its own account alone.
async fn another_accounts_entries_are_untouched(api: Api) {
    let agency = Agency::new(api, &["One", "Two"]).await;
    let host = agency.host(&[]).await;
    let since = now();
    let mut before = Vec::new();
    for (name, account) in &agency.accounts {
        let contact = account.find("contacts", |_| true).await;
        before.push((dump(account, "contacts").await, contact["id"].clone()));
        let wrong = json!({"account": name, "id": contact["id"], "companyName": "Wrong Inc", "addTags": ["wrong"]});
        host.answer("update_contact", wrong).await;
    }
    let [(_, one), (_, two)] = agency.accounts.as_slice() else { panic!("two accounts") };
    let changed = dump(two, "contacts").await;
    let plan = host.answer("undo_changes", json!({"account": "One", "since": since})).await;
    assert_eq!((&plan["calls"], &plan["entries"]), (&json!({"update_contact": 1}), &json!(1)), "{plan}");
    let mut arguments = json!({"account": "One", "plan": plan["plan"]});
    arguments["confirmationToken"] = plan["confirmationToken"].clone();
    host.answer("run_bulk", arguments).await;
    same(&before[0].0, &dump(one, "contacts").await);
    same(&changed, &dump(two, "contacts").await);
    // Nor is an entry or a job of another account one that can be named.
    let ran = agency.ran(&["journal", "--json", "--account", "Two"]).await;
    let entry: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    let error = host.error("undo_changes", json!({"account": "One", "entry": entry["seq"]})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("entry")), "{error}");
    let error = host.error("undo_changes", json!({"account": "Two", "job": plan["plan"]})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("job")), "{error}");
}
