//! Ids that try to change the request's path never leave the process.

use crate::support::{Account, Wire, command, error_of};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

/// Every tool that takes an id, with the argument's name.
const TOOLS: [(&str, &str); 12] = [
    ("get_user", "userId"),
    ("get_location", "id"),
    ("get_contact", "id"),
    ("update_contact", "id"),
    ("get_opportunity", "id"),
    ("update_opportunity", "id"),
    ("get_campaign", "id"),
    ("get_page", "id"),
    ("update_page", "id"),
    ("delete_page", "id"),
    ("publish_page", "id"),
    ("delete_webhook", "id"),
];

fn arguments(tool: &str, name: &str, id: &str) -> Value {
    let mut arguments = json!({name: id});
    match tool {
        "update_contact" => arguments["phone"] = json!("1"),
        "update_opportunity" => arguments["name"] = json!("x"),
        "update_page" => arguments["title"] = json!("x"),
        _ => {}
    }
    arguments
}

/// Known path tricks, and random text.
fn tricks() -> impl Strategy<Value = String> {
    let known = [
        "../users/me",
        "../locations/x",
        "a/b",
        "%2e%2e",
        "%2E%2E%2Fusers",
        "..",
        ".",
        "",
        " ",
        "a b",
        "a\0b",
        "a\nb",
        "a\r\nX-Evil: 1",
        "a?x=1",
        "a#b",
        "a;b",
        "a\\b",
        "//evil.example",
        "http://evil.example",
        "é",
        "ａ",
        "a\u{202e}b",
    ];
    let known = known.map(str::to_owned).into_iter().chain(["a".repeat(4096), "../".repeat(64)]).collect::<Vec<_>>();
    prop_oneof![
        3 => prop::sample::select(known),
        1 => "[A-Za-z0-9]{0,6}[./%?#\\\\;:@&=+ \\x00-\\x1f]{1,4}[A-Za-z0-9./]{0,8}",
        1 => "\\PC{1,30}".prop_filter("has something that no id has", |text| {
            text.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-' && byte != b'_')
        }),
    ]
}

/// An id in blanks or quotes is read as the id.
fn is_an_id_with_room_around(text: &str) -> bool {
    let is_room = |c: char| c.is_whitespace() || "\"'`\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".contains(c);
    let inner = text.trim_matches(is_room);
    !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[tokio::test]
async fn no_trick_leaves_the_process() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({}));
        let wire = std::cell::RefCell::new(wire);
        let cases = (prop::sample::select(TOOLS.to_vec()), tricks());
        let mut runner =
            TestRunner::new(ProptestConfig { cases: 1_500, failure_persistence: None, ..Default::default() });
        runner
            .run(&cases, |((tool, name), id)| {
                prop_assume!(!is_an_id_with_room_around(&id));
                let result = wire.borrow_mut().call(tool, arguments(tool, name, &id));
                prop_assert_eq!(&result["isError"], true, "{} {:?}: {}", tool, id, result);
                let error: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
                prop_assert_eq!(&error["error"]["code"], "invalid_arguments", "{} {:?}: {}", tool, id, error);
                prop_assert_eq!(&error["error"]["field"], name, "{} {:?}: {}", tool, id, error);
                Ok(())
            })
            .unwrap();
    })
    .await
    .unwrap();
    assert_eq!(account.stats().await["requests"], 0, "something left the process");
    assert!(account.requests().await.is_empty());
}

#[tokio::test]
async fn an_id_that_is_another_resource_is_refused_and_a_plain_one_arrives_as_it_is() {
    let account = Account::new().await;
    let host = crate::support::Host::new(&account, &[]).await;
    let result = host.call("get_user", json!({"userId": "me"})).await;
    assert_eq!(error_of(&result)["field"], "userId");
    assert!(account.requests().await.is_empty());
    for id in ["a", "me", "users", "A-b_9", "-", "_", &"x".repeat(128)] {
        account.forget_requests().await;
        host.call("get_contact", json!({"id": id})).await;
        let arrived = account.requests().await;
        assert_eq!(arrived.len(), 1, "{id}");
        assert_eq!(arrived[0]["path"], format!("/contact/{id}"));
    }
}
