//! `server/discover` and `initialize`.

use super::{meta, talk, wire};
use crate::support::{Account, all_tools};
use serde_json::{Value, json};

#[tokio::test]
async fn the_handshake_answers_each_version_that_has_one() {
    let account = Account::new().await;
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let (_, (hello, list)) = talk(wire(&account, state.path(), &[]), move |wire| {
            (wire.initialize(asked, json!({})), wire.ask("tools/list", json!({})))
        })
        .await;
        assert_eq!(hello["result"]["protocolVersion"], answered, "{hello}");
        assert_eq!(hello["result"]["serverInfo"]["name"], "highlevel-mcp");
        let instructions = hello["result"]["instructions"].as_str().unwrap();
        for word in ["currencies", "Not here", "messages", "calendars", "workflows", "invoices", "unpublishing", "bulk"]
        {
            assert!(instructions.contains(word), "{word}: {instructions}");
        }
        assert!(instructions.len() <= 1_024, "every conversation pays for them: {}", instructions.len());
        assert_eq!(list["result"]["tools"].as_array().unwrap().len(), all_tools());
        assert!(list["result"].get("resultType").is_none(), "a later revision added that member: {asked}");
    }
}

#[tokio::test]
async fn discovery_leads_to_2026_07_28_and_its_results_carry_what_it_requires() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, (found, list, call)) = talk(wire(&account, state.path(), &[]), |wire| {
        let found = wire.ask("server/discover", json!({"_meta": meta(json!({}))}));
        let list = wire.ask("tools/list", json!({"_meta": meta(json!({}))}));
        let call =
            wire.ask("tools/call", json!({"name": "get_current_user", "arguments": {}, "_meta": meta(json!({}))}));
        (found, list, call)
    })
    .await;
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{found}");
    assert_eq!(list["result"]["resultType"], "complete", "{}", list["result"]["resultType"]);
    assert!(list["result"]["ttlMs"].is_u64() && list["result"]["cacheScope"].is_string());
    assert_eq!(call["result"]["resultType"], "complete", "{call}");
    assert!(call["result"]["structuredContent"]["id"].is_string());
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error_with_the_nearest_name() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, answer) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        wire.ask("tools/call", json!({"name": "list_contact", "arguments": {}}))
    })
    .await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("list_contacts"), "{answer}");
}

/// The requests that are not about tools, with valid parameters.
fn other_requests() -> [(&'static str, Value); 5] {
    let reference = json!({"type": "ref/prompt", "name": "page_checklist"});
    [
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "page_checklist", "arguments": {"page": "p"}})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("completion/complete", json!({"ref": reference, "argument": {"name": "page", "value": ""}})),
    ]
}

#[tokio::test]
async fn prompts_and_resources_are_answered_as_each_revision_has_it() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    talk(wire(&account, state.path(), &[]), |wire| {
        for (method, mut params) in other_requests() {
            params["_meta"] = meta(json!({}));
            let answer = wire.ask(method, params)["result"].clone();
            assert_eq!(answer["resultType"], "complete", "{method}: {answer}");
            if method.ends_with("/list") {
                assert!(answer["ttlMs"].is_u64() && answer["cacheScope"].is_string(), "{method}: {answer}");
            }
        }
        let read = wire.ask("resources/read", json!({"uri": "ghl://user", "_meta": meta(json!({}))}));
        assert!(read["result"]["ttlMs"].is_u64() && read["result"]["cacheScope"].is_string(), "{read}");
    })
    .await;
    let state = tempfile::tempdir().unwrap();
    talk(wire(&account, state.path(), &[]), |wire| {
        let hello = wire.initialize("2025-11-25", json!({}));
        for capability in ["tools", "prompts", "resources", "completions"] {
            assert!(hello["result"]["capabilities"][capability].is_object(), "{hello}");
        }
        for (method, params) in other_requests() {
            let answer = wire.ask(method, params);
            assert!(answer["result"].is_object() && answer["result"].get("resultType").is_none(), "{method}: {answer}");
        }
        for (method, params) in [
            ("prompts/get", json!({"name": 7})),
            ("resources/read", json!({})),
            ("completion/complete", json!({"ref": {"type": "ref/other"}, "argument": {"name": "a", "value": ""}})),
        ] {
            assert_eq!(wire.ask(method, params)["error"]["code"], -32602, "{method}");
        }
    })
    .await;
}
