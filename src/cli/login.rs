//! `auth login`: OAuth's authorization code flow. The consent page opens in a browser, which brings the code to a listener on
//! loopback.

mod loopback;

use super::{print, say};
use crate::{api::Api, settings::Settings};
use anyhow::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use highlevel_api_client::{AppKeys, Consent, Holder, Login, LoginView, Runtime, TokenSource};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use highlevel_store::Store;
use loopback::Loopback;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    io::{BufRead, IsTerminal},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use url::Url;

/// The scopes of the lists that names are looked up in.
const NAMES: [&str; 4] =
    ["locations/customFields.readonly", "opportunities.readonly", "users.readonly", "surveys.readonly"];

/// The further scopes of an agency's login: to list its locations, and to get their tokens.
const AGENCY_SCOPES: &str = "oauth.readonly oauth.write";

#[derive(Debug, Args)]
#[command(
    after_help = "The app's client secret is read from GHL_CLIENT_SECRET, a prompt, or the first line of stdin, never from an argument."
)]
pub(super) struct Options {
    /// The app's client id
    #[arg(long, env = "GHL_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// Log in as an agency. Its token is exchanged for one of --location-id
    #[arg(long)]
    agency: bool,
    /// The port of the redirect URL http://127.0.0.1:PORT/callback, which the app must list. 0 takes a free port
    #[arg(long, env = "GHL_LOGIN_PORT", value_name = "PORT", default_value_t = 8734)]
    port: u16,
    /// The scopes to request, separated by spaces. Default: all that the tools need
    #[arg(long, env = "GHL_LOGIN_SCOPE", value_name = "SCOPES")]
    scope: Option<String>,
    /// The address of the consent page
    #[arg(
        long,
        env = "GHL_AUTHORIZE_URL",
        value_name = "URL",
        default_value = "https://marketplace.gohighlevel.com/oauth/chooselocation"
    )]
    authorize_url: Url,
    /// Use PKCE, if the server supports it
    #[arg(long)]
    pkce: bool,
    /// How long to wait for the consent
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    wait: u64,
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    let app = app_keys(&options)?;
    let mut settings = settings.clone();
    settings.api = Some(Api::Official);
    let store = Arc::new(Store::open(settings.state_dir()?));
    let runtime = Runtime::new(store, settings.attempt_timeout());
    let login = Login::new(&runtime, settings.api_config()?, settings.token_source())?;
    let client = login.account(settings.location_id.clone());
    let loopback = Loopback::listen(options.port).await.with_context(|| {
        format!(
            "cannot listen on 127.0.0.1:{}. Choose another --port, and add its redirect URL to the app",
            options.port
        )
    })?;
    let state = nonce();
    let verifier = options.pkce.then(nonce);
    let holder = if options.agency { Holder::Company } else { Holder::Location };
    let page = consent_url(&options, &app, &loopback, &state, verifier.as_ref());
    print(&format!("Open this page in a browser, and give your consent:\n{page}"))?;
    say(&format!("Waiting for the browser at {} …", loopback.address()));
    let wait = Duration::from_secs(options.wait);
    let callback = tokio::time::timeout(wait, loopback.callback(state.expose_secret())).await.map_err(|_| {
        Error::new(Code::Timeout, format!("There was no consent within {} s. Run `highlevel-mcp auth login` again, with a longer --wait if needed.", options.wait))
    })??;
    let logged_in = match &callback.code {
        Ok(code) => {
            let (redirect, store_as) = (loopback.address(), &settings.credential);
            let consent =
                Consent { app: &app, code, redirect: &redirect, holder, store_as, verifier: verifier.as_ref() };
            client.log_in(&consent, &CallContext::new(settings.timeout())).await
        }
        Err(refusal) => Err(refusal.clone()),
    };
    // Only now, since the page says whether the login succeeded.
    callback.answer(logged_in.as_ref().err().map(|error| error.message.as_str())).await;
    let login = logged_in?;
    say(&format!("Logged in: {}. Stored in {}.", describe(&login), settings.state_dir()?.display()));
    if !matches!(settings.token_source(), TokenSource::Stored(_)) {
        say(
            "The login is not used while --token-file, GHL_TOKEN_ID or GHL_TOKEN_FILE is set: that token takes precedence.",
        );
    }
    if login.holder == Holder::Company && settings.location_id.is_none() {
        let credential = settings.credential.as_str().map_or_else(String::new, |name| format!(" {name}"));
        say(&format!(
            "`highlevel-mcp accounts add --login{credential}` shows the agency's locations and adds them. For one alone, set --location-id or GHL_LOCATION_ID."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Describes a login.
pub(super) fn describe(login: &LoginView) -> String {
    let of = |id: &Option<String>| id.clone().unwrap_or_else(|| "unknown".to_owned());
    match login.holder {
        Holder::Company => format!("An OAuth login of agency {}", of(&login.company)),
        Holder::Location => format!("An OAuth login of location {}", of(&login.location)),
    }
}

fn app_keys(options: &Options) -> anyhow::Result<AppKeys> {
    let missing = "The app's client id is missing. Set --client-id or GHL_CLIENT_ID; the app's page in HighLevel's marketplace shows it.";
    let id = options.client_id.clone().ok_or_else(|| Error::invalid("--client-id", missing))?;
    let secret = match std::env::var("GHL_CLIENT_SECRET") {
        Ok(secret) if !secret.trim().is_empty() => secret,
        _ if std::io::stdin().is_terminal() => rpassword::prompt_password("The app's client secret (not shown): ")
            .context("cannot read the client secret")?,
        _ => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).context("cannot read the client secret from stdin")?;
            line
        }
    };
    let secret = secret.trim();
    if secret.is_empty() {
        let missing = "The app's client secret is missing. Set GHL_CLIENT_SECRET, or write it to stdin.";
        return Err(Error::invalid("GHL_CLIENT_SECRET", missing).into());
    }
    Ok(AppKeys { id: id.trim().to_owned(), secret: secret.into() })
}

/// The consent page's address with this login's parameters.
fn consent_url(
    options: &Options,
    app: &AppKeys,
    loopback: &Loopback,
    state: &SecretString,
    pkce: Option<&SecretString>,
) -> Url {
    let mut page = options.authorize_url.clone();
    let mut query = page.query_pairs_mut();
    query.append_pair("response_type", "code").append_pair("client_id", &app.id);
    let scope = match &options.scope {
        Some(scope) => scope.clone(),
        None if options.agency => format!("{} {AGENCY_SCOPES}", scopes_of_tools()),
        None => scopes_of_tools(),
    };
    query.append_pair("redirect_uri", &loopback.address()).append_pair("scope", &scope);
    query.append_pair("state", state.expose_secret());
    if options.agency {
        query.append_pair("user_type", "Company");
    }
    if let Some(verifier) = pkce {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()));
        query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
    }
    drop(query);
    page
}

/// The scopes that the tools of the official API need, separated by spaces.
fn scopes_of_tools() -> String {
    let tools = crate::api::catalog(Api::Official).iter().flat_map(|spec| spec.scopes.iter().map(AsRef::as_ref));
    tools.chain(NAMES).collect::<BTreeSet<&str>>().into_iter().collect::<Vec<_>>().join(" ")
}

/// 256 random bits, for `state` and the PKCE verifier.
fn nonce() -> SecretString {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into()
}
