//! The examples of bulk work do what they say.

use super::account;
use crate::support::{BINARY, command, run};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A script with the environment of a command.
fn script(name: &str, of: &Command) -> Command {
    let mut script = Command::new("bash");
    script.arg(example(name)).env_clear().env("HIGHLEVEL_MCP", BINARY);
    script.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script
}

#[tokio::test]
async fn an_export_of_hubspot_is_imported() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let import = |mode: &[&str]| {
        let mut script = script("hubspot/import.sh", &command(&account, state.path()));
        script.arg(example("hubspot/contacts.csv")).args(mode);
        script
    };
    let is_new = |contact: &Value| contact["email"].as_str().is_some_and(|email| email.contains("hubspot-import"));
    let plan = run(import(&[])).await;
    assert!(plan.stderr.contains("Plan: 3 × create_contact") && plan.stderr.contains("line 5 invalid"), "{plan:?}");
    assert!(!account.objects("contacts").await.iter().any(is_new), "a plan changes nothing");
    let done = run(import(&["--yes"])).await;
    let told: Value = serde_json::from_str(done.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((done.code, &told["rows"]), (Some(1), &json!({"done": 3, "invalid": 1})), "{done:?}");
    let chloe = account.find("contacts", |contact| contact["firstName"] == "Chloé").await;
    assert_eq!((&chloe["source"], &chloe["tags"]), (&json!("HubSpot"), &json!(["hubspot", "Lead"])), "{chloe}");
    let again = run(import(&["--yes"])).await;
    assert!(again.stderr.contains("3 rows are left out as duplicates"), "{again:?}");
}

#[tokio::test]
async fn the_nightly_script_runs_every_night() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let (exports, own) = (state.path().join("exports"), state.path().join("nightly.jsonl"));
    fs::create_dir(&exports).unwrap();
    fs::copy(example("nightly/nightly.jsonl"), &own).unwrap();
    let old = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    account.change("contacts", &old, json!({"updatedAt": "2020-01-01T00:00:00.000Z", "tags": ["vip"]})).await;
    let night = async || {
        let mut script = script("nightly/nightly.sh", &command(&account, state.path()));
        script.env("NIGHTLY_SCRIPT", &own).arg(&exports);
        let ran = run(script).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    night().await;
    let tagged = account.find("contacts", |contact| contact["id"] == old.as_str()).await;
    assert_eq!(tagged["tags"], json!(["vip", "sleeping"]));
    let files: Vec<String> =
        fs::read_dir(&exports).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    let writes = account.stats().await["writes"].clone();
    // There is nothing to tag any more.
    night().await;
    assert_eq!(account.stats().await["writes"], writes);
}
