//! Tasks of several clients of one server with the same account: each client has its own, over restarts too.

use crate::{
    http::{Web, add, web_command},
    support::Account,
};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

/// A request of a host with tasks and without forms.
async fn ask(web: &Web, token: &str, method: &str, params: Value) -> Value {
    let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    web.send(web.modern_with(token, method, params, capabilities)).await.answer()
}

async fn call(web: &Web, token: &str, tool: &str, arguments: Value) -> Value {
    ask(web, token, "tools/call", json!({"name": tool, "arguments": arguments})).await["result"].clone()
}

/// Whether the task is there for this client, by each method; all of them have to agree.
async fn has(web: &Web, token: &str, id: &Value) -> bool {
    let got = ask(web, token, "tasks/get", json!({"taskId": id})).await;
    let updated = ask(web, token, "tasks/update", json!({"taskId": id, "inputResponses": {}})).await;
    assert_eq!(got.get("error").is_some(), updated.get("error").is_some(), "{got} {updated}");
    if let Some(error) = got.get("error") {
        // As for a task that never was.
        let made_up = ask(web, token, "tasks/get", json!({"taskId": "job-0000000000-1"})).await["error"].clone();
        let text = |error: &Value, id: &str| error["message"].as_str().unwrap().replace(id, "ID");
        assert_eq!(error["code"], -32602, "{error}");
        assert_eq!(text(error, id.as_str().unwrap()), text(&made_up, "job-0000000000-1"));
        assert_eq!(ask(web, token, "tasks/cancel", json!({"taskId": id})).await["error"]["code"], -32602);
    }
    for method in ["tasks/list", "tasks/result"] {
        let refused = ask(web, token, method, json!({"taskId": id})).await;
        assert_eq!(refused["error"]["code"], -32601, "the extension has no {method}: {refused}");
    }
    got.get("error").is_none()
}

#[tokio::test]
async fn a_task_is_its_clients_alone_over_restarts_too() {
    let config = SandboxConfig { rate_limit: 100_000, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    account.faults("latency-after:700@write").await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let (claude, other) = (add(command(), "claude", &[]).await, add(command(), "other", &[]).await);
    let flags = ["--confirm", "two-step"];
    let mut web = Web::start(command(), &flags).await;
    let plan = json!({
        "operation": "update_contact",
        "sql": "SELECT id FROM contacts ORDER BY id LIMIT 120",
        "template": {"companyName": "Bulk Inc"},
    });
    let plan = call(&web, &claude, "plan_bulk", plan).await["structuredContent"].clone();
    let run = json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]});
    let stolen = call(&web, &other, "run_bulk", run.clone()).await;
    assert_eq!(stolen["isError"], true, "another client's yes begins nothing: {stolen}");
    let made = call(&web, &claude, "run_bulk", run).await;
    assert_eq!(made["resultType"], "task", "{made}");
    let first = &made["taskId"];
    assert!(has(&web, &claude, first).await && !has(&web, &other, first).await);
    // The job is the account's, and its task the client's: nobody gets a handle by asking for the job.
    for arguments in [json!({"job": plan["plan"]}), json!({"job": plan["plan"], "action": "resume"})] {
        let shown = call(&web, &other, "get_bulk", arguments).await;
        assert_eq!(shown["structuredContent"]["state"], "running", "{shown}");
    }

    web.signal("-TERM");
    assert_eq!(web.exit_code().await, Some(0));
    let web = Web::start(command(), &flags).await;
    assert!(!has(&web, &other, first).await && has(&web, &claude, first).await);
    let cancelled = ask(&web, &claude, "tasks/cancel", json!({"taskId": first})).await;
    assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
    let resumed = call(&web, &other, "get_bulk", json!({"job": plan["plan"], "action": "resume"})).await;
    assert_eq!(resumed["resultType"], "task", "another run is another task: {resumed}");
    let second = &resumed["taskId"];
    assert!(has(&web, &other, second).await && !has(&web, &claude, second).await);
    assert!(has(&web, &claude, first).await && !has(&web, &other, first).await);
}
