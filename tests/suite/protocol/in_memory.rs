//! The server over rmcp's own in-memory transport: nothing of what a host gets depends on the transport over standard input
//! and output.

use super::{talk, wire};
use crate::support::{Account, Era, Host, Person, error_of, params, structured};
use rmcp::{
    model::{
        ArgumentInfo, CallToolResult, CompleteRequestParams, GetPromptRequestParams, ReadResourceRequestParams,
        Reference,
    },
    service::ServiceError,
};
use serde_json::{Value, json};

const ERAS: [Era; 3] = [Era::Modern, Era::Handshake, Era::Older];

/// The same account by both transports.
async fn both(account: &Account, era: Era) -> [Host; 2] {
    [Host::in_memory(account, era, Person::Absent).await, Host::with(account, &[], era, Person::Absent).await]
}

#[tokio::test]
async fn the_tools_are_those_of_stdio_in_every_field() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, lines) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        wire.ask("tools/list", json!({}))["result"]["tools"].clone()
    })
    .await;
    for era in ERAS {
        let [memory, stdio] = both(&account, era).await;
        let tools = memory.session.list_all_tools().await.unwrap();
        assert_eq!(tools, stdio.session.list_all_tools().await.unwrap());
        assert_eq!(serde_json::to_value(&tools).unwrap(), lines);
        // The list that was made for the first answer is there for the second.
        assert_eq!(memory.session.list_all_tools().await.unwrap(), tools);
    }
}

#[tokio::test]
async fn calls_are_answered_as_over_stdio() {
    let account = Account::new().await;
    let id = account.find("contacts", |_| true).await["id"].clone();
    for era in ERAS {
        let [memory, stdio] = both(&account, era).await;
        for (tool, arguments) in [
            ("get_current_user", json!({})),
            ("get_contact", json!({"id": id})),
            ("list_contacts", json!({"limit": 100})),
        ] {
            let result = memory.call(tool, arguments.clone()).await;
            assert!(structured(&result).is_object());
            assert_eq!(result, stdio.call(tool, arguments).await, "{tool}");
        }
        for (tool, arguments, code) in [
            ("get_contact", json!({"id": "nobody"}), "not_found"),
            ("list_contacts", json!({"limit": 0}), "invalid_arguments"),
            ("delete_page", json!({"id": "nothing"}), "not_found"),
        ] {
            let result = memory.call(tool, arguments.clone()).await;
            assert_eq!(error_of(&result)["code"], code, "{tool}");
            assert_eq!(result, stdio.call(tool, arguments).await, "{tool}");
        }
        let unknown = [&memory, &stdio].map(|host| host.try_call("list_contact", json!({})));
        let [memory, stdio] = futures::future::join_all(unknown).await.try_into().unwrap();
        assert_eq!(protocol_error(memory), protocol_error(stdio));
    }
}

fn protocol_error(result: Result<CallToolResult, ServiceError>) -> Value {
    match result {
        Err(ServiceError::McpError(error)) => serde_json::to_value(error).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_chart_comes_with_its_picture() {
    let account = Account::new().await;
    let host = Host::in_memory(&account, Era::Modern, Person::Absent).await;
    let sql = "SELECT status, count(*) AS deals FROM opportunities GROUP BY status";
    let result = host.call("chart_crm", json!({"kind": "bar", "sql": sql})).await;
    structured(&result);
    assert_eq!(result.content[1].as_image().unwrap().mime_type, "image/png");
}

#[tokio::test]
async fn a_person_is_asked_by_each_protocol() {
    let account = Account::new().await;
    for era in ERAS {
        let page = account.find("pages", |page| page["status"] == "draft").await;
        let is_there = async || account.objects("pages").await.iter().any(|other| other["id"] == page["id"]);
        let host = Host::in_memory(&account, era, Person::declines()).await;
        assert_eq!(host.error("delete_page", json!({"id": page["id"]})).await["code"], "declined", "{era:?}");
        assert!(is_there().await);
        let host = Host::in_memory(&account, era, Person::agrees()).await;
        host.answer("delete_page", json!({"id": page["id"]})).await;
        assert_eq!(host.asked().len(), 1, "{era:?}");
        assert!(!is_there().await);
        let host = Host::in_memory(&account, era, Person::Absent).await;
        let error = host.error("create_webhook", json!({"url": "https://example.com/x", "events": ["a"]})).await;
        assert_eq!(error["code"], "confirmation_required", "{era:?}");
        assert!(error["confirmationToken"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn prompts_resources_and_completions_are_those_of_stdio() {
    let account = Account::new().await;
    let page = account.find("pages", |_| true).await;
    for era in ERAS {
        let [memory, stdio] = both(&account, era).await;
        let [memory, stdio] = [&memory, &stdio].map(|host| everything_else(host, &page));
        let (memory, stdio) = futures::join!(memory, stdio);
        assert_eq!(memory, stdio, "{era:?}");
    }
}

/// What a host can ask for beside tools.
async fn everything_else(host: &Host, page: &Value) -> Value {
    let (session, id) = (&host.session, page["id"].as_str().unwrap());
    let arguments = serde_json::from_value(json!({"page": id})).unwrap();
    let prompt = GetPromptRequestParams::new("page_checklist").with_arguments(arguments);
    let typed: ArgumentInfo = serde_json::from_value(json!({"name": "page", "value": page["name"]})).unwrap();
    let completion = CompleteRequestParams::new(Reference::for_prompt("page_checklist"), typed);
    let completed = session.complete(completion).await.unwrap();
    assert!(completed.completion.values.contains(&id.to_owned()), "{completed:?}");
    json!({
        "prompts": session.list_all_prompts().await.unwrap(),
        "prompt": session.get_prompt(prompt).await.unwrap(),
        "resources": session.list_all_resources().await.unwrap(),
        "templates": session.list_all_resource_templates().await.unwrap(),
        "resource": session.read_resource(ReadResourceRequestParams::new(format!("ghl://page/{id}"))).await.unwrap(),
        "nothing": session.read_resource(ReadResourceRequestParams::new("ghl://page/nothing")).await.unwrap_err().to_string(),
        "completed": completed,
    })
}

#[tokio::test]
async fn more_calls_than_stdio_answers_at_once_are_all_answered() {
    let account = Account::new().await;
    let host = Host::in_memory(&account, Era::Modern, Person::Absent).await;
    let calls = (0..100).map(|_| host.session.call_tool(params("list_contacts", json!({"limit": 20}))));
    for result in futures::future::join_all(calls).await {
        assert_eq!(structured(&result.unwrap())["data"].as_array().unwrap().len(), 20);
    }
}
