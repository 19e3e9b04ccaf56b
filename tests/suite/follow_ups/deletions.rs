//! Deletions of contacts and deals: what a person is shown, what goes, and what the mirror forgets.

use super::{data, stored, text, with};
use crate::support::{Account, Era, Host, Manners, Person, in_both_manners};
use serde_json::{Value, json};

in_both_manners!(a_deleted_contact_goes_with_what_belongs_to_it, a_deletion_whose_answer_is_lost_is_settled);

/// A contact with a deal, a note and a task.
async fn contact(account: &Account) -> Value {
    let deals = account.objects("opportunities").await;
    let contact = account.find("contacts", |contact| deals.iter().any(|deal| deal["contactId"] == contact["id"])).await;
    let id = &contact["id"];
    account.add("notes", json!({"contactId": id, "body": "Called.", "createdAt": "2026-01-01T00:00:00.000Z"})).await;
    let task = json!({"contactId": id, "title": "Call", "dueDate": "2030-01-01T00:00:00.000Z", "completed": false, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z"});
    account.add("tasks", task).await;
    contact
}

async fn belonging(account: &Account, kind: &str, contact: &Value) -> usize {
    account.objects(kind).await.iter().filter(|object| object["contactId"] == contact["id"]).count()
}

async fn a_deleted_contact_goes_with_what_belongs_to_it(manners: Manners) {
    let (account, host) = with(manners, &[]).await;
    let contact = contact(&account).await;
    let id = text(&contact, "id");
    let count = async |table: &str, column: &str| {
        let sql = format!("select count(*) from {table} where {column} = '{id}'");
        host.answer("query_crm", json!({"sql": sql})).await["rows"][0][0].as_u64().unwrap()
    };
    for (table, column) in [("contacts", "id"), ("opportunities", "contactId"), ("tasks", "contactId")] {
        assert!(count(table, column).await > 0, "{table}");
    }
    let gone = host.answer("delete_contact", json!({"id": id})).await;
    assert_eq!(gone, json!({"id": id, "deleted": true}));
    let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
    for shown in ["firstName", "lastName", "email", "phone"] {
        let value = text(&contact, shown);
        assert!(!value.is_empty() && asked.contains(value), "{shown}: {asked}");
    }
    assert!(asked.contains("notes, tasks") && asked.contains("cannot be undone"), "{asked}");
    assert!(stored(&account, "contacts", id).await.is_none());
    for kind in ["opportunities", "notes", "tasks"] {
        assert_eq!(belonging(&account, kind, &contact).await, 0, "{kind}");
    }
    for (table, column) in [("contacts", "id"), ("opportunities", "contactId"), ("tasks", "contactId")] {
        assert_eq!(count(table, column).await, 0, "the mirror's {table}");
    }
    for (tool, arguments) in [("get_contact", json!({"id": id})), ("list_notes", json!({"contactId": id}))] {
        assert_eq!(host.error(tool, arguments).await["code"], "not_found", "{tool}");
    }
    assert_eq!(host.error("delete_contact", json!({"id": id})).await["code"], "not_found");
    assert_eq!(account.stats().await["effects"]["deletes"], 1);
}

async fn a_deletion_whose_answer_is_lost_is_settled(manners: Manners) {
    let (account, host) = with(manners, &["--timeout", "20"]).await;
    let contacts = account.objects("contacts").await;
    let deals = account.objects("opportunities").await;
    for (fault, number) in ["500-after", "drop-after", "truncate", "malformed"].into_iter().zip(0..) {
        for (tool, operation, kind, object) in [
            ("delete_contact", "DELETE /contacts/{contactId}", "contacts", &contacts[number]),
            ("delete_opportunity", "DELETE /opportunities/{id}", "opportunities", &deals[deals.len() - 1 - number]),
        ] {
            account.faults(&format!("{fault}@{operation}*1")).await;
            let gone = host.answer(tool, json!({"id": object["id"]})).await;
            assert_eq!(gone["deleted"], true, "{tool} under {fault}: {gone}");
            assert!(stored(&account, kind, text(object, "id")).await.is_none(), "{tool} under {fault}");
        }
    }
    account.faults("").await;
}

#[tokio::test]
async fn nothing_is_deleted_without_a_yes() {
    let (account, _) = with(Manners::plain(), &[]).await;
    let (contact, deal) = (contact(&account).await, account.objects("opportunities").await.remove(0));
    for (tool, id) in [("delete_contact", &contact["id"]), ("delete_opportunity", &deal["id"])] {
        let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
        assert_eq!(host.error(tool, json!({"id": id})).await["code"], "declined");
        let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
        let error = host.error(tool, json!({"id": id})).await;
        assert_eq!(error["code"], "confirmation_required", "{error}");
        assert_eq!(error["preview"]["object"]["id"], *id, "{error}");
    }
    assert_eq!(account.stats().await["effects"]["deletes"], 0);
}

/// Tools for rare jobs are callable, and listed where their group is named.
#[tokio::test]
async fn rare_tools_are_listed_with_their_group() {
    let (account, host) = with(Manners::plain(), &[]).await;
    let rare = ["upsert_contact", "delete_contact", "delete_opportunity", "list_custom_fields", "list_custom_values"];
    let listed = async |host: &Host| {
        let tools = host.session.list_all_tools().await.unwrap();
        rare.iter().filter(|name| tools.iter().any(|tool| tool.name == **name)).count()
    };
    assert_eq!(listed(&host).await, 0);
    let groups = ["--toolsets", "contacts,opportunities,locations"];
    assert_eq!(listed(&Host::with(&account, &groups, Era::Modern, Person::Absent).await).await, rare.len());
    let fields = host.answer("list_custom_fields", json!({})).await;
    let preferred = data(&fields).iter().find(|field| field["name"] == "preferredContact").unwrap();
    assert_eq!(
        (&preferred["picklistOptions"], &preferred["model"]),
        (&json!(["email", "phone", "sms"]), &json!("contact"))
    );
    let values = host.answer("list_custom_values", json!({})).await;
    let link = data(&values).iter().find(|value| value["name"] == "Booking link").unwrap();
    assert_eq!(text(link, "fieldKey"), "{{ custom_values.booking_link }}");
    assert!(text(link, "value").starts_with("https://"), "{link}");
}
