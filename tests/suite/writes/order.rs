//! Writes to one object run one after the other, within a process and across processes.

use super::fake::{Arrived, Fake, Reply};
use crate::support::{Api, Era, Host, Person, on_both_apis, structured};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Notify;

/// An API with contacts. It applies the first update of c1, answers it with 500, and notifies `struck`.
async fn fake(api: Api, struck: Arc<Notify>) -> Fake {
    let (mut phone, failed) = (Value::from("+15550100"), AtomicUsize::new(0));
    Fake::new(api, move |request: &Arrived| {
        let id = request.path.rsplit('/').next().unwrap().to_owned();
        if request.method == "PUT" {
            phone = request.body["phone"].clone();
            if id == "c1" && failed.fetch_add(1, Ordering::SeqCst) == 0 {
                struck.notify_one();
                return Reply(500, json!({"message": "later"}));
            }
        }
        let contact = json!({"id": id, "firstName": "Ada", "email": "a@b.example", "phone": phone});
        Reply(200, if api == Api::Session { contact } else { json!({"contact": contact}) })
    })
    .await
}

fn update(id: &str, phone: &str) -> Value {
    json!({"id": id, "phone": phone})
}

on_both_apis!(a_retry_does_not_overwrite_a_later_update, a_retry_does_not_overwrite_a_later_update_of_another_process);

async fn a_retry_does_not_overwrite_a_later_update(api: Api) {
    let struck = Arc::<Notify>::default();
    let fake = fake(api, Arc::clone(&struck)).await;
    let host = fake.host(&[]).await;
    let later = async {
        struck.notified().await;
        // An update of another object and a read of this one do not wait.
        host.answer("update_contact", update("c2", "+15550102")).await;
        host.answer("get_contact", json!({"id": "c1"})).await;
        host.answer("update_contact", update("c1", "+15550103")).await
    };
    let (first, later) = tokio::join!(host.call("update_contact", update("c1", "+15550101")), later);
    assert_eq!(structured(&first)["phone"], "+15550101");
    assert_eq!(later["phone"], "+15550103");
    let sent: Vec<Value> = written(&fake, "c1");
    assert_eq!(sent, ["+15550101", "+15550101", "+15550103"], "the repetition comes before the later update");
}

/// The phone numbers written to a contact, in order.
fn written(fake: &Fake, id: &str) -> Vec<Value> {
    let to = |request: &Arrived| request.method == "PUT" && request.path.ends_with(id);
    fake.arrived().into_iter().filter(to).map(|request| request.body["phone"].clone()).collect()
}

async fn a_retry_does_not_overwrite_a_later_update_of_another_process(api: Api) {
    let struck = Arc::<Notify>::default();
    let fake = fake(api, Arc::clone(&struck)).await;
    let one = fake.host(&[]).await;
    let own = tempfile::tempdir().unwrap();
    let other = Host::start(fake.command(one.state.path()), own, Era::Modern, Person::Absent).await;
    let later = async {
        struck.notified().await;
        other.answer("update_contact", update("c1", "+15550103")).await
    };
    let (first, _) = tokio::join!(one.call("update_contact", update("c1", "+15550101")), later);
    assert_eq!(structured(&first)["phone"], "+15550101");
    assert_eq!(written(&fake, "c1"), ["+15550101", "+15550101", "+15550103"]);
}

#[tokio::test]
async fn concurrent_additions_to_one_set_of_tags_are_all_kept() {
    let account = crate::support::Account::new().await;
    let id = account
        .add("contacts", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "tags": ["old"]}))
        .await;
    let one = Host::new(&account, &[]).await;
    let own = tempfile::tempdir().unwrap();
    let other =
        Host::start(crate::support::command(&account, one.state.path()), own, Era::Modern, Person::Absent).await;
    account.faults("latency:30@PUT /contact/{id}").await;
    let calls = (0..12).map(|number| {
        let host = if number % 2 == 0 { &one } else { &other };
        host.call("update_contact", json!({"id": id, "addTags": [format!("tag{number}")]}))
    });
    for result in futures::future::join_all(calls).await {
        structured(&result);
    }
    let tags = super::truth(&account, "contacts", &id.into()).await["tags"].as_array().unwrap().len();
    assert_eq!(tags, 13, "none was overwritten");
}
