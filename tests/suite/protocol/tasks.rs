//! Tasks (`io.modelcontextprotocol/tasks`): calls that take long, for hosts that ask for their state.

use super::{meta, wire};
use crate::support::{Account, Wire};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn with_tasks() -> Value {
    meta(json!({"extensions": {"io.modelcontextprotocol/tasks": {}}, "elicitation": {}}))
}

/// An account with so many requests at once that only the faults are slow.
async fn account() -> Account {
    Account::with(SandboxConfig { rate_limit: 100_000, ..SandboxConfig::default() }).await
}

/// Calls a tool as a host with tasks.
fn call(wire: &mut Wire, tool: &str, arguments: Value) -> Value {
    wire.ask("tools/call", json!({"name": tool, "arguments": arguments, "_meta": with_tasks()}))["result"].clone()
}

fn task(wire: &mut Wire, method: &str, id: &Value) -> Value {
    wire.ask(method, json!({"taskId": id, "_meta": with_tasks()}))
}

fn state(wire: &mut Wire, id: &Value) -> Value {
    task(wire, "tasks/get", id)["result"].clone()
}

/// Asks for a task's state until it is another than this one.
fn after(wire: &mut Wire, id: &Value, status: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let now = state(wire, id);
        if now["status"] != status {
            return now;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the task {id} stays {status}");
}

/// Begins an update of so many contacts as a host with tasks. Returns the plan's id and what `run_bulk` answers.
fn begun(wire: &mut Wire, count: u32) -> (Value, Value) {
    let plan = json!({
        "operation": "update_contact",
        "sql": format!("SELECT id FROM contacts ORDER BY id LIMIT {count}"),
        "template": {"companyName": "Bulk Inc"},
    });
    let plan = wire.ask("tools/call", json!({"name": "plan_bulk", "arguments": plan, "_meta": meta(json!({}))}));
    let plan = plan["result"]["structuredContent"].clone();
    let arguments = json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]});
    let mut no_forms = with_tasks();
    no_forms["io.modelcontextprotocol/clientCapabilities"].as_object_mut().unwrap().remove("elicitation");
    let params = json!({"name": "run_bulk", "arguments": arguments, "_meta": no_forms});
    (plan["plan"].clone(), wire.ask("tools/call", params)["result"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_a_task_over_restarts_until_it_ends_or_is_cancelled() {
    let account = account().await;
    account.faults("latency-after:700@write").await;
    let directory = tempfile::tempdir().unwrap();
    let mut first = wire(&account, directory.path(), &[]);
    let (plan, task_made) = begun(&mut first, 90);
    assert_eq!(task_made["resultType"], "task", "{task_made}");
    assert_eq!(task_made["status"], "working");
    let id = task_made["taskId"].clone();
    assert!(id.as_str().unwrap().contains(plan.as_str().unwrap()), "{task_made}");
    let words = state(&mut first, &id)["statusMessage"].clone();
    assert!(words.as_str().unwrap().ends_with("of 90 rows"), "{words}");
    let refused = first.ask("tasks/get", json!({"taskId": id, "_meta": meta(json!({}))}));
    assert_eq!(refused["error"]["code"], -32021, "{refused}");

    first.close_input();
    assert_eq!(first.exit_code(), Some(0));
    let mut second = wire(&account, directory.path(), &[]);
    assert_eq!(state(&mut second, &id)["status"], "working");
    assert_eq!(task(&mut second, "tasks/cancel", &id)["result"]["resultType"], "complete");
    let cancelled = after(&mut second, &id, "working");
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    let words = cancelled["statusMessage"].as_str().unwrap();
    assert!(words.contains("cancelled") && words.contains("resume") && words.contains("of 90 rows"), "{words}");
    let shown =
        second.ask("tools/call", json!({"name": "get_bulk", "arguments": {"job": plan}, "_meta": with_tasks()}));
    assert_eq!(shown["result"]["structuredContent"]["state"], "cancelled", "{shown}");

    let again = call(&mut second, "get_bulk", json!({"job": plan, "action": "resume"}));
    assert_eq!((&again["resultType"], again["taskId"] == id), (&json!("task"), false), "another run: {again}");
    account.faults("").await;
    let done = after(&mut second, &again["taskId"], "working");
    assert_eq!(done["status"], "completed", "{done}");
    let shown =
        second.ask("tools/call", json!({"name": "get_bulk", "arguments": {"job": plan}, "_meta": with_tasks()}));
    assert_eq!(done["result"]["structuredContent"], shown["result"]["structuredContent"], "{done}");
    assert_eq!(done["result"]["content"], shown["result"]["content"]);
    // What ended stays as it ended, and a late cancellation changes nothing.
    assert_eq!(task(&mut second, "tasks/cancel", &id)["result"]["resultType"], "complete");
    assert_eq!(state(&mut second, &id)["status"], "cancelled");
    assert_eq!(state(&mut second, &again["taskId"])["status"], "completed");
    let nobody = [json!("job-0000000000-1"), json!(format!("job-{}-7", plan.as_str().unwrap())), json!("call-1")];
    for other in nobody {
        assert_eq!(task(&mut second, "tasks/get", &other)["error"]["code"], -32602, "{other}");
        assert_eq!(task(&mut second, "tasks/cancel", &other)["error"]["code"], -32602, "{other}");
    }
}

/// The SELECT of a table that no question has read yet.
const QUESTION: &str = "SELECT count(*) AS n FROM contacts";

fn slow_question(wire: &mut Wire) -> Value {
    let made = call(wire, "query_crm", json!({"sql": QUESTION}));
    assert_eq!(made["resultType"], "task", "{made}");
    made["taskId"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_reads_a_table_first_is_a_task_with_the_same_answer() {
    let account = account().await;
    account.faults("latency:1500@GET /contact").await;
    let directory = tempfile::tempdir().unwrap();
    let mut wire = wire(&account, directory.path(), &[]);
    let id = slow_question(&mut wire);
    let working = state(&mut wire, &id);
    assert_eq!(working["status"], "working", "{working}");
    assert!(working["ttlMs"].as_u64().unwrap() >= 900_000 && working["pollIntervalMs"].is_u64(), "{working}");
    let until = Instant::now() + Duration::from_secs(30);
    while !state(&mut wire, &id)["statusMessage"].as_str().unwrap().contains("contacts") {
        assert!(Instant::now() < until, "it says what it reads");
        std::thread::sleep(Duration::from_millis(20));
    }
    account.faults("").await;
    let done = after(&mut wire, &id, "working");
    let direct = call(&mut wire, "query_crm", json!({"sql": QUESTION}));
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(direct["resultType"], "complete", "what is quick is answered directly: {direct}");
    for member in ["rows", "columns"] {
        let of = |result: &Value| result["structuredContent"][member].clone();
        assert_eq!(of(&done["result"]), of(&direct), "{member}: {done}");
    }
    assert_eq!(done["result"]["_meta"], direct["_meta"]);
    // A task is no more than its call: it ends with the process.
    let (mut other, unknown) = (self::wire(&account, directory.path(), &[]), id);
    assert_eq!(task(&mut other, "tasks/get", &unknown)["error"]["code"], -32602);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_task_ends_its_call() {
    let account = account().await;
    account.faults("latency:4000@GET /contact").await;
    let (directory, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut wire = wire(&account, directory.path(), &["--write-dir", folder.path().to_str().unwrap()]);
    let made = call(&mut wire, "export_crm", json!({"sql": QUESTION, "file": "contacts.csv"}));
    assert_eq!(made["resultType"], "task", "{made}");
    task(&mut wire, "tasks/cancel", &made["taskId"]);
    let ended = after(&mut wire, &made["taskId"], "working");
    assert_eq!(ended["status"], "cancelled", "{ended}");
    assert!(ended["statusMessage"].as_str().unwrap().contains("cancelled"), "{ended}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A read that the settings let a person confirm, and whose object takes longer to read than a call is answered directly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_asks_a_person_through_its_update() {
    let account = account().await;
    let contact = account.find("contacts", |_| true).await;
    let directory = tempfile::tempdir().unwrap();
    let mut wire = wire(&account, directory.path(), &["--confirm-tools", "get_contact"]);
    call(&mut wire, "get_current_user", json!({}));
    let quick = call(&mut wire, "get_contact", json!({"id": contact["id"]}));
    assert_eq!(quick["resultType"], "input_required", "a quick question is asked in the answer: {quick}");
    for (confirm, code) in [(true, None), (false, Some("declined"))] {
        account.faults("latency:2600@read").await;
        let made = call(&mut wire, "get_contact", json!({"id": contact["id"]}));
        assert_eq!(made["resultType"], "task", "{made}");
        let asks = after(&mut wire, &made["taskId"], "working");
        assert_eq!(asks["status"], "input_required", "{asks}");
        let question = &asks["inputRequests"]["confirm"];
        assert_eq!(question["method"], "elicitation/create", "{asks}");
        account.faults("").await;
        let answers = json!({"confirm": {"action": "accept", "content": {"confirm": confirm}}, "other": {}});
        let update = json!({"taskId": made["taskId"], "inputResponses": answers, "_meta": with_tasks()});
        assert_eq!(wire.ask("tasks/update", update)["result"]["resultType"], "complete");
        let ended = after(&mut wire, &made["taskId"], "working");
        assert_eq!(ended["status"], "completed", "{ended}");
        match code {
            None => assert_eq!(ended["result"]["structuredContent"]["id"], contact["id"], "{ended}"),
            Some(code) => assert!(ended["result"]["content"][0]["text"].as_str().unwrap().contains(code), "{ended}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_bounded_and_what_is_above_is_answered_directly() {
    let account = account().await;
    let directory = tempfile::tempdir().unwrap();
    let mut wire = wire(&account, directory.path(), &[]);
    call(&mut wire, "get_current_user", json!({}));
    account.faults("latency:5000@GET /page").await;
    let send = |wire: &mut Wire| {
        wire.send("tools/call", json!({"name": "list_pages", "arguments": {}, "_meta": with_tasks()}))
    };
    for _ in 0..40 {
        send(&mut wire);
    }
    let mut kinds = std::collections::BTreeMap::new();
    for _ in 0..40 {
        let answer = wire.line();
        *kinds.entry(answer["result"]["resultType"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(kinds, [("complete".to_owned(), 8), ("task".to_owned(), 32)].into());
}

#[tokio::test]
async fn an_earlier_protocol_is_offered_no_tasks() {
    let account = account().await;
    let directory = tempfile::tempdir().unwrap();
    let (_, (hello, found)) = super::talk(wire(&account, directory.path(), &[]), |wire| {
        let found = wire.ask("server/discover", json!({"_meta": meta(json!({}))}));
        (wire.initialize("2025-11-25", json!({"extensions": {"io.modelcontextprotocol/tasks": {}}})), found)
    })
    .await;
    assert!(found["result"]["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"].is_object(), "{found}");
    assert!(hello["result"]["capabilities"].get("extensions").is_none(), "{hello}");
}
