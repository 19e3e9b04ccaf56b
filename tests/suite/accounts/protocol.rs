//! What a host sees of several accounts: tools, list_accounts, resources, prompts, completion.

use crate::support::{Agency, Api};
use rmcp::model::{
    ArgumentInfo, CompleteRequestParams, CompletionContext, GetPromptRequestParams, ReadResourceRequestParams,
    Reference,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use tiktoken_rs::o200k_base;

#[tokio::test]
async fn every_tool_names_its_account_and_a_write_has_to() {
    let agency = Agency::new(Api::Official, &["One", "Two"]).await;
    for (head, reads_need_it) in [("", true), ("default = \"One\"", false)] {
        agency.write(head, |_| String::new());
        let host = agency.host(&[]).await;
        let tools = host.session.list_all_tools().await.unwrap();
        assert_eq!(tools[0].name, "list_accounts");
        for tool in &tools[1..] {
            let input = Value::Object((*tool.input_schema).clone());
            assert!(input["properties"]["account"].is_object(), "{}", tool.name);
            let is_required = input["required"].as_array().is_some_and(|all| all.contains(&json!("account")));
            let reads = tool.annotations.as_ref().unwrap().read_only_hint == Some(true);
            assert_eq!(is_required, !reads || reads_need_it, "{}", tool.name);
            let output = Value::Object((**tool.output_schema.as_ref().unwrap()).clone());
            assert_eq!(output["properties"]["account"], json!({"type": "string"}), "{}", tool.name);
        }
        let text: String = tools
            .iter()
            .map(|tool| {
                format!("{} {} {}", tool.name, tool.description.as_deref().unwrap_or(""), json!(tool.input_schema))
            })
            .collect();
        let tokens = o200k_base().unwrap().encode_ordinary(&text).len();
        assert!(tokens < 4_500, "{tokens} tokens of {} tools", tools.len());
        let instructions = host.session.peer_info().unwrap().instructions.clone().unwrap();
        assert!(instructions.contains("2 GoHighLevel CRM accounts") && instructions.contains("\"One\", \"Two\""));
    }
}

#[tokio::test]
async fn list_accounts_finds_by_a_part_of_the_name() {
    let names: Vec<String> = (1..=30).map(|number| format!("Client {number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // The file alone: nothing is sent.
    let agency = Agency::new(Api::Official, &names[..3]).await;
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        text.push_str(&format!("[[account]]\nname = {name:?}\nlocation = \"loc{at}\"\ncredential = \"client-01\"\n"));
    }
    std::fs::write(agency.file(), text).unwrap();
    let host = agency.host(&[]).await;
    let all = host.answer("list_accounts", json!({})).await;
    assert_eq!(all["accounts"].as_array().unwrap().len(), 30);
    assert_eq!(all["accounts"][4], json!({"name": "Client 05", "location": "loc4"}));
    let some = host.answer("list_accounts", json!({"text": "client 2"})).await;
    assert_eq!(some["accounts"].as_array().unwrap().len(), 10, "{some}");
    let wrong = host.error("list_accounts", json!({"name": "x"})).await;
    assert_eq!((&wrong["code"], &wrong["field"]), (&json!("invalid_arguments"), &json!("name")));
    let instructions = host.session.peer_info().unwrap().instructions.clone().unwrap();
    assert!(instructions.contains("30 GoHighLevel") && !instructions.contains("Client 25"), "{instructions}");
    // An error lists some and says how many more there are.
    let error = host.error("list_contacts", json!({"account": "Client 31"})).await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("and 10 more") && message.len() < 1200, "{message}");
}

#[tokio::test]
async fn resources_prompts_and_completions_carry_the_account() {
    let agency = Agency::new(Api::Session, &["North Side", "South/Ost"]).await;
    let host = agency.host(&[]).await;
    assert_eq!(host.session.list_all_resources().await.unwrap().len(), 0);
    let templates = host.session.list_all_resource_templates().await.unwrap();
    let uris: Vec<String> = templates.iter().map(|template| template.uri_template.clone()).collect();
    assert!(uris.iter().all(|uri| uri.starts_with("ghl://{account}/")), "{uris:?}");
    assert!(
        uris.contains(&"ghl://{account}/contact/{id}".to_owned()) && uris.contains(&"ghl://{account}/user".to_owned())
    );
    for (name, account) in &agency.accounts {
        let contact = account.find("contacts", |_| true).await;
        let id = contact["id"].as_str().unwrap();
        for at in [account.location_id(), name.replace(' ', "%20").replace('/', "%2F")] {
            let uri = format!("ghl://{at}/contact/{id}");
            let read = host.session.read_resource(ReadResourceRequestParams::new(uri.as_str())).await.unwrap();
            let text = json!(read.contents)[0]["text"].as_str().unwrap().to_owned();
            let object: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&object["account"], &object["id"]), (&json!(name), &contact["id"]));
        }
        let elsewhere = agency.accounts.iter().find(|(other, _)| other != name).unwrap().1.location_id();
        let wrong = ReadResourceRequestParams::new(format!("ghl://{elsewhere}/contact/{id}"));
        assert!(host.session.read_resource(wrong).await.is_err());
    }
    for wrong in ["ghl://contact/x", "ghl://nobody/contact/x", "ghl:///contact/x", "ghl://user"] {
        assert!(host.session.read_resource(ReadResourceRequestParams::new(wrong)).await.is_err(), "{wrong}");
    }

    let prompts = host.session.list_all_prompts().await.unwrap();
    for prompt in &prompts {
        let first = &prompt.arguments.as_ref().unwrap()[0];
        assert_eq!((first.name.as_str(), first.required), ("account", Some(true)));
    }
    let arguments: Map<String, Value> = [("account".to_owned(), json!("north side"))].into_iter().collect();
    let get = GetPromptRequestParams::new("pipeline_review").with_arguments(arguments);
    let text = json!(host.session.get_prompt(get).await.unwrap().messages).to_string();
    assert!(text.contains(r#"Work in the account \"North Side\" alone"#), "{text}");
    let without = GetPromptRequestParams::new("pipeline_review");
    assert!(host.session.get_prompt(without).await.is_err());

    let complete = async |reference: Reference, name: &str, value: &str, account: Option<&str>| {
        let argument = ArgumentInfo::new(name, value);
        let mut params = CompleteRequestParams::new(reference, argument);
        params.context = account.map(|account| {
            CompletionContext::with_arguments(HashMap::from([("account".to_owned(), account.to_owned())]))
        });
        host.session.complete(params).await.unwrap().completion.values
    };
    let prompt = || Reference::for_prompt("page_checklist");
    assert_eq!(complete(prompt(), "account", "ost", None).await, ["South/Ost"]);
    let template = || Reference::for_resource("ghl://{account}/contact/{id}");
    assert_eq!(complete(template(), "account", "north", None).await, [agency.account("North Side").location_id()]);
    assert!(complete(prompt(), "page", "", None).await.is_empty(), "no account is chosen yet");
    let pages = complete(prompt(), "page", "", Some("South/Ost")).await;
    let own: Vec<Value> = agency.account("South/Ost").objects("pages").await;
    assert!(!pages.is_empty() && pages.iter().all(|id| own.iter().any(|page| page["id"] == json!(id))), "{pages:?}");
}
