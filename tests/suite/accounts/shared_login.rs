//! One process with several accounts: two of one login, and one of another.

use crate::{
    support::{Api, default_settings},
    writes::fake::{Arrived, Fake, Reply},
};
use highlevel_core::{context::CallContext, error::Code};
use highlevel_mcp::{
    account::{Account, Reply as Called},
    guard::Confirmation,
    runtime::Runtime,
    settings::Settings,
};
use highlevel_store::{CredentialPlace, Store};
use serde_json::{Map, json};
use std::time::Duration;

/// Lists the pipelines, which every request asks for by location.
async fn pipelines(account: &Account) -> Result<(), Code> {
    let spec = account.find("list_pipelines").unwrap();
    let context = CallContext::new(Duration::from_secs(20));
    match account.call(spec, Map::new(), Confirmation::None, context).await {
        Ok(Called::Done(_)) => Ok(()),
        Ok(Called::RequestInput(..)) => panic!("a read asks nobody"),
        Err(error) => Err(error.code),
    }
}

#[tokio::test]
async fn a_request_resolves_its_account() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let upstream = Fake::new(Api::Official, |request: &Arrived| match request.authorization.as_str() {
        "Bearer pit-dead" => Reply(401, json!({"message": "Invalid Private Integration token"})),
        _ => Reply(200, json!({"pipelines": []})),
    })
    .await;
    let state = tempfile::tempdir().unwrap();
    let store = Store::open(state.path().to_owned());
    for name in ["alive", "dead"] {
        let token = format!("pit-{name}").into();
        store.set_credential(&name.parse().unwrap(), &token, CredentialPlace::File).await.unwrap();
    }
    let file = state.path().join("accounts.toml");
    let account = |location: &str, credential: &str| {
        format!("[[account]]\nname = \"The {location}\"\nlocation = \"{location}\"\ncredential = \"{credential}\"\n")
    };
    let accounts = [("north", "alive"), ("south", "alive"), ("east", "alive"), ("west", "dead")];
    let text: String = accounts.iter().map(|(location, credential)| account(location, credential)).collect();
    std::fs::write(&file, format!("default = \"The north\"\n{text}")).unwrap();
    let settings = Settings {
        base_url: Some(upstream.url().parse().unwrap()),
        state_dir: Some(state.path().to_owned()),
        accounts_file: Some(file),
        ..default_settings()
    };
    let runtime = Runtime::start(&settings).await.unwrap();
    let accounts = runtime.accounts();
    assert_eq!(accounts.usable().filter_map(Account::location).collect::<Vec<_>>(), ["north", "south", "east", "west"]);

    for account in ["The south", "east", "The north"] {
        pipelines(accounts.for_read(Some(account)).unwrap()).await.unwrap();
    }
    pipelines(accounts.for_read(None).unwrap()).await.unwrap();
    let dead = pipelines(accounts.for_read(Some("west")).unwrap()).await;
    assert_eq!(dead, Err(Code::Unauthorized));
    // The dead login stands in nobody else's way.
    pipelines(accounts.for_read(Some("the  EAST")).unwrap()).await.unwrap();

    let lists: Vec<(String, String)> = upstream
        .arrived()
        .into_iter()
        .filter(|request| request.path == "/opportunities/pipelines")
        .map(|request| (request.query, request.authorization))
        .collect();
    let expected = ["south", "east", "north", "north", "west", "east"].map(|location| {
        let token = if location == "west" { "Bearer pit-dead" } else { "Bearer pit-alive" };
        (format!("locationId={location}"), token.to_owned())
    });
    assert_eq!(lists, expected, "each request has the location and the token of its own account");

    let unknown = accounts.for_read(Some("nowhere")).unwrap_err();
    assert_eq!((unknown.code, unknown.field.as_deref()), (Code::InvalidArguments, Some("account")));
    for location in ["north", "south", "east", "west"] {
        assert!(unknown.message.contains(&format!("\"The {location}\" ({location})")), "{}", unknown.message);
    }
    for near in ["the north", "The  north", "North", " north"] {
        assert_eq!(accounts.for_write(Some(near)).unwrap_err().code, Code::InvalidArguments, "{near}");
    }
    assert_eq!(accounts.for_write(None).unwrap_err().field.as_deref(), Some("account"));
    assert_eq!(accounts.for_write(Some("The north")).unwrap().location(), Some("north"));
    runtime.leave().await;
}
