//! `changes_since`: what changed since a time.

use super::*;
use crate::support::CLIENT;

on_both_apis!(
    changes_list_additions_updates_and_removals,
    a_tools_own_write_is_a_change_too,
    a_write_of_unknown_outcome_is_listed_when_a_reading_shows_it,
);

async fn changes_list_additions_updates_and_removals(api: Api) {
    let account = account(api, 60).await;
    let host = Host::new(&account, &[]).await;
    rows(&host, "select count(*) from contacts").await;
    let none = host.answer("changes_since", json!({"since": "2020-01-01", "table": "contacts"})).await;
    assert_eq!(none["data"], json!([]), "what was there at first is no change");
    assert!(none["note"].as_str().unwrap().contains("Watched only: contacts since"), "{none}");

    let contacts = account.objects("contacts").await;
    let (changed, gone) = (contacts[1]["id"].as_str().unwrap(), contacts[2]["id"].as_str().unwrap());
    let was = json!([contacts[1]["phone"], contacts[1]["tags"]]);
    account.change("contacts", changed, json!({"phone": "+1 512 555 0000", "tags": ["x"]})).await;
    account.remove("contacts", gone).await;
    let added = account.add("contacts", json!({"firstName": "Ada", "lastName": "New", "email": "ada@x.example"})).await;
    let fresh = json!({"sql": format!("select count(*) from contacts where id = '{gone}'"), "max_age": 0});
    until(&host, fresh, |answer| answer["rows"] == json!([[0]])).await;

    let found = host.answer("changes_since", json!({"since": "2020-01-01T00:00:00Z", "table": "contacts"})).await;
    let mut reported: Vec<(&str, &str, Value)> = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["id"].as_str().unwrap(), change["change"].as_str().unwrap(), change["fields"].clone()))
        .collect();
    // Changes of one reading are in the order of the API's list; removals are known at its end.
    assert_eq!(reported[0], (gone, "removed", Value::Null), "the newest first");
    reported.sort_by_key(|(_, change, _)| *change);
    let tags: Vec<&str> = was[1].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap()).collect();
    let fields = json!({
        "phone": {"old": was[0], "new": "+1 512 555 0000"},
        "tags": {"old": tags.join(", "), "new": "x"},
    });
    assert_eq!(reported[..2], [(added.as_str(), "added", Value::Null), (changed, "changed", fields)]);
    assert!(found["data"].as_array().unwrap().iter().all(|change| change.get("tool").is_none()), "{found}");
    let ada = found["data"].as_array().unwrap().iter().find(|change| change["id"] == added).unwrap();
    assert_eq!((&ada["name"], &found["meta"]["total"]), (&json!("Ada New"), &json!(3)));
    let one = host
        .answer("changes_since", json!({"since": "2020-01-01", "limit": 1, "offset": 1, "table": "contacts"}))
        .await;
    assert_eq!((&one["data"][0]["id"], &one["meta"]["nextOffset"]), (&found["data"][1]["id"], &json!(2)));
    let later = host.answer("changes_since", json!({"since": "2100-01-01", "table": "contacts"})).await;
    assert_eq!(later["data"], json!([]));
    let error = host.error("changes_since", json!({"since": "yesterday"})).await;
    assert_eq!(error["field"], "since");
}

async fn a_tools_own_write_is_a_change_too(api: Api) {
    let account = account(api, 30).await;
    let host = Host::new(&account, &[]).await;
    rows(&host, "select count(*) from contacts").await;
    let contact = account.find("contacts", |contact| contact["companyName"].is_string()).await;
    let (id, long) = (contact["id"].clone(), "long ".repeat(100));
    host.answer("update_contact", json!({"id": id, "companyName": "Renamed Inc"})).await;
    host.answer("update_contact", json!({"id": id, "source": long})).await;
    let found = host.answer("changes_since", json!({"since": "2020-01-01", "table": "contacts"})).await;
    let [last, first] = found["data"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&first["id"], &first["tool"]), (&id, &json!("update_contact")), "{found}");
    assert_eq!(first["client"], CLIENT, "{found}");
    assert_eq!(first["fields"]["companyName"], json!({"old": contact["companyName"], "new": "Renamed Inc"}));
    assert!(
        first["fields"].as_object().unwrap().keys().all(|name| ["companyName", "updatedAt"].contains(&name.as_str()))
    );
    // By its entry, a change can be undone.
    assert_eq!((&first["entry"], &last["entry"]), (&json!(1), &json!(3)), "{found}");
    let plan = host.answer("undo_changes", json!({"entry": first["entry"]})).await;
    assert_eq!(plan["samples"][0]["to"]["companyName"], contact["companyName"], "{plan}");
    assert!(last["fields"]["source"]["new"].as_str().unwrap().chars().count() < 100, "{last}");
}

/// It is unknown whether the write took effect, until a reading shows it.
async fn a_write_of_unknown_outcome_is_listed_when_a_reading_shows_it(api: Api) {
    let account = account(api, 30).await;
    let host = Host::new(&account, &["--timeout", "8"]).await;
    rows(&host, "select count(*) from contacts").await;
    let contacts = account.objects("contacts").await;
    let (ours, other) = (contacts[0]["id"].as_str().unwrap(), contacts[1]["id"].as_str().unwrap());
    // Every answer to it is lost, it takes effect, and the object cannot be read afterwards.
    account.faults("drop-after@PUT /contact/{id};500@GET /contact/{id}+1").await;
    let error = host.error("update_contact", json!({"id": ours, "companyName": "Renamed Inc"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    account.faults("").await;
    account.change("contacts", other, json!({"companyName": "Elsewhere Inc"})).await;
    let fresh = json!({"sql": "select count(*) from contacts where companyName = 'Elsewhere Inc'", "max_age": 0});
    until(&host, fresh, |answer| answer["rows"] == json!([[1]])).await;
    let found = host.answer("changes_since", json!({"since": "2020-01-01", "table": "contacts"})).await;
    let of = |id: &str| found["data"].as_array().unwrap().iter().find(|change| change["id"] == id).cloned().unwrap();
    assert_eq!((&of(ours)["tool"], &of(ours)["client"]), (&json!("update_contact"), &json!(CLIENT)), "{found}");
    assert_eq!((of(other).get("tool"), of(other).get("client")), (None, None), "{found}");
}
