//! The docs are true: examples run, and promises hold. The tests of generated parts are in `xtask`.

use crate::support::{Account, BINARY, Era, Host, Person, command, run};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn read_json(path: impl AsRef<Path>) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// Every environment variable in the program's help.
async fn variables() -> BTreeSet<String> {
    let mut command = Command::new(BINARY);
    command.arg("--help");
    let help = run(command).await.stdout;
    let words = help.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    words.filter(|word| word.starts_with("GHL_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_manifests_name_variables_that_exist_and_one_name() {
    let known = variables().await;
    let server = read_json("server.json");
    let of_registry = server["packages"][0]["environmentVariables"].as_array().unwrap().iter();
    let of_registry = of_registry.map(|variable| variable["name"].as_str().unwrap().to_owned());
    let manifest = read_json("manifest.json");
    let of_bundle = manifest["server"]["mcp_config"]["env"].as_object().unwrap();
    for name in of_registry.chain(of_bundle.keys().cloned()) {
        assert!(known.contains(&name), "{name} is no variable: {known:?}");
    }
    for value in of_bundle.values() {
        let name = value.as_str().unwrap().strip_prefix("${user_config.").unwrap().strip_suffix('}').unwrap();
        assert!(manifest["user_config"].get(name).is_some(), "the bundle asks for no {name}");
    }
    assert_eq!(manifest["user_config"]["token_id"]["sensitive"], true);
    // The registry searches the README's visible text for this, and limits descriptions to 100 characters.
    assert!(read("README.md").contains(&format!("\nmcp-name: {}\n", server["name"].as_str().unwrap())));
    assert!(server["description"].as_str().unwrap().chars().count() <= 100);
}

#[tokio::test]
async fn every_host_configuration_starts_a_server_that_lists_tools() {
    let known = variables().await;
    let account = Account::new().await;
    let mut seen = 0;
    for file in fs::read_dir(project().join("examples/hosts")).unwrap() {
        let config = read_json(file.unwrap().path());
        let servers = config.get("mcpServers").or_else(|| config.get("servers")).unwrap();
        let server = &servers["highlevel"];
        assert_eq!(server["command"], "highlevel-mcp");
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.args(server["args"].as_array().into_iter().flatten().map(|flag| flag.as_str().unwrap()));
        for (name, value) in server["env"].as_object().into_iter().flatten() {
            assert!(known.contains(name), "{name} is no variable");
            // The person fills in the token; the test uses the account's.
            if name != "GHL_TOKEN_ID" {
                command.env(name, value.as_str().unwrap());
            }
        }
        let host = Host::start(command, state, Era::Modern, Person::Absent).await;
        assert!(!host.session.list_all_tools().await.unwrap().is_empty());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[cfg(unix)]
#[tokio::test]
async fn the_script_imports_a_lead_once() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let import = |email: &str| {
        let mut script = Command::new("bash");
        script.arg(project().join("examples/new-lead.sh")).args([email, "Ada", "Example", "web form"]);
        let server = command(&account, state.path());
        script.env_clear().envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.env("HIGHLEVEL_MCP", BINARY);
        run(script)
    };
    let count = async || account.objects("contacts").await.iter().filter(|c| c["email"] == "ada@example.com").count();
    // The create takes effect although its answer reports a failure. There is one contact, and the script reports it.
    account.faults("500-after@POST /contact*1").await;
    let first = import("ada@example.com").await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stderr.contains("created"), "{first:?}");
    assert_eq!(count().await, 1);
    let again = import("ada@example.com").await;
    assert_eq!((again.code, &again.stdout), (Some(0), &first.stdout), "{again:?}");
    assert!(again.stderr.contains("already there"), "{again:?}");
    assert_eq!(count().await, 1);
    let wrong = import("no address").await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    // A rate limit is worth another run later, which the exit status says.
    account.faults("429:3600@POST /contact").await;
    let late = import("bea@example.com").await;
    assert_eq!(late.code, Some(75), "{late:?}");
}

#[tokio::test]
async fn a_token_does_not_replace_a_person_who_can_be_asked() {
    let account = Account::new().await;
    let draft = account.find("pages", |page| page["status"] == "draft").await;
    for era in [Era::Modern, Era::Handshake] {
        let host = Host::with(&account, &[], era, Person::declines()).await;
        for token in ["x", ""] {
            let call = json!({"id": draft["id"], "confirmationToken": token});
            let error = host.error("publish_page", call).await;
            assert_eq!(error["code"], "declined", "{error}");
            assert!(error.get("confirmationToken").is_none(), "{error}");
        }
        assert_eq!(host.asked().len(), 2);
    }
    assert_eq!(account.find("pages", |page| page["id"] == draft["id"]).await["status"], "draft");
}
