//! `accounts` and `--account` on the command line.

use crate::support::{Account, Agency, Api, run, run_with_input};
use highlevel_store::{CredentialName, Store};
use serde_json::json;
use std::{fs, path::Path};

async fn stored(state: &Path, name: &str) -> bool {
    Store::open(state.to_owned()).credential(&name.parse::<CredentialName>().unwrap()).await.unwrap().is_some()
}

/// An account that is in no file yet, and the command's agency without accounts.
async fn new_account(seed: u64, api: Api) -> (Agency, Account) {
    let agency = Agency::new(Api::Official, &[]).await;
    fs::remove_file(agency.file()).unwrap();
    let config = highlevel_sandbox::SandboxConfig { api, seed, ..Default::default() };
    (agency, Account::with(config).await)
}

#[tokio::test]
async fn accounts_are_added_listed_tested_and_removed() {
    let (agency, account) = new_account(7, Api::Official).await;
    let (location, url) = (account.location_id(), account.url());
    let add = ["accounts", "add", "Smile Dental", "--location-id", &location, "--base-url", &url, "--read-only"];
    let added = run_with_input(agency.command_of(&add), account.token()).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let text = fs::read_to_string(agency.file()).unwrap();
    assert!(text.contains("credential = \"smile-dental\"") && !text.contains(account.token()), "{text}");
    assert!(text.contains("read-only = true"), "{text}");
    assert!(stored(agency.state.path(), "smile-dental").await);

    // A person's own words in the file stay.
    fs::write(agency.file(), format!("# the dentists\n{text}")).unwrap();
    let again = run_with_input(agency.command_of(&add), account.token()).await;
    assert_eq!(again.code, Some(2), "{again:?}");
    let other = Account::with(highlevel_sandbox::SandboxConfig { seed: 8, ..Default::default() }).await;
    let (other_location, other_url) = (other.location_id(), other.url());
    let add =
        ["accounts", "add", "Acme, Inc.", "--location-id", &other_location, "--base-url", &other_url, "--default"];
    let added = run_with_input(agency.command_of(&add), other.token()).await;
    assert_eq!(added.code, Some(0), "{added:?}");

    let listed = agency.ran(&["accounts", "list"]).await.stdout;
    for part in ["Smile Dental", "read-only", &location, "Acme, Inc. (default)", "acme-inc", "everything"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let tested = agency.ran(&["accounts", "test"]).await;
    assert_eq!(tested.code, Some(0), "{tested:?}");
    assert_eq!(tested.stdout.matches("ok    ").count(), 2, "{}", tested.stdout);
    let doctor = agency.ran(&["doctor"]).await;
    assert!(doctor.code == Some(0) && doctor.stdout.contains("2 accounts, default \"Acme, Inc.\""), "{doctor:?}");
    let doctor = agency.ran(&["doctor", "--account", "Smile Dental"]).await;
    assert!(doctor.stdout.contains("the server is pinned to it"), "{doctor:?}");

    let removed = agency.ran(&["accounts", "remove", "Smile Dental"]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    let text = fs::read_to_string(agency.file()).unwrap();
    assert!(!text.contains("Smile") && text.contains("Acme"), "{text}");
    assert!(!stored(agency.state.path(), "smile-dental").await && stored(agency.state.path(), "acme-inc").await);
    let unknown = agency.ran(&["accounts", "remove", "Smile Dental"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[tokio::test]
async fn what_cannot_be_added_leaves_everything_as_it_was() {
    let (agency, account) = new_account(7, Api::Official).await;
    let location = account.location_id();
    for (arguments, input, problem) in [
        (vec!["A", "--location-id", "a/b"], "token", "location"),
        (vec!["all", "--location-id", &location], "token", "stands for every account"),
        (vec!["A", "--location-id", &location], "two words", "one word"),
        (vec!["A", "--location-id", &location], "", "token"),
        (vec!["A", "--location-id", &location, "--credential", "none"], "", "is not stored"),
        (vec!["A", "--location-id", &location, "--credential", "No Name"], "", "no-name"),
        (vec!["A", "B", "--location-id", &location], "token", "one name"),
        (vec!["--location-id", &location], "token", "one name"),
    ] {
        let all = [vec!["accounts", "add"], arguments].concat();
        let added = run_with_input(agency.command_of(&all), input).await;
        assert!(added.code == Some(2) && added.stderr.contains(problem), "{problem}: {added:?}");
        assert!(!agency.file().exists(), "{problem}");
        let files: Vec<_> = fs::read_dir(agency.state.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(!files.iter().any(|name| name.to_string_lossy().starts_with("token")), "{problem}: {files:?}");
    }
    fs::write(agency.file(), "[[account]]\nname = \"A\"\nlocation = \"x\"\ntoken = \"canary\"\n").unwrap();
    for command in [vec!["accounts", "list"], vec!["call", "list_contacts"], vec!["accounts", "remove", "A"]] {
        let wrong = agency.ran(&command).await;
        assert!(wrong.code == Some(2) && wrong.stderr.contains("accounts.toml"), "{wrong:?}");
        assert!(wrong.stderr.contains("token") && wrong.stderr.contains("line 4"), "{wrong:?}");
    }
}

/// The credential's own location is asked for where none is given.
#[tokio::test]
async fn a_session_tells_its_location() {
    let (agency, account) = new_account(9, Api::Session).await;
    let url = account.url();
    let add = ["accounts", "add", "Studio", "--api", "session", "--base-url", &url];
    let added = run_with_input(agency.command_of(&add), account.token()).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(fs::read_to_string(agency.file()).unwrap().contains(&account.location_id()));
    let refused = run_with_input(agency.command_of(&["accounts", "add", "Other"]), "pit-00").await;
    assert!(refused.code == Some(2) && refused.stderr.contains("--location-id"), "{refused:?}");
}

#[tokio::test]
async fn commands_take_an_account() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let call = async |arguments: &[&str]| agency.ran(&[&["call"], arguments].concat()).await;
    let missing = call(&["list_contacts"]).await;
    assert_eq!(missing.code, Some(2), "{missing:?}");
    let message = missing.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("--account is missing") && message.contains("\"South\""), "{message}");
    let wrote = call(&[
        "create_contact",
        "--first-name",
        "Ada",
        "--last-name",
        "L",
        "--email",
        "a@b.test",
        "--account",
        "South",
    ])
    .await;
    assert_eq!(wrote.code, Some(0), "{wrote:?}");
    let near = call(&[
        "create_contact",
        "--first-name",
        "Ada",
        "--last-name",
        "L",
        "--email",
        "c@b.test",
        "--account",
        "south",
    ])
    .await;
    assert!(near.code == Some(2) && near.stderr.contains("Did you mean South?"), "{near:?}");
    for (name, count) in [("North", 250), ("South", 251)] {
        let rows = agency.ran(&["query", "select count(*) from contacts", "--format", "csv", "--account", name]).await;
        assert!(rows.stdout.contains(&count.to_string()), "{rows:?}");
    }
    agency.write("default = \"North\"", |_| String::new());
    let listed = call(&["list_contacts", "--limit", "1"]).await;
    assert!(listed.code == Some(0) && listed.json()["account"] == json!("North"), "{listed:?}");
    let unnamed = call(&["create_contact", "--first-name", "Ada", "--last-name", "L", "--email", "d@b.test"]).await;
    assert_eq!(unnamed.code, Some(2), "a write names its account: {unnamed:?}");
}

#[tokio::test]
async fn settings_of_one_account_and_of_several_do_not_mix() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let mut own = agency.command_of(&["call", "list_contacts"]);
    own.env("GHL_TOKEN_ID", agency.account("North").token());
    let both = run(own).await;
    assert!(both.code == Some(2) && both.stderr.contains("GHL_TOKEN_ID") && both.stderr.contains("--accounts-file"));
    let sandbox = agency.ran(&["--sandbox", "--account", "North", "call", "list_contacts"]).await;
    assert!(sandbox.code == Some(2) && sandbox.stderr.contains("--sandbox"), "{sandbox:?}");
    // In the platform's place, the file is used where no setting names an account.
    let config = agency.state.path().join(".config/highlevel-mcp");
    fs::create_dir_all(&config).unwrap();
    fs::copy(agency.file(), config.join("accounts.toml")).unwrap();
    let mut plain = agency.command_of(&["call", "list_contacts", "--account", "South", "--limit", "1"]);
    plain.env_remove("GHL_ACCOUNTS_FILE");
    if cfg!(target_os = "linux") {
        assert_eq!(run(plain).await.code, Some(0));
        let north = agency.account("North");
        let mut explicit = agency.command_of(&["call", "list_contacts", "--limit", "1"]);
        explicit.env_remove("GHL_ACCOUNTS_FILE").env("GHL_TOKEN_ID", north.token()).env("GHL_BASE_URL", north.url());
        let explicit = run(explicit).await;
        assert!(explicit.code == Some(0) && explicit.json().get("account").is_none(), "{explicit:?}");
    }
}
