//! Prompts as hosts see them: listed if their tools are, filled in, and refused with the argument's name.

use crate::support::{Account, Api, Era, Host, Person, on_both_apis};
use highlevel_mcp::mcp::PROMPTS;
use highlevel_sandbox::SandboxConfig;
use rmcp::{
    ErrorData,
    model::{GetPromptRequestParams, Prompt},
    service::ServiceError,
};
use serde_json::{Value, json};

const ERAS: [Era; 2] = [Era::Modern, Era::Handshake];

async fn names(account: &Account, flags: &[&str]) -> Vec<String> {
    let host = Host::new(account, flags).await;
    host.session.list_all_prompts().await.unwrap().into_iter().map(|prompt| prompt.name).collect()
}

/// The text of a prompt, which is a single user message.
async fn text(host: &Host, name: &str, arguments: Value) -> Result<String, ErrorData> {
    let params = GetPromptRequestParams::new(name).with_arguments(serde_json::from_value(arguments).unwrap());
    match host.session.get_prompt(params).await {
        Ok(result) => {
            let result = serde_json::to_value(&result).unwrap();
            assert_eq!(result["messages"].as_array().unwrap().len(), 1);
            assert_eq!(result["messages"][0]["role"], "user");
            assert!(result["description"].is_string());
            Ok(result["messages"][0]["content"]["text"].as_str().unwrap().to_owned())
        }
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_prompt_is_listed_with_its_arguments() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        assert!(host.session.peer_info().unwrap().capabilities.prompts.is_some());
        let listed: Vec<Prompt> = host.session.list_all_prompts().await.unwrap();
        let names: Vec<&str> = listed.iter().map(|prompt| prompt.name.as_str()).collect();
        assert_eq!(names, ["pipeline_review", "stale_deals", "contact_cleanup", "page_checklist"]);
        for prompt in &listed {
            assert!(prompt.title.is_some() && prompt.description.as_ref().is_some_and(|text| text.ends_with('.')));
        }
        let of_stale = listed[1].arguments.as_ref().unwrap();
        let of_stale: Vec<_> = of_stale.iter().map(|one| (one.name.as_str(), one.required)).collect();
        assert_eq!(of_stale, [("days", Some(false)), ("owner", Some(false))]);
        let of_page = listed[3].arguments.as_ref().unwrap();
        assert_eq!((of_page[0].name.as_str(), of_page[0].required), ("page", Some(true)));
    }
}

#[tokio::test]
async fn a_prompt_contains_its_arguments() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        let page = text(&host, "page_checklist", json!({"page": "page-7"})).await.unwrap();
        assert!(page.contains("the id page-7 ") && page.contains("`publish_page`"), "{page}");
        let stale = text(&host, "stale_deals", json!({"days": "45", "owner": "user-3"})).await.unwrap();
        assert!(stale.contains("'-45 days'") && stale.contains("assignedTo = 'user-3'"), "{stale}");
        let stale = text(&host, "stale_deals", json!({})).await.unwrap();
        assert!(stale.contains("'-30 days'") && !stale.contains("assignedTo ="), "{stale}");
    }
    assert_eq!(account.requests().await.len(), 0, "a prompt costs no request");
}

#[tokio::test]
async fn a_bad_argument_is_an_error_that_names_it() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        for (name, arguments, field, part) in [
            ("page_checklist", json!({}), "page", "`page` is required"),
            ("page_checklist", json!({"page": " "}), "page", "`page` is required"),
            ("page_checklist", json!({"page": "../users/me"}), "page", "`page` is not an id"),
            ("page_checklist", json!({"pages": "p"}), "page", "`page` is required"),
            ("page_checklist", json!({"page": "p", "pge": "p"}), "pge", "`page`"),
            ("page_checklist", json!({"page": ["p"]}), "page", "text"),
            ("stale_deals", json!({"days": "soon"}), "days", "from 1 to 3650"),
            ("stale_deals", json!({"owner": "u' OR 1=1"}), "owner", "`owner` is not an id"),
            ("pipeline_review", json!({"days": "3"}), "days", "takes none"),
            ("page_checklst", json!({}), "name", "page_checklist"),
        ] {
            let error = text(&host, name, arguments.clone()).await.unwrap_err();
            assert_eq!(error.code.0, -32602, "{name} {arguments}: {error:?}");
            assert!(error.message.contains(part), "{name} {arguments}: {error:?}");
            assert_eq!(error.data.unwrap()["field"], field, "{name} {arguments}");
        }
    }
}

#[tokio::test]
async fn a_prompt_whose_tools_are_hidden_is_hidden() {
    let account = Account::new().await;
    assert_eq!(names(&account, &["--read-only"]).await, ["pipeline_review", "stale_deals"]);
    assert_eq!(names(&account, &["--toolsets", "pages,funnels"]).await, ["page_checklist"]);
    assert_eq!(names(&account, &["--exclude-tools", "get_user,list_funnels"]).await, ["contact_cleanup"]);
    assert!(names(&account, &["--tools", "get_page"]).await.is_empty());
    let host = Host::new(&account, &["--read-only"]).await;
    let error = text(&host, "page_checklist", json!({"page": "p"})).await.unwrap_err();
    assert_eq!(error.code.0, -32602, "{error:?}");
    assert!(error.message.contains("update_page"), "{error:?}");
}

on_both_apis!(the_statements_of_the_prompts_run);

/// The SQL statements of every prompt that the API has the tools for run unchanged.
async fn the_statements_of_the_prompts_run(api: Api) {
    let account = Account::with(SandboxConfig { api, ..SandboxConfig::default() }).await;
    let host = Host::new(&account, &[]).await;
    let listed = names(&account, &[]).await;
    let mut ran = 0;
    for prompt in PROMPTS.iter().filter(|prompt| listed.iter().any(|name| name == prompt.name)) {
        for owner in [json!({}), json!({"owner": "user-3"})] {
            let takes = |name| prompt.arguments.iter().any(|argument| argument.name == name);
            let mut arguments = if takes("owner") { owner } else { json!({}) };
            if takes("page") {
                arguments["page"] = "p".into();
            }
            let text = text(&host, prompt.name, arguments).await.unwrap();
            for statement in text.split("```sql\n").skip(1) {
                let sql = statement.split("```").next().unwrap();
                let params: Vec<&str> = sql.matches('?').map(|_| "c-1").collect();
                let answer = host.answer("query_crm", json!({"sql": sql, "params": params})).await;
                assert!(answer["rows"].is_array(), "{}: {answer}", prompt.name);
                ran += 1;
            }
        }
    }
    assert!(ran >= 10, "{ran}");
}

/// The prompts of the daily jobs need tools that only the official API has.
#[tokio::test]
async fn the_prompts_of_the_daily_jobs_are_listed_with_their_tools() {
    let daily = ["waiting_contacts", "no_shows", "unpaid_invoices", "answer_times", "untouched_contacts"];
    let account = Account::with(SandboxConfig { api: Api::Official, ..SandboxConfig::default() }).await;
    for flags in [&[][..], &["--read-only"]] {
        let listed = names(&account, flags).await;
        assert!(daily.iter().all(|name| listed.iter().any(|listed| listed == name)), "{flags:?}: {listed:?}");
    }
    let listed = names(&account, &["--exclude-tools", "list_appointments"]).await;
    assert!(!listed.iter().any(|name| name == "no_shows"), "{listed:?}");
}
