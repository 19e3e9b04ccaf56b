//! The mirror has a tool's write at once.

use super::*;
use crate::support::{Era, Person};

on_both_apis!(
    a_write_is_seen_by_the_next_question,
    a_write_of_any_process_is_seen_by_the_next_description,
    a_write_creates_no_mirror,
    a_slow_page_does_not_undo_a_write,
);

async fn a_write_is_seen_by_the_next_question(api: Api) {
    let account = account(api, 150).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    for table in ["contacts", "opportunities"] {
        rows(&host, &format!("select count(*) from {table}")).await;
    }
    account.forget_requests().await;

    let contact = host
        .answer("create_contact", json!({"firstName": "Zoë", "lastName": "Quill", "email": "zoe@quill.example", "phone": "+1 512 555 0177", "tags": ["fresh"], "customFields": {"employees": 7}, "address": {"city": "Ulm"}}))
        .await;
    let id = contact["id"].as_str().unwrap();
    let one = format!(
        "select firstName, phone, city, (select group_concat(tag) from contact_tags where contactId = c.id), (select value from contact_fields where contactId = c.id) from contacts c where id = '{id}'"
    );
    assert_eq!(rows(&host, &one).await, [json!(["Zoë", "+1 512 555 0177", "Ulm", "fresh", 7])]);
    host.answer("update_contact", json!({"id": id, "lastName": "Quills", "clear": ["phone", "tags"]})).await;
    assert_eq!(rows(&host, &one).await, [json!(["Zoë", null, "Ulm", null, 7])]);
    let found = host.answer("search_crm", json!({"text": "zoe quills"})).await;
    assert_eq!(found["data"][0]["id"], id, "{found}");

    let deal = host
        .answer("create_opportunity", json!({"name": "Quill deal", "contactId": id, "value": 1234.5, "status": "open"}))
        .await;
    let joined = "select o.value, o.status from opportunities o join contacts c on c.id = o.contactId where c.lastName = 'Quills'";
    assert_eq!(rows(&host, joined).await, [json!([1234.5, "open"])]);
    host.answer("update_opportunity", json!({"id": deal["id"], "status": "won"})).await;
    assert_eq!(
        rows(&host, "select status, value from opportunities where name = 'Quill deal'").await,
        [json!(["won", 1234.5])]
    );

    for path in ["/contact", "/opportunity"] {
        assert_eq!(reads_of(&account, path).await, 0, "{path}: no list was read again");
    }
}

/// Counts are cached, so every process and every connection has to notice a write at once.
async fn a_write_of_any_process_is_seen_by_the_next_description(api: Api) {
    let account = account(api, 20).await;
    let host = Host::new(&account, &[]).await;
    let mut command = crate::support::command(&account, host.state.path());
    command.env("GHL_STATE_DIR", host.state.path());
    let other = Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    let described = async |contacts: usize, source: &str| {
        let all = futures::future::join_all((0..4).map(|_| host.answer("describe_crm", json!({})))).await;
        for described in all {
            let rows = described["tables"]["contacts"].as_str().unwrap();
            assert!(rows.starts_with(&format!("{contacts} rows")), "{rows}");
            let words = described["words"]["contacts.source"].as_str().unwrap();
            assert!(source.is_empty() || words.contains(source), "{source}: {words}");
        }
    };
    described(20, "").await;
    for (count, (writer, source)) in [(&host, "fair"), (&other, "letter"), (&host, "phone")].into_iter().enumerate() {
        let contact = json!({"firstName": "Zoë", "lastName": "Quill", "email": format!("zoe{count}@quill.example"), "source": source});
        writer.answer("create_contact", contact).await;
        described(21 + count, source).await;
    }
}

/// Session API only: the official API writes neither.
#[tokio::test]
async fn writes_to_pages_and_webhooks_are_seen() {
    let account = account(Api::Session, 10).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    for table in ["pages", "webhooks"] {
        rows(&host, &format!("select count(*) from {table}")).await;
    }
    account.forget_requests().await;
    let page =
        host.answer("create_page", json!({"name": "Quill page", "slug": "quill", "content": "<p>long</p>"})).await;
    assert_eq!(cell(&host, "select status from pages where slug = 'quill'").await, "draft");
    host.answer("publish_page", json!({"id": page["id"]})).await;
    assert_eq!(cell(&host, "select status from pages where slug = 'quill'").await, "published");
    let draft = host.answer("create_page", json!({"name": "Gone soon", "slug": "gone"})).await;
    host.answer("delete_page", json!({"id": draft["id"]})).await;
    assert_eq!(cell(&host, "select count(*) from pages where slug = 'gone'").await, 0);

    let hook = host
        .answer(
            "create_webhook",
            json!({"url": "https://hooks.example/x", "events": ["contact.created"], "secret": "hush-hush-hush"}),
        )
        .await;
    let kept = rows(&host, "select * from webhooks where url like '%hooks.example/x'").await;
    assert!(kept.len() == 1 && !kept[0].to_string().contains("hush"), "{kept:?}");
    host.answer("delete_webhook", json!({"id": hook["id"]})).await;
    assert_eq!(cell(&host, "select count(*) from webhooks where url like '%hooks.example/x'").await, 0);

    let requests = account.requests().await;
    assert!(!requests.iter().any(|request| request["path"] == "/page" && request["method"] == "GET"), "{requests:?}");
}

/// How often a list was read. In the session API, a create goes to the same path.
async fn reads_of(account: &Account, path: &str) -> usize {
    let path = account.list_path(path);
    let reads = |request: &&Value| request["path"] == path && (request["method"] == "GET" || path.ends_with("/search"));
    account.requests().await.iter().filter(reads).count()
}

async fn a_write_creates_no_mirror(api: Api) {
    let account = account(api, 10).await;
    let host = Host::new(&account, &[]).await;
    host.answer("create_campaign", json!({"name": "Alone", "type": "email"})).await;
    let files =
        std::fs::read_dir(host.state.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(files.into_iter().all(|name| !name.starts_with("mirror")));
}

/// A page that was requested before a write and arrives after it must not undo it.
async fn a_slow_page_does_not_undo_a_write(api: Api) {
    // A round total may be a cap, and would be followed by one more read.
    let account = account(api, 23).await;
    let host = Host::new(&account, &[]).await;
    let id = account.objects("contacts").await[3]["id"].as_str().unwrap().to_owned();
    let of = json!({"sql": "select lastName from contacts where id = ?", "params": [id], "max_age": 0});
    answer(&host, of.clone()).await;
    // The list is built before the delay, so it has the old name.
    account.faults("latency-after:2500@GET /contact*1").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    account.forget_requests().await;
    let slow = tokio::spawn({
        let session = host.session.peer().clone();
        let params = crate::support::params("query_crm", of.clone());
        async move { session.call_tool(params).await.unwrap() }
    });
    while reads_of(&account, "/contact").await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    host.answer("update_contact", json!({"id": id, "lastName": "Written"})).await;
    assert!(!slow.is_finished(), "the page with the old name has not come before the write");
    slow.await.unwrap();
    assert_eq!(reads_of(&account, "/contact").await, 1, "no later page shows the new name");
    assert_eq!(cell(&host, &format!("select lastName from contacts where id = '{id}'")).await, "Written");
}
