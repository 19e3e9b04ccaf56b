//! `accounts.toml` as people and other programs leave it: forms, edits by two processes, secrets in the wrong place.

use crate::support::{Account, Agency, Api, run, run_with_input};
use highlevel_sandbox::SandboxConfig;
use highlevel_store::{CredentialName, Store};
use serde_json::json;
use std::{fs, io::Write, process::Stdio};

async fn empty() -> Agency {
    let agency = Agency::new(Api::Official, &[]).await;
    fs::remove_file(agency.file()).unwrap();
    agency
}

/// The policy of the command line is the account's own, all of it.
#[tokio::test]
async fn an_account_is_added_with_its_whole_policy() {
    let agency = empty().await;
    let add = [
        "accounts",
        "add",
        "Smile",
        "--location-id",
        "loc1",
        "--api",
        "official",
        "--read-only",
        "--toolsets",
        "contacts,insights",
        "--tools",
        "list_contacts,query_crm",
        "--exclude-tools",
        "get_contact",
        "--confirm",
        "human",
        "--confirm-tools",
        "update_contact",
    ];
    let added = run_with_input(agency.command_of(&add), "pit-1").await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let text = fs::read_to_string(agency.file()).unwrap();
    for line in [
        "api = \"official\"",
        "read-only = true",
        "toolsets = [\"contacts\", \"insights\"]",
        "tools = [\"list_contacts\", \"query_crm\"]",
        "exclude-tools = [\"get_contact\"]",
        "confirm = \"human\"",
        "confirm-tools = [\"update_contact\"]",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let listed = agency.ran(&["accounts", "list"]).await.stdout;
    assert!(listed.contains("confirm human") && listed.contains("toolsets contacts, insights"), "{listed}");
}

/// Neither of two processes that add at the same time undoes what the other one wrote.
#[tokio::test]
async fn two_processes_that_add_lose_no_account() {
    let agency = empty().await;
    // The first waits for its token, while the second adds an account whose credential would have the same name.
    let mut first = agency.command_of(&["accounts", "add", "Smile Dental", "--location-id", "loc1"]);
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    first.stdin.as_mut().unwrap().write_all(b"pit-first").unwrap();
    // Enough for the process to have opened whatever it opens before it reads.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let second = agency.command_of(&["accounts", "add", "Smile-Dental", "--location-id", "loc2"]);
    let second = run_with_input(second, "pit-second").await;
    assert_eq!(second.code, Some(0), "{second:?}");
    drop(first.stdin.take());
    let first = tokio::task::spawn_blocking(move || first.wait_with_output().unwrap()).await.unwrap();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let text = fs::read_to_string(agency.file()).unwrap();
    assert!(text.contains("\"Smile Dental\"") && text.contains("\"Smile-Dental\""), "{text}");
    let store = Store::open(agency.state.path().to_owned());
    let mut tokens = Vec::new();
    for name in ["smile-dental", "smile-dental-2"] {
        let found = store.credential(&name.parse().unwrap()).await.unwrap().expect(name);
        tokens.push(secrecy::ExposeSecret::expose_secret(&found.token).to_owned());
    }
    assert_eq!(tokens, ["pit-second", "pit-first"]);

    let mut adding = Vec::new();
    for number in 0..6 {
        let (name, location) = (format!("Client {number}"), format!("client{number}"));
        let add = agency.command_of(&["accounts", "add", &name, "--location-id", &location]);
        adding.push(tokio::spawn(async move { run_with_input(add, "pit-1").await }));
    }
    for added in adding {
        let added = added.await.unwrap();
        assert_eq!(added.code, Some(0), "{added:?}");
    }
    let text = fs::read_to_string(agency.file()).unwrap();
    assert_eq!(text.matches("[[account]]").count(), 8, "{text}");
}

/// A new account's credential is not one that another account of the file waits for.
#[tokio::test]
async fn a_new_credential_is_no_other_accounts() {
    let agency = empty().await;
    let waiting = "[[account]]\nname = \"Acme (old)\"\nlocation = \"loc1\"\ncredential = \"acme\"\n";
    fs::write(agency.file(), waiting).unwrap();
    let added = run_with_input(agency.command_of(&["accounts", "add", "Acme", "--location-id", "loc2"]), "pit-2").await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let text = fs::read_to_string(agency.file()).unwrap();
    assert!(text.contains("credential = \"acme-2\""), "{text}");
    assert!(!agency.state.path().join("token-acme").exists());
}

/// The word for the credential without a name is no other credential's name.
#[tokio::test]
async fn the_default_credential_is_one() {
    let agency = empty().await;
    let added = run_with_input(agency.command_of(&["accounts", "add", "Default", "--location-id", "a"]), "pit-1").await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert_eq!(run_with_input(agency.command_of(&["auth", "set"]), "pit-2").await.code, Some(0));
    let shared = ["accounts", "add", "Other", "--location-id", "b", "--credential", "default"];
    assert_eq!(agency.ran(&shared).await.code, Some(0));
    let text = fs::read_to_string(agency.file()).unwrap();
    assert_eq!(text.matches("credential").count(), 1, "{text}");
    let listed = agency.ran(&["accounts", "list"]).await.stdout;
    assert_eq!(listed.matches(" default ").count(), 1, "{listed}");
    let removed = agency.ran(&["accounts", "remove", "Default"]).await;
    assert!(removed.stderr.contains("default-account was removed"), "{removed:?}");
    assert!(agency.state.path().join("token").exists());
}

/// A token in the wrong place of the file, or in place of a name, is shown nowhere.
#[tokio::test]
async fn a_token_in_the_wrong_place_is_not_shown() {
    let pit = "pit-0a1b2c3d-4e5f-6789-abcd-ef0123456789";
    let session = "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    for secret in [pit, session] {
        for line in [
            format!("credential = \"{secret}\""),
            format!("token = \"{secret}\""),
            format!("token = {secret}"),
            format!("token-id = \"{secret}"),
            format!("read-only = \"{secret}\""),
            format!("toolsets = [\"{secret}\"]"),
            format!("tools = [\"{secret}\"]"),
            format!("api = \"{secret}\""),
            format!("confirm = \"{secret}\""),
            format!("base-url = \"{secret}\""),
            format!("\"{secret}\" = true"),
        ] {
            let agency = empty().await;
            let head = "[[account]]\nname = \"A\"\nlocation = \"loc1\"\n";
            let other = "[[account]]\nname = \"B\"\nlocation = \"loc2\"\n";
            fs::write(agency.file(), format!("{head}{line}\n{other}")).unwrap();
            for arguments in [
                vec!["accounts", "list"],
                vec!["doctor"],
                vec!["doctor", "--offline"],
                vec!["call", "list_contacts", "--account", "A"],
                vec!["accounts", "test"],
                vec!["tools"],
            ] {
                let ran = agency.ran(&arguments).await;
                let said = format!("{}{}", ran.stdout, ran.stderr);
                assert!(!said.contains(secret), "{line}, {arguments:?}: {said}");
            }
        }
    }
    let agency = empty().await;
    for line in [format!("name = \"{pit}\"\nlocation = \"loc1\""), format!("name = \"A\"\nlocation = \"{pit}\"")] {
        fs::write(agency.file(), format!("[[account]]\n{line}\n")).unwrap();
        let listed = agency.ran(&["accounts", "list"]).await;
        assert_eq!(listed.code, Some(2), "{listed:?}");
        assert!(!listed.stdout.contains(pit) && !listed.stderr.contains(pit), "{listed:?}");
        assert!(listed.stderr.contains("token"), "{listed:?}");
    }
}

/// An account that cannot be served stops no other one.
#[tokio::test]
async fn an_account_with_a_wrong_policy_stops_no_other() {
    let agency = Agency::new(Api::Session, &["Fine", "Apart", "Typo", "Refused"]).await;
    agency.write("", |name| match name {
        "Apart" => "toolsets = [\"pages\"]".to_owned(),
        "Typo" => "exclude-tools = [\"get_contcat\"]".to_owned(),
        _ => String::new(),
    });
    let text = fs::read_to_string(agency.file()).unwrap();
    let plain = format!("base-url = \"{}\"", agency.account("Refused").url());
    fs::write(agency.file(), text.replace(&plain, "base-url = \"ftp://example.com\"")).unwrap();
    let host = agency.host(&["--toolsets", "contacts"]).await;
    host.answer("list_contacts", json!({"account": "Fine", "limit": 1})).await;
    for (name, problem) in [("Apart", "nothing in common"), ("Typo", "get_contcat"), ("Refused", "https")] {
        let error = host.error("list_contacts", json!({"account": name, "limit": 1})).await;
        assert_eq!((&error["code"], &error["account"]), (&json!("invalid_arguments"), &json!(name)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(problem), "{error}");
    }
    let listed = host.answer("list_accounts", json!({})).await;
    let problems = listed["accounts"].as_array().unwrap().iter().filter(|one| one["problem"].is_string()).count();
    assert_eq!(problems, 3, "{listed}");
}

/// A file that an editor of another system wrote is read and edited.
#[tokio::test]
async fn a_files_form_is_not_its_content() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let text = fs::read_to_string(agency.file()).unwrap();
    for form in
        [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), format!("\u{feff}{}", text.replace('\n', "\r\n"))]
    {
        fs::write(agency.file(), &form).unwrap();
        let listed = agency.ran(&["accounts", "list"]).await;
        assert!(listed.code == Some(0) && listed.stdout.contains("South"), "{listed:?}");
        let added =
            run_with_input(agency.command_of(&["accounts", "add", "East", "--location-id", "e"]), "pit-1").await;
        assert_eq!(added.code, Some(0), "{added:?}");
        let listed = agency.ran(&["accounts", "list"]).await;
        assert!(listed.stdout.contains("East") && listed.stdout.contains("South"), "{listed:?}");
        assert_eq!(agency.ran(&["accounts", "remove", "East"]).await.code, Some(0));
    }
    // Accounts in one line are read; what cannot be edited is not called done.
    let one = "account = [{name = \"A\", location = \"l1\"}, {name = \"B\", location = \"l2\"}]\n";
    fs::write(agency.file(), one).unwrap();
    assert_eq!(agency.ran(&["accounts", "list"]).await.code, Some(0));
    let removed = agency.ran(&["accounts", "remove", "A"]).await;
    assert!(removed.code == Some(2) && removed.stderr.contains("[[account]]"), "{removed:?}");
    assert_eq!(fs::read_to_string(agency.file()).unwrap(), one);
}

/// A file that does not exist yet may be named by its place in the current directory.
#[tokio::test]
async fn a_relative_path_is_a_path() {
    let agency = empty().await;
    for (number, location) in ["a", "b"].into_iter().enumerate() {
        let name = format!("Client {number}");
        let add = ["--accounts-file", "new.toml", "accounts", "add", &name, "--location-id", location];
        let mut add = agency.command_of(&add);
        add.current_dir(agency.state.path());
        let added = run_with_input(add, "pit-1").await;
        assert_eq!(added.code, Some(0), "{added:?}");
    }
    let text = fs::read_to_string(agency.state.path().join("new.toml")).unwrap();
    assert_eq!(text.matches("[[account]]").count(), 2, "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_stays_one() {
    let agency = empty().await;
    let dir = agency.state.path().join("dotfiles");
    fs::create_dir(&dir).unwrap();
    std::os::unix::fs::symlink(dir.join("accounts.toml"), agency.file()).unwrap();
    // The first time the file behind the link does not exist yet.
    for number in 0..2 {
        let (name, location) = (format!("Client {number}"), format!("loc{number}"));
        let add = agency.command_of(&["accounts", "add", &name, "--location-id", &location]);
        let added = run_with_input(add, "pit-1").await;
        assert_eq!(added.code, Some(0), "{added:?}");
        assert!(fs::symlink_metadata(agency.file()).unwrap().is_symlink());
        assert!(fs::read_to_string(dir.join("accounts.toml")).unwrap().contains(&name));
    }
}

/// Two credentials may hold the same token: the end of one is not the other's.
#[tokio::test]
async fn a_removed_account_takes_no_other_accounts_token_along() {
    let config = SandboxConfig { seed: 5, rotate: true, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    let agency = empty().await;
    let (location, url) = (account.location_id(), account.url());
    for (name, location) in [("One", location.as_str()), ("Two", "elsewhere")] {
        let add = ["accounts", "add", name, "--location-id", location, "--base-url", &url];
        let added = run_with_input(agency.command_of(&add), account.token()).await;
        assert_eq!(added.code, Some(0), "{added:?}");
    }
    // The first token ends: what is left is the one that it was refreshed to.
    account.expire_tokens().await;
    let list = ["call", "list_contacts", "--account", "One", "--limit", "1"];
    let listed = agency.ran(&list).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let removed = agency.ran(&["accounts", "remove", "Two"]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    let listed = agency.ran(&list).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let store = Store::open(agency.state.path().to_owned());
    assert!(store.credential(&"two".parse::<CredentialName>().unwrap()).await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_everyone_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    for (mode, is_accepted) in [(0o666, false), (0o602, false), (0o664, true), (0o644, true)] {
        fs::set_permissions(agency.file(), fs::Permissions::from_mode(mode)).unwrap();
        let mut command = agency.command();
        command.args(["accounts", "list"]);
        let listed = run(command).await;
        assert_eq!(listed.code == Some(0), is_accepted, "{mode:o}: {listed:?}");
        assert_eq!(listed.stderr.contains("chmod o-w"), !is_accepted, "{mode:o}: {listed:?}");
    }
}
