//! Upserts of contacts: one contact for one address, whatever the API answers, and nothing lost of an existing one.

use super::{bodies, plain, process, stored, text, with};
use crate::support::{Account, Host, Manners, closed_journal, command, error_of, in_both_manners, structured};
use futures::future::join_all;
use serde_json::{Value, json};

in_both_manners!(
    an_upsert_creates_and_then_changes_the_same_contact,
    four_processes_make_one_contact,
    an_answer_that_is_lost_makes_no_second_contact,
);

async fn having(account: &Account, email: &str) -> Vec<Value> {
    let is = |contact: &Value| text(contact, "email").eq_ignore_ascii_case(email);
    account.objects("contacts").await.into_iter().filter(is).collect()
}

async fn an_upsert_creates_and_then_changes_the_same_contact(manners: Manners) {
    let (account, host) = with(manners, &[]).await;
    let new = json!({"firstName": "Ada", "lastName": "Byron", "email": "Ada@Engine.example", "tags": ["vip"], "customFields": {"employees": 3}});
    let made = host.answer("upsert_contact", new).await;
    assert_eq!((&made["created"], &made["customFields"]["employees"]), (&json!(true), &json!(3)), "{made}");
    let path = format!("/contacts/{}", text(&made, "id"));
    account.forget_requests().await;
    let more = json!({"email": "ada@engine.example", "companyName": "Engines", "tags": ["client"], "customFields": {"industry": "Computing"}});
    let changed = host.answer("upsert_contact", more).await;
    assert_eq!((&changed["created"], &changed["id"]), (&json!(false), &made["id"]), "{changed}");
    assert!(changed.get("notApplied").is_none(), "{changed}");
    let contact = having(&account, "ada@engine.example").await.remove(0);
    assert_eq!((text(&contact, "firstName"), text(&contact, "companyName")), ("Ada", "Engines"));
    let mut tags: Vec<&str> = contact["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["client", "vip"], "tags are added");
    assert_eq!(contact["customFields"].as_object().unwrap().len(), 2, "{contact}");
    // The e-mail address identified the contact, so it is not written.
    assert!(bodies(&account, "PUT", &path).await[0].get("email").is_none());
    assert!(bodies(&account, "POST", "/contacts/upsert").await.is_empty());
    let entries = closed_journal(|| command(&account, host.state.path())).await;
    let befores: Vec<_> = entries.iter().filter_map(|entry| entry.get("before")).collect();
    assert_eq!(befores.len(), 1, "only a change has a state before");
    assert_eq!(befores[0]["id"], made["id"]);
    assert!(befores[0].get("companyName").is_none_or(Value::is_null), "{}", befores[0]);
    // Hosts fill in empty lists: no tags to add.
    let none = json!({"email": "ada@engine.example", "companyName": "Engines", "tags": []});
    assert_eq!(host.answer("upsert_contact", none).await["tags"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn of_two_contacts_the_one_with_the_email_changes() {
    let (account, host) = plain().await;
    let make = async |contact: Value| text(&host.answer("create_contact", contact).await, "id").to_owned();
    let mail = make(json!({"firstName": "Mail", "email": "two@x.example"})).await;
    let phone = make(json!({"firstName": "Phone", "phone": "+15125559177"})).await;
    let both = json!({"firstName": "Both", "email": "two@x.example", "phone": "(512) 555-9177"});
    let changed = host.answer("upsert_contact", both).await;
    assert_eq!((&changed["id"], &changed["created"]), (&json!(mail), &json!(false)), "{changed}");
    assert!(text(&changed, "note").contains(&phone), "{changed}");
    let (mail, other) =
        (stored(&account, "contacts", &mail).await.unwrap(), stored(&account, "contacts", &phone).await);
    assert_eq!((text(&mail, "firstName"), &mail["phone"]), ("Both", &Value::Null));
    assert_eq!(text(&other.unwrap(), "firstName"), "Phone");
    let by_phone = json!({"phone": "512 555 9177", "email": "new@x.example"});
    let changed = host.answer("upsert_contact", by_phone).await;
    assert_eq!((&changed["id"], text(&changed, "email")), (&json!(phone), "new@x.example"), "{changed}");
    let neither = host.error("upsert_contact", json!({"firstName": "Nobody"})).await;
    assert_eq!(neither["code"], "invalid_arguments", "{neither}");
}

#[tokio::test]
async fn an_address_alone_is_enough_and_changes_nothing_the_second_time() {
    let (account, host) = plain().await;
    let email = json!({"email": "only@x.example"});
    let made = host.answer("upsert_contact", email.clone()).await;
    let again = host.answer("upsert_contact", email).await;
    assert_eq!((&made["created"], &again["created"], &again["id"]), (&json!(true), &json!(false), &made["id"]));
    assert!(text(&again, "note").contains("nothing was sent"), "{again}");
    let effects = &account.stats().await["effects"];
    assert_eq!((&effects["creates"], &effects["updates"]), (&json!(1), &json!(0)), "{effects}");
}

async fn four_processes_make_one_contact(manners: Manners) {
    let (account, first) = with(manners, &[]).await;
    let hosts: Vec<Host> = join_all((0..4).map(|_| process(&account, first.state.path()))).await;
    for round in 0..3 {
        let email = format!("race{round}@x.example");
        let contact = |number: usize| json!({"firstName": format!("Ada{number}"), "email": email, "phone": format!("+1512666{round}{number}00")});
        let calls = hosts.iter().zip(0..).map(|(host, number)| host.call("upsert_contact", contact(number)));
        let answers: Vec<Value> = join_all(calls).await.iter().map(structured).collect();
        let created = answers.iter().filter(|answer| answer["created"] == true).count();
        assert_eq!(created, 1, "{answers:?}");
        assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]), "{answers:?}");
        assert_eq!(having(&account, &email).await.len(), 1, "{answers:?}");
    }
}

async fn an_answer_that_is_lost_makes_no_second_contact(manners: Manners) {
    let (account, host) = with(manners, &["--timeout", "20"]).await;
    for (fault, number) in
        ["500-after", "502-after", "drop-after", "truncate", "malformed", "422-after", "late:800"].into_iter().zip(0..)
    {
        let email = format!("lost{number}@x.example");
        account.faults(&format!("{fault}@POST /contacts/upsert*1")).await;
        let answer = host.answer("upsert_contact", json!({"firstName": "Ada", "email": email})).await;
        let found = having(&account, &email).await;
        assert_eq!((found.len(), &answer["created"]), (1, &json!(true)), "{fault}: {answer}");
        assert_eq!(found[0]["id"], answer["id"], "{fault}");
        assert_eq!(bodies(&account, "POST", "/contacts/upsert").await.len(), number + 1, "{fault} was sent again");
    }
}

#[tokio::test]
async fn an_upsert_without_a_visible_effect_is_unknown_and_may_be_repeated() {
    let (account, host) = with("live,lag:300".parse().unwrap(), &["--timeout", "3"]).await;
    account.faults("500@POST /contacts/upsert*1").await;
    let contact = json!({"firstName": "Ada", "email": "gone@x.example"});
    let error = error_of(&host.call("upsert_contact", contact.clone()).await);
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_contacts")), "{error}");
    assert!(text(&error, "message").contains("Repeat the call later"), "{error}");
    assert_eq!(bodies(&account, "POST", "/contacts/upsert").await.len(), 1);
    assert_eq!(host.answer("upsert_contact", contact).await["created"], true);
    assert_eq!(having(&account, "gone@x.example").await.len(), 1);
}

#[tokio::test]
async fn a_person_who_is_asked_sees_the_contact_that_changes() {
    let (account, host) = with(Manners::plain(), &["--confirm-tools", "upsert_contact"]).await;
    let contact = account.find("contacts", |contact| contact["email"].is_string()).await;
    host.answer("upsert_contact", json!({"email": contact["email"], "source": "fair"})).await;
    let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
    assert!(asked.contains(text(&contact, "id")) && asked.contains(text(&contact, "lastName")), "{asked}");
}
