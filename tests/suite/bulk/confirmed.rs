//! One confirmation for a whole plan, bound to exactly that plan.

use super::{ended, run};
use crate::support::{Account, Api, Era, Host, Person};
use serde_json::{Value, json};

fn plan_of(company: &str) -> Value {
    json!({
        "operation": "update_contact",
        "sql": "SELECT id FROM contacts ORDER BY id LIMIT 3",
        "template": {"companyName": company},
    })
}

async fn renamed(account: &Account, company: &str) -> usize {
    account.objects("contacts").await.iter().filter(|contact| contact["companyName"] == company).count()
}

#[tokio::test]
async fn a_person_is_asked_once_for_all_rows_in_every_era() {
    for era in [Era::Modern, Era::Handshake, Era::Older] {
        for (person, count) in [(Person::agrees(), 3), (Person::declines(), 0)] {
            let account = Account::new().await;
            let host = Host::with(&account, &[], era, person).await;
            let plan = host.answer("plan_bulk", plan_of("Asked Inc")).await;
            assert!(plan.get("confirmationToken").is_none(), "the host can ask: {plan}");
            let result = host.call("run_bulk", json!({"plan": plan["plan"]})).await;
            assert_eq!(result.is_error == Some(true), count == 0, "{result:?}");
            if count > 0 {
                ended(&host, &plan["plan"]).await;
            }
            assert_eq!(renamed(&account, "Asked Inc").await, count, "{era:?}");
            let asked = host.asked();
            if era != Era::Modern {
                assert_eq!(asked.len(), 1, "once");
                let text = asked[0].to_string();
                assert!(text.contains("3 × ") && text.contains("sha256") && text.contains("plan.csv"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_for_its_own_plan_and_for_one_run() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let first = host.answer("plan_bulk", plan_of("First Inc")).await;
    let second = host.answer("plan_bulk", plan_of("Second Inc")).await;
    let error =
        host.error("run_bulk", json!({"plan": second["plan"], "confirmationToken": first["confirmationToken"]})).await;
    assert_eq!(error["code"], "confirmation_invalid", "{error}");
    let error = host.error("run_bulk", json!({"plan": second["plan"]})).await;
    assert_eq!(error["code"], "confirmation_required", "{error}");
    assert_eq!(error["preview"]["object"]["calls"], json!({"update_contact": 3}), "{error}");
    assert_eq!(renamed(&account, "Second Inc").await, 0);
    run(&host, &first).await;
    ended(&host, &first["plan"]).await;
    assert_eq!(renamed(&account, "First Inc").await, 3);
}

/// The rows that a person saw are the ones that run: a store that somebody changed in between is refused.
#[tokio::test]
async fn a_plan_that_was_altered_is_not_run() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let plan = host.answer("plan_bulk", plan_of("Shown Inc")).await;
    let db = rusqlite::Connection::open(host.state.path().join("jobs.db")).unwrap();
    db.execute("UPDATE job_rows SET arguments = json_set(arguments, '$.companyName', 'Other Inc')", []).unwrap();
    let error =
        host.error("run_bulk", json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]})).await;
    assert_eq!(error["code"], "confirmation_invalid", "{error}");
    assert_eq!(renamed(&account, "Other Inc").await, 0);
}

#[tokio::test]
async fn nobody_is_asked_nothing_runs() {
    let account = Account::new().await;
    let host = Host::new(&account, &["--confirm", "deny"]).await;
    let plan = host.answer("plan_bulk", plan_of("Denied Inc")).await;
    assert_eq!(host.error("run_bulk", json!({"plan": plan["plan"]})).await["code"], "policy_denied");
    let host = Host::new(&account, &["--exclude-tools", "update_contact"]).await;
    assert_eq!(host.error("plan_bulk", plan_of("x")).await["code"], "policy_denied");
}

/// A guarded operation is as guarded in bulk: the question says what it does, and do-not-disturb holds for each row.
#[tokio::test]
async fn messages_in_bulk_say_that_they_reach_people() {
    let account = Account::of(Api::Official).await;
    let host = Host::new(&account, &[]).await;
    let with_phone = account.find("contacts", |contact| contact["phone"].is_string() && contact["dnd"] != true).await;
    let rows = json!([{"contactId": with_phone["id"], "channel": "sms", "body": "Hello"}]);
    let plan = host.answer("plan_bulk", json!({"operation": "send_message", "rows": rows})).await;
    let error = host.error("run_bulk", json!({"plan": plan["plan"]})).await;
    assert!(error["message"].as_str().unwrap().contains("reaches people"), "{error}");
    let plan = host
        .answer("plan_bulk", json!({"operation": "contacts.delete-contact", "rows": [{"contactId": with_phone["id"]}]}))
        .await;
    let done = run(&host, &plan).await;
    let done = ended(&host, &done["job"]).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    assert!(account.objects("contacts").await.iter().all(|contact| contact["id"] != with_phone["id"]));
}
