//! An agency's login, and the accounts that share it.

use crate::{
    oauth::{Login, log_in, login_command, visit},
    support::{Account, BINARY, Era, Host, Person, Ran, error_of, run},
};
use futures::future::join_all;
use highlevel_sandbox::SandboxConfig;
use highlevel_store::{CredentialPlace, Store};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, process::Command, time::Duration};
use tempfile::TempDir;

/// An agency that is logged in under the name `agency`.
struct LoggedIn {
    sandbox: Account,
    state: TempDir,
}

impl LoggedIn {
    async fn new(locations: usize) -> Self {
        let config =
            SandboxConfig { locations, contacts: 8, token_ttl: Duration::from_secs(1200), ..SandboxConfig::official() };
        let sandbox = Account::with(SandboxConfig { rate_limit: 10_000, ..config }).await;
        let state = tempfile::tempdir().unwrap();
        let said = log_in(&sandbox, state.path(), &["--agency", "--credential", "agency"]).await;
        assert!(said.stderr.contains("accounts add --login agency"), "{said:?}");
        Self { sandbox, state }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().env("HOME", self.state.path()).env("GHL_STATE_DIR", self.state.path());
        command.env("GHL_BASE_URL", self.sandbox.url()).args(arguments);
        command.env("GHL_ACCOUNTS_FILE", self.state.path().join("accounts.toml"));
        command
    }

    async fn ran(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    async fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.ran(arguments).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    }

    /// `accounts.toml` as the server reads it: location ids by name.
    fn accounts(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.state.path().join("accounts.toml")).unwrap();
        let file = highlevel_mcp::settings::accounts::AccountsFile::parse(&text).unwrap();
        file.accounts.into_iter().map(|account| (account.name, account.location)).collect()
    }

    async fn host(&self, flags: &[&str]) -> Host {
        Host::start(self.command(flags), tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await
    }
}

async fn list(host: &Host, account: &str) -> Result<Value, Value> {
    let result = host.call("list_contacts", json!({"account": account, "limit": 3})).await;
    if result.is_error == Some(true) { Err(error_of(&result)) } else { Ok(result.structured_content.unwrap()) }
}

#[tokio::test]
async fn an_agencys_locations_are_shown_and_added_by_name() {
    let agency = LoggedIn::new(6).await;
    let locations = agency.sandbox.locations();
    let shown = agency.done(&["accounts", "add", "--login", "agency"]).await;
    let lines: Vec<&str> = shown.stdout.lines().collect();
    let expected: Vec<String> = locations.iter().map(|(id, name)| format!("{id}  {name}")).collect();
    assert_eq!(lines, expected, "those that have the app, and no other");
    assert!(!agency.state.path().join("accounts.toml").exists(), "showing them adds none");

    let north = agency.done(&["accounts", "add", "--login", "agency", "Smile Dental North", "--read-only"]).await;
    assert!(north.stderr.contains("Added \"Smile Dental North\""), "{north:?}");
    // Two have this name to the letter, and no near name is taken for one.
    for (name, problem) in [("Smile Dental", "Give the id"), ("smile dental north", "no location"), ("", "no location")]
    {
        let refused = agency.ran(&["accounts", "add", "--login", "agency", name]).await;
        assert!(refused.code == Some(2) && refused.stderr.contains(problem), "{name}: {refused:?}");
    }
    let twin = locations[4].0.as_str();
    agency.done(&["accounts", "add", "--login", "agency", twin, "Brightwater Digital", twin]).await;
    assert_eq!(agency.accounts().len(), 3);
    let shown = agency.done(&["accounts", "add", "--login", "agency"]).await.stdout;
    assert!(shown.contains(&format!("{twin}  Smile Dental  (added as \"Smile Dental\")")), "{shown}");

    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    let accounts = agency.accounts();
    assert_eq!(accounts.len(), 6, "{accounts:?}");
    let all: Vec<&String> = accounts.values().collect();
    assert!(locations.iter().all(|(id, _)| all.contains(&id)));
    assert_eq!(accounts["Smile Dental"], *twin, "a name that is given stays");
    for (id, name) in &locations {
        let given = accounts.iter().find(|(_, location)| *location == id).unwrap().0;
        let start: String = id.chars().take(6).collect();
        assert!(given == name || *given == format!("{name} ({start})"), "{given}: {name} {id}");
    }
    let text = fs::read_to_string(agency.state.path().join("accounts.toml")).unwrap();
    assert_eq!(text.matches("credential = \"agency\"").count(), 6);
    assert_eq!(text.matches("read-only = true").count(), 1);
    let before = text;
    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    assert_eq!(
        fs::read_to_string(agency.state.path().join("accounts.toml")).unwrap(),
        before,
        "nothing is added twice"
    );
    let tested = agency.done(&["accounts", "test"]).await.stdout;
    assert_eq!(tested.matches("ok    ").count(), 6, "{tested}");

    // A shared login stays with the accounts that are left.
    agency.done(&["accounts", "remove", "Smile Dental North"]).await;
    agency.done(&["call", "list_contacts", "--account", twin, "--limit", "1"]).await;
    for (name, _) in agency.accounts() {
        agency.done(&["accounts", "remove", &name]).await;
    }
    assert!(!agency.state.path().join("token-agency").exists(), "the last one takes it along");
}

#[tokio::test]
async fn a_write_is_in_the_books_of_the_location_that_it_names() {
    let agency = LoggedIn::new(5).await;
    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    let host = agency.host(&[]).await;
    let accounts = agency.accounts();
    let write = async |name: &str, location: &str| {
        let email = format!("new@{}.test", location.to_lowercase());
        let made = host.answer("create_contact", json!({"account": name, "email": email})).await;
        assert_eq!(made["account"], json!(name));
        let contact = agency.sandbox.objects_of(location, "contacts").await[0].clone();
        let named = json!({"account": location, "id": contact["id"], "companyName": email});
        assert_eq!(host.answer("update_contact", named).await["account"], json!(name));
        email
    };
    let emails = join_all(accounts.iter().map(|(name, location)| write(name, location))).await;
    for (location, email) in accounts.values().zip(&emails) {
        let contacts = agency.sandbox.objects_of(location, "contacts").await;
        for other in &emails {
            let here = contacts
                .iter()
                .filter(|contact| contact["email"] == json!(other) || contact["companyName"] == json!(other));
            assert_eq!(here.count(), if other == email { 2 } else { 0 }, "{location}: {other}");
        }
        let stats = agency.sandbox.stats_of(location).await;
        assert_eq!(stats["writes"].as_object().unwrap().len(), 2, "{stats}");
        // Its own location's token, each with its own exchange.
        assert!(stats["byStatus"]["403"].is_null() && stats["byStatus"]["401"].is_null(), "{stats}");
    }
    let own = agency.sandbox.stats_of("agency").await;
    assert_eq!(own["byOperation"]["POST /oauth/locationToken"], 5, "{own}");
    // An object of one location is none of another's.
    let [(first, at), (second, _)] = [accounts.iter().next().unwrap(), accounts.iter().nth(1).unwrap()];
    let contact = agency.sandbox.objects_of(at, "contacts").await[0]["id"].clone();
    let error = host.error("update_contact", json!({"account": second, "id": contact, "companyName": "X"})).await;
    assert_eq!((&error["code"], &error["account"]), (&json!("not_found"), &json!(second)), "{first}: {error}");
}

#[tokio::test]
async fn the_refresh_of_a_login_is_its_accounts_in_common() {
    let agency = LoggedIn::new(5).await;
    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    let hosts = join_all((0..2).map(|_| agency.host(&[]))).await;
    let accounts = agency.accounts();
    let all = async || {
        let calls = hosts.iter().flat_map(|host| accounts.keys().map(move |name| list(host, name)));
        for listed in join_all(calls).await {
            listed.unwrap();
        }
    };
    all().await;
    let asked = async || agency.sandbox.stats().await["byOperation"]["POST /oauth/token"].as_u64().unwrap();
    assert_eq!(asked().await, 1, "the login itself");
    agency.sandbox.expire_tokens().await;
    all().await;
    assert_eq!(asked().await, 2, "one refresh of two processes with five accounts each");
    let exchanges = agency.sandbox.stats().await["byOperation"]["POST /oauth/locationToken"].as_u64().unwrap();
    assert!((10..=15).contains(&exchanges), "{exchanges}");
    assert_eq!(agency.sandbox.stats().await["liveRefreshTokens"], 1);
}

#[tokio::test]
async fn a_revoked_login_is_reported_by_each_of_its_accounts_and_no_other() {
    let agency = LoggedIn::new(4).await;
    let locations = agency.sandbox.locations();
    for (id, _) in &locations[..3] {
        agency.done(&["accounts", "add", "--login", "agency", id]).await;
    }
    let own = &locations[3].0;
    let token = agency.sandbox.token_of(own);
    let store = Store::open(agency.state.path().to_owned());
    store.set_credential(&"own".parse().unwrap(), &token.into(), CredentialPlace::File).await.unwrap();
    agency.done(&["accounts", "add", "Of its own", "--location-id", own, "--credential", "own"]).await;
    let accounts = agency.accounts();
    let host = agency.host(&["--timeout", "10"]).await;
    for name in accounts.keys() {
        list(&host, name).await.unwrap();
    }
    agency.sandbox.manage("revoke-tokens", "agency").await;
    for turn in 0..2 {
        for name in accounts.keys() {
            let listed = list(&host, name).await;
            if name == "Of its own" {
                listed.unwrap();
                continue;
            }
            let error = listed.unwrap_err();
            assert_eq!((&error["code"], &error["account"]), (&json!("unauthorized"), &json!(name)), "{turn}: {error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("cannot be refreshed") && message.contains("auth login"), "{message}");
        }
    }
    let tested = agency.ran(&["accounts", "test"]).await;
    assert_eq!((tested.code, tested.stdout.matches("WRONG ").count()), (Some(1), 3), "{tested:?}");
    // Another login under the same name brings all of them back, in the running server.
    log_in(&agency.sandbox, agency.state.path(), &["--agency", "--credential", "agency"]).await;
    for name in accounts.keys() {
        list(&host, name).await.unwrap();
    }
}

#[tokio::test]
async fn one_locations_end_and_spent_quota_touch_no_other() {
    let agency = LoggedIn::new(4).await;
    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    let accounts = agency.accounts();
    let host = agency.host(&["--timeout", "5"]).await;
    for name in accounts.keys() {
        list(&host, name).await.unwrap();
    }
    let names: Vec<&String> = accounts.keys().collect();
    agency.sandbox.manage("uninstall", &accounts[names[0]]).await;
    agency.sandbox.manage("spend-quota", &accounts[names[1]]).await;
    let mut codes = vec![Vec::new(); names.len()];
    for _ in 0..3 {
        for (codes, name) in codes.iter_mut().zip(&names) {
            match list(&host, name).await {
                Ok(answer) => assert_eq!(answer["account"], json!(name)),
                Err(error) => {
                    assert_eq!(error["account"], json!(name), "{error}");
                    codes.push(error["code"].clone());
                }
            }
        }
    }
    assert_eq!(codes[0], vec![json!("unauthorized"); 3], "{codes:?}");
    assert!(codes[1].contains(&json!("rate_limited")), "{codes:?}");
    assert!(codes[2..].iter().all(Vec::is_empty), "{codes:?}");
    // The agency's own list is not touched either, and shows what is left.
    let shown = agency.done(&["accounts", "add", "--login", "agency"]).await.stdout;
    assert!(!shown.contains(&accounts[names[0]]) && shown.contains(&accounts[names[1]]), "{shown}");
}

/// Names that clients chose for their locations: without letters, the same, like an id, too long, with controls.
#[tokio::test]
async fn no_name_of_a_location_stands_in_the_way_of_the_others() {
    let agency = LoggedIn::new(9).await;
    let locations = agency.sandbox.locations();
    let ids: Vec<&str> = locations.iter().map(|(id, _)| id.as_str()).collect();
    let long = "Dental ".repeat(60);
    let names = [
        "",
        "  ",
        ids[8],
        "ALL",
        "[\"Smile Dental North\"]",
        long.as_str(),
        long.as_str(),
        "A\u{1b}[31m\u{202e}\nB",
        "Same",
    ];
    for (id, name) in ids.iter().zip(names) {
        let stored = agency.sandbox.objects_of(id, "locations").await;
        let own = stored.iter().find(|one| one["id"] == json!(id)).unwrap_or(&stored[0])["id"].clone();
        agency.sandbox.change_in(id, "locations", own.as_str().unwrap(), json!({"name": name})).await;
    }
    let shown = agency.done(&["accounts", "add", "--login", "agency"]).await.stdout;
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
    assert_eq!(shown.lines().count(), 9, "{shown}");
    // An id means the location of this id, whatever another one is named.
    agency.done(&["accounts", "add", "--login", "agency", ids[8]]).await;
    assert_eq!(agency.accounts()["Same"], ids[8]);
    let added = agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    let accounts = agency.accounts();
    assert_eq!(accounts.len(), 9, "{added:?}");
    for (name, location) in &accounts {
        let is_others_id = ids.contains(&name.as_str()) && name != location;
        assert!(!is_others_id && !name.trim().is_empty(), "{accounts:?}");
    }
    let host = agency.host(&[]).await;
    for (name, location) in &accounts {
        let listed = list(&host, name).await.unwrap();
        assert_eq!(listed["account"], json!(name));
        let own = agency.sandbox.objects_of(location, "contacts").await;
        for contact in listed["data"].as_array().unwrap() {
            assert!(own.iter().any(|one| one["id"] == contact["id"]), "{name}: {contact}");
        }
    }
}

/// The list is read to its end over refused tokens, faults, and pages smaller than those that are asked for.
#[tokio::test]
async fn the_list_of_an_agency_is_read_to_its_end() {
    let agency = LoggedIn::new(230).await;
    let count = async || {
        let shown = agency.done(&["accounts", "add", "--login", "agency"]).await;
        shown.stdout.lines().count()
    };
    assert_eq!(count().await, 230);
    // A token that ends between two pages.
    agency.sandbox.faults("401@GET /oauth/installedLocations*1+1;500@GET /oauth/installedLocations*1+3").await;
    assert_eq!(count().await, 230);
    agency.sandbox.faults("").await;
    agency.sandbox.expire_tokens().await;
    assert_eq!(count().await, 230);
    agency.done(&["accounts", "add", "--login", "agency", "--all"]).await;
    assert_eq!(agency.accounts().len(), 230);
    // Nothing is left half-done where the list cannot be read.
    let before = fs::read_to_string(agency.state.path().join("accounts.toml")).unwrap();
    agency.sandbox.faults("403@GET /oauth/installedLocations").await;
    let refused = agency.ran(&["accounts", "add", "--login", "agency", "--all"]).await;
    assert!(refused.code == Some(4) && refused.stderr.contains("oauth.readonly"), "{refused:?}");
    assert_eq!(fs::read_to_string(agency.state.path().join("accounts.toml")).unwrap(), before);
}

/// What is no agency's login, and what names no location.
#[tokio::test]
async fn only_an_agencys_login_offers_locations() {
    let agency = LoggedIn::new(2).await;
    log_in(&agency.sandbox, agency.state.path(), &["--credential", "one"]).await;
    let store = Store::open(agency.state.path().to_owned());
    store.set_credential(&"pit".parse().unwrap(), &"pit-0".into(), CredentialPlace::File).await.unwrap();
    for (login, problem) in
        [("one", "not an agency's login"), ("pit", "not an agency's login"), ("none", "none is not stored")]
    {
        let refused = agency.ran(&["accounts", "add", "--login", login]).await;
        assert!(refused.code == Some(2) && refused.stderr.contains(problem), "{login}: {refused:?}");
    }
    // An agency's login alone is no location, and one location's login is no other's.
    let refused = agency.ran(&["accounts", "add", "Whole", "--credential", "agency"]).await;
    assert!(refused.code == Some(2) && refused.stderr.contains("--location-id"), "{refused:?}");
    let locations = agency.sandbox.locations();
    agency.done(&["accounts", "add", "--login", "agency", &locations[0].0]).await;
    let other = &locations[1].0;
    let wrong = agency.ran(&["accounts", "add", "Wrong", "--credential", "one", "--location-id", other]).await;
    if wrong.code == Some(0) {
        let host = agency.host(&[]).await;
        let error = list(&host, "Wrong").await.unwrap_err();
        assert_eq!(error["account"], "Wrong", "{error}");
        list(&host, &locations[0].1).await.unwrap();
        assert_eq!(agency.sandbox.stats_of(other).await["requests"], 0);
    }
}

/// The consent is for what the login is used for: its locations' list and their tokens.
#[tokio::test]
async fn an_agencys_consent_covers_its_locations() {
    let agency = LoggedIn::new(1).await;
    for (arguments, expected) in
        [(vec!["--agency"], true), (vec![], false), (vec!["--agency", "--scope", "a b"], false)]
    {
        let login = Login::start(login_command(&agency.sandbox, agency.state.path(), &arguments)).await;
        let has = login.page.contains("oauth.readonly") && login.page.contains("oauth.write");
        assert_eq!(has, expected, "{arguments:?}: {}", login.page);
        visit(&login.agree().await).await;
        assert_eq!(login.end().await.code, Some(0));
    }
}
