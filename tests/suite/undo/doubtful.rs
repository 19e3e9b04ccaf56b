//! Writes of unknown outcome, failed ones, and images that are no longer there.

use super::*;
use crate::support::{Api, error_of, on_both_apis, structured};
use rusqlite::Connection;

on_both_apis!(
    a_write_of_unknown_outcome_goes_back_where_the_object_shows_it,
    a_write_of_unknown_outcome_that_took_no_effect_is_left,
    what_failed_changed_nothing
);

/// Plans the undo of everything, once requests are sent again after the failures.
async fn planned(host: &Host) -> Value {
    loop {
        let result = host.call("undo_changes", json!({"since": "2020-01-01"})).await;
        if result.is_error != Some(true) {
            return structured(&result);
        }
        assert_eq!(error_of(&result)["code"], "upstream_unreachable", "{result:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn a_write_of_unknown_outcome_goes_back_where_the_object_shows_it(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &["--timeout", "8"]).await;
    let contact = full_contact(&account).await;
    let id = contact["id"].as_str().unwrap();
    let path = if api == Api::Session { "/contact/{id}" } else { "/contacts/{contactId}" };
    let before = dump(&account, "contacts").await;
    // Every answer is lost, it takes effect, and the object cannot be read afterwards.
    account.faults(&format!("drop-after@PUT {path};500@GET {path}+1")).await;
    let error = host.error("update_contact", json!({"id": id, "companyName": "Wrong Inc"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    account.faults("").await;
    let plan = planned(&host).await;
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "contacts").await);
}

async fn a_write_of_unknown_outcome_that_took_no_effect_is_left(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &["--timeout", "8"]).await;
    let contact = full_contact(&account).await;
    let id = contact["id"].as_str().unwrap();
    let path = if api == Api::Session { "/contact/{id}" } else { "/contacts/{contactId}" };
    account.faults(&format!("drop-after@PUT {path};500@GET {path}+1")).await;
    let error = host.error("update_contact", json!({"id": id, "companyName": "Wrong Inc"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    account.faults("").await;
    // As if it had taken none.
    account.change("contacts", id, json!({"companyName": contact["companyName"]})).await;
    let plan = planned(&host).await;
    assert_eq!((&plan["calls"], &plan["asBefore"]), (&json!({}), &json!(1)), "{plan}");
}

async fn what_failed_changed_nothing(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    account.faults("422@write").await;
    let error = host.error("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
    assert!(error["code"].is_string(), "{error}");
    account.faults("").await;
    host.answer("update_contact", json!({"id": contact["id"], "source": "wrong"})).await;
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert_eq!((&plan["entries"], &plan["failedBefore"]), (&json!(2), &json!(1)), "{plan}");
    assert_eq!(plan["samples"][0]["to"], json!({"source": contact["source"]}), "{plan}");
}

#[tokio::test]
async fn pruned_images_are_said() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    host.answer("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
    let db = Connection::open(host.state.path().join("journal.db")).unwrap();
    db.execute("UPDATE images SET body = NULL", []).unwrap();
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({}), &json!(1)), "{plan}");
    let why = plan["leftOut"][0]["why"].as_str().unwrap();
    assert!(why.contains("companyName") && why.contains("pruned"), "{why}");
    let held: u64 = db.query_row("SELECT count(*) FROM holds", [], |row| row.get(0)).unwrap();
    assert_eq!(held, 0, "a plan that is made holds nothing");
}

#[tokio::test]
async fn without_the_object_before_nothing_goes_back() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &["--journal-before", "off"]).await;
    let contact = full_contact(&account).await;
    host.answer("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert!(plan["leftOut"][0]["why"].as_str().unwrap().contains("--journal-before off"), "{plan}");
    let host = Host::new(&account, &["--journal", "off"]).await;
    let error = host.error("undo_changes", json!({"since": "2020-01-01"})).await;
    assert!(error["message"].as_str().unwrap().contains("journal"), "{error}");
}
