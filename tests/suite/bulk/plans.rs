//! Plans: what they show, what they leave out, and that they write nothing.

use super::{ended, run};
use crate::support::{Account, Api, Host, Manners, in_all_manners};
use serde_json::{Value, json};

in_all_manners!(
    a_plan_shows_what_its_job_then_does,
    a_row_whose_object_changed_since_is_left_out_and_listed,
    duplicates_are_found_in_the_rows_and_in_the_account,
);

async fn a_plan_shows_what_its_job_then_does(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let before = account.objects("contacts").await;
    let plan = json!({
        "operation": "update_contact",
        "sql": "SELECT id, firstName FROM contacts WHERE firstName > '' ORDER BY id LIMIT 16",
        "template": {"addTags": ["re-engage"], "companyName": "{{firstName}} Ltd"},
    });
    let plan = host.answer("plan_bulk", plan).await;
    assert_eq!(plan["calls"], json!({"update_contact": 16}), "{plan}");
    let sample = &plan["samples"][0];
    let known = before.iter().find(|contact| contact["id"] == sample["id"]).unwrap();
    assert_eq!(sample["from"]["companyName"], known.get("companyName").cloned().unwrap_or_default(), "{plan}");
    assert_eq!(sample["to"]["companyName"], format!("{} Ltd", known["firstName"].as_str().unwrap()), "{plan}");
    assert!(plan["warning"].as_str().unwrap().contains("workflows"), "{plan}");
    assert_eq!(account.objects("contacts").await, before, "a plan writes nothing");
    let file = std::fs::read_to_string(plan["file"].as_str().unwrap()).unwrap();
    assert_eq!(file.lines().count(), 17, "all rows are in the file: {file}");
    let done = run(&host, &plan).await;
    let done = ended(&host, &done["job"]).await;
    assert_eq!(done["rows"], json!({"done": 16}), "{done}");
    let tagged = |contact: &&Value| contact["tags"].as_array().is_some_and(|tags| tags.contains(&json!("re-engage")));
    let after = account.objects("contacts").await;
    let changed: Vec<&Value> = after.iter().filter(tagged).collect();
    assert_eq!(changed.len(), 16);
    for contact in changed {
        let first = contact["firstName"].as_str().unwrap();
        assert_eq!(contact["companyName"], format!("{first} Ltd"));
    }
    let results = std::fs::read_to_string(done["results"].as_str().unwrap()).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains(",done,")).count(), 16, "{results}");
    let again = run(&host, &json!({"plan": plan["plan"]})).await;
    assert_eq!(again["rows"], json!({"done": 16}), "a plan runs once: {again}");
}

async fn a_row_whose_object_changed_since_is_left_out_and_listed(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let plan = json!({
        "operation": "update_contact",
        "sql": "SELECT id FROM contacts ORDER BY id LIMIT 5",
        "template": {"companyName": "Bulk Inc"},
    });
    let plan = host.answer("plan_bulk", plan).await;
    let id = plan["samples"][0]["id"].as_str().unwrap().to_owned();
    account.change("contacts", &id, json!({"companyName": "Changed Meanwhile"})).await;
    let done = run(&host, &plan).await;
    let done = ended(&host, &done["job"]).await;
    assert_eq!(done["rows"], json!({"done": 4, "changed": 1}), "{done}");
    let problem = &done["problems"][0];
    assert_eq!((&problem["id"], &problem["state"]), (&json!(id), &json!("changed")), "{done}");
    assert_eq!(problem["changed"][0]["now"], "Changed Meanwhile", "{done}");
    let contacts = account.objects("contacts").await;
    let kept = contacts.iter().find(|contact| contact["id"] == json!(id)).unwrap();
    assert_eq!(kept["companyName"], "Changed Meanwhile", "never overwritten");
}

async fn duplicates_are_found_in_the_rows_and_in_the_account(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let known = account.find("contacts", |contact| contact["email"].is_string()).await;
    let email = known["email"].as_str().unwrap().to_uppercase();
    let rows = json!([
        {"firstName": "New", "lastName": "One", "email": "new.one@example.com", "tags": ["fair"]},
        {"firstName": "New", "lastName": "Again", "email": "NEW.ONE@example.com"},
        {"firstName": "Known", "lastName": "Already", "email": email, "tags": ["fair"]},
        {"firstName": "Odd", "lastName": "Argument", "emial": "x@example.com"},
        {"firstName": "No", "lastName": "Address", "email": "nowhere"},
    ]);
    let before = account.objects("contacts").await.len();
    let plan = json!({"operation": "create_contact", "rows": rows});
    let plan = host.answer("plan_bulk", plan.clone()).await;
    assert_eq!(plan["calls"], json!({"create_contact": 1}), "{plan}");
    assert_eq!((&plan["skipped"], &plan["invalid"]), (&json!(2), &json!(2)), "{plan}");
    let left_out = plan["leftOut"].to_string();
    assert!(left_out.contains("email") && left_out.contains(known["id"].as_str().unwrap()), "{plan}");
    let done = run(&host, &plan).await;
    assert_eq!(ended(&host, &done["job"]).await["rows"]["done"], 1);
    assert_eq!(account.objects("contacts").await.len(), before + 1);

    let plan = json!({"operation": "create_contact", "rows": rows, "onDuplicate": "update"});
    let plan = host.answer("plan_bulk", plan).await;
    assert_eq!(plan["calls"]["update_contact"], 2, "{plan}");
    let done = run(&host, &plan).await;
    let done = ended(&host, &done["job"]).await;
    assert_eq!(done["rows"]["done"], 2, "{done}");
    assert_eq!(account.objects("contacts").await.len(), before + 1, "nothing was doubled");
    let now = account.find("contacts", |contact| contact["id"] == known["id"]).await;
    assert_eq!(now["lastName"], "Already", "{now}");
    assert!(now["tags"].as_array().unwrap().contains(&json!("fair")), "{now}");
    for tag in known["tags"].as_array().unwrap() {
        assert!(now["tags"].as_array().unwrap().contains(tag), "tags are added: {now}");
    }
}

#[tokio::test]
async fn wrong_plans_say_what_is_wrong() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    for (arguments, field) in [
        (json!({"operation": "update_contact"}), "rows"),
        (json!({"operation": "update_contact", "rows": [{"id": "x"}], "sql": "SELECT 1"}), "rows"),
        (json!({"operation": "update_contcat", "rows": [{"id": "x"}]}), "operation"),
        (json!({"operation": "list_contacts", "rows": []}), "operation"),
        (json!({"operation": "run_bulk", "rows": []}), "operation"),
        (
            json!({"operation": "update_contact", "sql": "SELECT id FROM contacts", "template": {"source": "{{nope}}"}}),
            "template.source",
        ),
        (json!({"operation": "update_contact", "file": "x.csv"}), "file"),
    ] {
        let error = host.error("plan_bulk", arguments.clone()).await;
        assert_eq!(error["field"], field, "{arguments}: {error}");
    }
    let error = host.error("run_bulk", json!({"plan": "nothing"})).await;
    assert_eq!(error["field"], "plan", "{error}");
    let error = host.error("get_bulk", json!({"job": "nothing"})).await;
    assert_eq!(error["field"], "job", "{error}");
    assert_eq!(host.answer("get_bulk", json!({})).await, json!({"jobs": []}), "a plan that failed leaves nothing");
}

#[tokio::test]
async fn a_read_only_server_has_no_bulk_tools() {
    let account = Account::new().await;
    let host = Host::new(&account, &["--read-only"]).await;
    let tools = host.session.list_all_tools().await.unwrap();
    assert!(!tools.iter().any(|tool| tool.name.contains("bulk") || tool.name == "undo_changes"));
    let plan = json!({"operation": "update_contact", "rows": []});
    assert_eq!(host.error("plan_bulk", plan).await["code"], "policy_denied");
}

/// What a model pays for tagging the contacts of one town: two calls with their answers.
#[tokio::test]
async fn a_town_is_tagged_in_two_calls_and_few_tokens() {
    let account = Account::of(Api::Official).await;
    let host = Host::new(&account, &[]).await;
    let towns = json!({"sql": "SELECT city FROM contacts WHERE city > '' GROUP BY city HAVING count(*) BETWEEN 14 AND 18 LIMIT 1"});
    let town = host.answer("query_crm", towns).await["rows"][0][0].as_str().unwrap().to_owned();
    let sql = format!("SELECT id FROM contacts WHERE city = '{town}'");
    let asked = json!({"operation": "update_contact", "sql": sql, "template": {"addTags": ["summer-event"]}});
    let plan = host.answer("plan_bulk", asked.clone()).await;
    let run = json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]});
    let done = host.answer("run_bulk", run.clone()).await;
    assert_eq!(done["state"], "done", "{done}");
    let tagged =
        |contact: &&Value| contact["tags"].as_array().is_some_and(|tags| tags.contains(&json!("summer-event")));
    let count = account.objects("contacts").await.iter().filter(tagged).count();
    assert_eq!(done["rows"]["done"], count, "{done}");
    assert!(count >= 14, "{count}");
    let all = [asked, plan, run, done].map(|value| value.to_string()).join("\n");
    let tokens = tiktoken_rs::o200k_base().unwrap().encode_ordinary(&all).len();
    assert!(tokens < 700, "{tokens} tokens: {all}");
}

/// Two rows may write one object, as long as neither overwrites what the other one writes. The texts of an answer are short and
/// visible, whatever a row holds; the file has all of it.
#[tokio::test]
async fn rows_about_one_object_are_left_out_only_if_they_overwrite_each_other() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let id = account.find("contacts", |contact| contact["companyName"].is_string()).await["id"].clone();
    let long = format!("Hid\u{202e}den{}", "x".repeat(5_000));
    let rows = json!([
        {"id": id, "addTags": ["vip"]},
        {"id": id, "companyName": long},
        {"id": id, "source": "fair", "addTags": ["fair"]},
        {"id": id, "companyName": "Again Inc"},
    ]);
    let plan = host.answer("plan_bulk", json!({"operation": "update_contact", "rows": rows})).await;
    assert_eq!((&plan["calls"]["update_contact"], &plan["skipped"]), (&json!(3), &json!(1)), "{plan}");
    assert_eq!(plan["leftOut"][0]["why"], "Row 2 writes companyName of the same object.", "{plan}");
    let shown = plan["samples"][1]["to"]["companyName"].as_str().unwrap();
    assert!(shown.starts_with("Hidden") && shown.len() < 300, "{shown}");
    run(&host, &plan).await;
    assert_eq!(ended(&host, &plan["plan"]).await["rows"], json!({"done": 3, "skipped": 1}));
    let now = account.find("contacts", |contact| contact["id"] == id).await;
    assert_eq!((&now["companyName"], &now["source"]), (&json!(long), &json!("fair")), "{now}");
    assert!(["vip", "fair"].iter().all(|tag| now["tags"].as_array().unwrap().contains(&json!(tag))), "{now}");
}
