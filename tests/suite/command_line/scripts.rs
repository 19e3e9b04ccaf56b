//! `run SCRIPT.jsonl`: calls a line each, with the answers of earlier ones; a run goes on where it ended.

use super::{account, assert_once, imported, last, leads, ran};
use crate::support::{Account, Api, command};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Stdio, time::Duration};

fn write(folder: &Path, lines: &[Value]) -> String {
    let script = folder.join("nightly.jsonl");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(&script, format!("# a comment\n\n{}\n", text.join("\n"))).unwrap();
    script.to_str().unwrap().to_owned()
}

fn create(email: &str) -> Value {
    json!({"firstName": "S", "lastName": "Cript", "email": format!("{email}@import.example")})
}

/// What `run` keeps, by line.
fn state(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("nightly.done.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn later_lines_use_earlier_answers_and_nothing_is_done_twice() {
    let account = Account::of(Api::Official).await;
    let folder = tempfile::tempdir().unwrap();
    let script = write(
        folder.path(),
        &[
            json!({"tool": "create_contact", "arguments": create("one"), "as": "one"}),
            json!({"tool": "create_note", "arguments": {"contactId": "{{one.id}}", "body": "{{one.email}}: {{contact.name}}"}}),
            json!({"tool": "query_crm", "arguments": {"sql": "select id from contacts where email = ?", "params": ["{{one.email}}"]}, "as": "found"}),
            json!({"tool": "update_contact", "arguments": {"id": "{{found.rows.0.0}}", "companyName": "{{one.firstName}} Ltd"}}),
        ],
    );
    let dry = ran(&account, folder.path(), &["run", &script, "--dry-run"]).await;
    assert_eq!((dry.code, &last(&dry)["problems"]), (Some(0), &json!([])), "{dry:?}");
    assert!(imported(&account).await.is_empty());
    let first = ran(&account, folder.path(), &["run", &script]).await;
    assert_eq!((first.code, &last(&first)["done"]), (Some(0), &json!(4)), "{first:?}");
    let made = account.find("contacts", |contact| contact["email"] == "one@import.example").await;
    assert_eq!(made["companyName"], "S Ltd");
    let note = account.find("notes", |note| note["contactId"] == made["id"]).await;
    assert!(note.to_string().contains("one@import.example: {{contact.name}}"), "a merge field stays: {note}");
    assert_eq!(state(folder.path()).iter().filter(|entry| entry["state"] == "done").count(), 4);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("nightly.done.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "answers hold personal data");
    }
    let before = account.stats().await["requests"].clone();
    let again = ran(&account, folder.path(), &["run", &script]).await;
    assert_eq!((again.code, &last(&again)["doneBefore"], &last(&again)["done"]), (Some(0), &json!(4), &json!(0)));
    assert_eq!(account.stats().await["requests"], before, "nothing was sent");
    assert_once(&account, 1).await;
    // A run that reached the end begins anew where that is wanted.
    let repeated = ran(&account, folder.path(), &["run", &script, "--repeat"]).await;
    assert_eq!((&last(&repeated)["doneBefore"], &last(&repeated)["done"]), (&json!(0), &json!(4)), "{repeated:?}");
}

#[tokio::test]
async fn a_run_goes_on_after_a_line_that_failed() {
    let account = account().await;
    let folder = tempfile::tempdir().unwrap();
    let lines = |id: &str| {
        [
            json!({"tool": "create_contact", "arguments": create("one"), "as": "one"}),
            json!({"tool": "get_contact", "arguments": {"id": id}, "as": "two"}),
            json!({"tool": "create_contact", "arguments": create("three")}),
        ]
    };
    let script = write(folder.path(), &lines("nobody"));
    let failed = ran(&account, folder.path(), &["run", &script]).await;
    let told = last(&failed);
    assert_eq!(
        (failed.code, &told["error"]["code"], &told["error"]["line"]),
        (Some(3), &json!("not_found"), &json!(4)),
        "{failed:?}"
    );
    assert_eq!((&told["done"], &told["left"]), (&json!(1), &json!(1)), "{told}");
    let kept = ran(&account, folder.path(), &["run", &script, "--keep-going"]).await;
    assert_eq!(
        (kept.code, &last(&kept)["doneBefore"], &last(&kept)["done"]),
        (Some(3), &json!(1), &json!(1)),
        "{kept:?}"
    );
    // A line that was not done may change; one that was done may not.
    let id = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    write(folder.path(), &lines(&id));
    let mended = ran(&account, folder.path(), &["run", &script]).await;
    assert_eq!((mended.code, &last(&mended)["done"]), (Some(0), &json!(1)), "{mended:?}");
    let mut changed = lines(&id);
    changed[0]["arguments"]["email"] = json!("other@import.example");
    write(folder.path(), &changed);
    let refused = ran(&account, folder.path(), &["run", &script]).await;
    assert!(refused.code == Some(9) && refused.stderr.contains("Line 3 changed"), "{refused:?}");
    assert_once(&account, 2).await;
}

#[tokio::test]
async fn a_dry_run_names_every_line_that_is_wrong() {
    let account = account().await;
    let folder = tempfile::tempdir().unwrap();
    let script = write(
        folder.path(),
        &[
            json!({"tool": "get_contct", "arguments": {}}),
            json!({"tool": "get_contact", "arguments": {"id": "{{later.id}}"}}),
            json!({"tool": "create_contact", "arguments": create("one"), "as": "later"}),
            json!({"tool": "update_contact", "arguments": {"id": "{{later.id}}", "emial": "x@y.example"}}),
            json!({"tool": "update_contact", "arguments": {"id": "{{latr.id}}", "email": "x@y.example"}}),
            json!({"tool": "update_contact", "arguments": {"id": "{{later.id}}", "email": "nowhere"}}),
        ],
    );
    for flags in [&["--dry-run"][..], &[]] {
        let dry = ran(&account, folder.path(), &[&["run", &script], flags].concat()).await;
        let told = last(&dry);
        let lines: Vec<u64> =
            told["problems"].as_array().unwrap().iter().map(|problem| problem["line"].as_u64().unwrap()).collect();
        assert_eq!((dry.code, lines), (Some(2), vec![3, 4, 6, 7, 8]), "{dry:?}");
    }
    assert!(imported(&account).await.is_empty(), "nothing is sent of a script that is wrong");
    fs::write(folder.path().join("nightly.jsonl"), "{\"tool\": \"get_contact\"\n").unwrap();
    let broken = ran(&account, folder.path(), &["run", &script]).await;
    assert!(broken.code == Some(2) && broken.stderr.contains("line 1"), "{broken:?}");
}

/// Starts a script and kills it while a create is under way.
async fn killed(account: &Account, folder: &Path, script: &str) {
    account.faults("latency-after:3000@write").await;
    let mut command = command(account, folder);
    command.args(["run", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while imported(account).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    account.faults("").await;
}

#[tokio::test]
async fn a_write_that_was_interrupted_waits_for_a_person() {
    let account = account().await;
    let folder = tempfile::tempdir().unwrap();
    let script = write(
        folder.path(),
        &[
            json!({"tool": "list_campaigns", "arguments": {"limit": 1}}),
            json!({"tool": "create_contact", "arguments": create("one")}),
            json!({"tool": "create_contact", "arguments": create("two")}),
        ],
    );
    killed(&account, folder.path(), &script).await;
    for flags in [&[][..], &["--keep-going"]] {
        let doubtful = ran(&account, folder.path(), &[&["run", &script], flags].concat()).await;
        let told = last(&doubtful);
        assert_eq!((doubtful.code, &told["error"]["code"]), (Some(7), &json!("outcome_unknown")), "{doubtful:?}");
        assert!(
            doubtful.stderr.contains("--take-as-done 4") && doubtful.stderr.contains("--send-again 4"),
            "{doubtful:?}"
        );
    }
    assert_once(&account, 1).await;
    let settled = ran(&account, folder.path(), &["run", &script, "--take-as-done", "4"]).await;
    assert_eq!((settled.code, &last(&settled)["doneBefore"]), (Some(0), &json!(2)), "{settled:?}");
    assert_once(&account, 2).await;
}

#[tokio::test]
async fn a_script_plans_and_runs_a_job() {
    let account = account().await;
    let folder = tempfile::tempdir().unwrap();
    leads(folder.path(), 40);
    let script = write(
        folder.path(),
        &[
            json!({"tool": "plan_bulk", "arguments": {"operation": "create_contact", "file": "leads.csv", "template": {"source": "{{lastName}}"}}, "as": "plan"}),
            json!({"tool": "run_bulk", "arguments": {"plan": "{{plan.plan}}"}, "as": "job"}),
            json!({"tool": "get_bulk", "arguments": {"job": "{{job.job}}"}}),
        ],
    );
    let read = ["--read-dir", folder.path().to_str().unwrap(), "run", &script];
    let asks = ran(&account, folder.path(), &read).await;
    assert_eq!((asks.code, &last(&asks)["error"]["code"]), (Some(8), &json!("confirmation_required")), "{asks:?}");
    assert_once(&account, 0).await;
    let agreed = ran(&account, folder.path(), &[&read[..], &["--yes"]].concat()).await;
    assert_eq!((agreed.code, &last(&agreed)["done"]), (Some(0), &json!(2)), "{agreed:?}");
    assert_once(&account, 40).await;
    let shown = state(folder.path()).pop().unwrap();
    assert_eq!(
        (&shown["result"]["state"], &shown["result"]["rows"]),
        (&json!("done"), &json!({"done": 40})),
        "{shown}"
    );
    let made = account.find("contacts", |contact| contact["email"] == "row7@import.example").await;
    assert_eq!(made["source"], "Number7");
}
