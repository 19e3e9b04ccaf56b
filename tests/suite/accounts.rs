//! One process with several accounts: two of one login, and one of another.

use crate::{
    support::{Api, default_settings},
    writes::fake::{Arrived, Fake, Reply},
};
use highlevel_core::{context::CallContext, error::Code};
use highlevel_mcp::{
    account::{Account, Reply as Called},
    api,
    guard::Confirmation,
    runtime::Runtime,
    settings::Settings,
};
use serde_json::{Map, json};
use std::{path::Path, time::Duration};

fn settings(url: &str, state: &Path, token: &str, location: &str) -> Settings {
    Settings {
        base_url: Some(url.parse().unwrap()),
        given_token: Some(token.into()),
        state_dir: Some(state.to_owned()),
        api: Some(api::Api::Official),
        location_id: Some(location.to_owned()),
        ..default_settings()
    }
}

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
    let of = |token: &str, location: &str| settings(upstream.url(), state.path(), token, location);

    let mut runtime = Runtime::new(&of("pit-alive", "north")).unwrap();
    let alive = runtime.log_in(&of("pit-alive", "south")).unwrap();
    runtime.add(&alive, &of("pit-alive", "south")).unwrap();
    runtime.add(&alive, &of("pit-alive", "east")).unwrap();
    let dead = runtime.log_in(&of("pit-dead", "west")).unwrap();
    runtime.add(&dead, &of("pit-dead", "west")).unwrap();
    assert_eq!(
        runtime.accounts().filter_map(Account::location).collect::<Vec<_>>(),
        ["north", "south", "east", "west"]
    );

    for location in ["south", "east", "north"] {
        pipelines(runtime.account(Some(location)).unwrap()).await.unwrap();
    }
    pipelines(runtime.account(None).unwrap()).await.unwrap();
    let dead = pipelines(runtime.account(Some("west")).unwrap()).await;
    assert_eq!(dead, Err(Code::Unauthorized));
    // The dead login stands in nobody else's way.
    pipelines(runtime.account(Some("east")).unwrap()).await.unwrap();

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

    let unknown = runtime.account(Some("nowhere")).unwrap_err();
    assert_eq!((unknown.code, unknown.field.as_deref()), (Code::InvalidArguments, Some("account")));
    assert!(unknown.message.contains("north, south, east, west"), "{}", unknown.message);
    runtime.leave().await;
}
