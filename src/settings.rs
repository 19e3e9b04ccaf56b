//! The settings: flags, and environment variables of the same meaning. An empty variable counts as unset.

use crate::{
    answer::{DEFAULT_MOST, LEAST},
    api::Api,
    guard::{ConfirmMode, Policy},
    service::MirrorPlace,
};
use clap::{ArgAction, Args, Command, builder::BoolishValueParser};
use highlevel_api_client::{
    ClientConfig, LoginView, Scheme, ServiceUrls, TokenSource, default_base_url, login_gone, login_view,
};
use highlevel_catalog::{Id, Toolset};
use highlevel_core::error::{Error, Result};
use highlevel_store::{Journal, Store, is_login, token_from, token_hash};
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::{ffi::OsString, path::PathBuf, time::Duration};
use url::Url;

/// One attempt's own bound. Half of a short call's time, so that there is time to look what became of a write.
const ATTEMPT: Duration = Duration::from_secs(30);

/// What every subcommand can be told.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Use an embedded account with sample data: no credential, nothing leaves this machine
    #[arg(long, global = true, env = "GHL_SANDBOX", value_parser = BoolishValueParser::new(), help_heading = "Account")]
    pub sandbox: bool,
    /// Which of HighLevel's APIs to use. Default: official for a private integration token (pit-…) or an OAuth login, else session
    #[arg(long, global = true, env = "GHL_API", value_enum, help_heading = "Account")]
    pub api: Option<Api>,
    /// Read the token from this file (or set GHL_TOKEN_ID, or GHL_TOKEN_FILE; else what `auth set` or `auth login` stored)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Account")]
    pub token_file: Option<PathBuf>,
    /// The one location this server may touch; another is refused. The official API needs it
    #[arg(long, global = true, env = "GHL_LOCATION_ID", value_name = "ID", help_heading = "Account")]
    pub location_id: Option<String>,
    /// Where renewed tokens, pending confirmations, the journal and the mirror are kept
    #[arg(long, global = true, env = "GHL_STATE_DIR", value_name = "DIR", help_heading = "Account")]
    pub state_dir: Option<PathBuf>,

    /// Only tools that change nothing
    #[arg(long, global = true, env = "GHL_READ_ONLY", value_parser = BoolishValueParser::new(), help_heading = "Guards")]
    pub read_only: bool,
    /// How confirmations are taken, of deletes, publishes and what sends or gives data away
    #[arg(long, global = true, env = "GHL_CONFIRM", value_enum, default_value = "auto", help_heading = "Guards")]
    pub confirm: ConfirmMode,
    /// Further tools that need a confirmation
    #[arg(
        long,
        global = true,
        env = "GHL_CONFIRM_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub confirm_tools: Vec<String>,
    /// Only these groups of tools
    #[arg(long, global = true, env = "GHL_TOOLSETS", value_enum, value_delimiter = ',', help_heading = "Guards")]
    pub toolsets: Vec<Toolset>,
    /// Only these tools
    #[arg(
        long,
        global = true,
        env = "GHL_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub tools: Vec<String>,
    /// None of these tools
    #[arg(
        long,
        global = true,
        env = "GHL_EXCLUDE_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub exclude_tools: Vec<String>,
    /// Let webhooks point to private hosts
    #[arg(long, global = true, env = "GHL_ALLOW_PRIVATE_WEBHOOKS", value_parser = BoolishValueParser::new(), help_heading = "Guards")]
    pub allow_private_webhooks: bool,

    /// Record every write in the state directory before it is sent; a write that cannot be recorded is refused
    #[arg(long, global = true, env = "GHL_JOURNAL", value_parser = BoolishValueParser::new(), action = ArgAction::Set, value_name = "ON|OFF", default_value = "on", hide_possible_values = true, help_heading = "Journal")]
    pub journal: bool,
    /// Read an object before its update, so that the journal has it as it was: one request more
    #[arg(long, global = true, env = "GHL_JOURNAL_BEFORE", value_parser = BoolishValueParser::new(), action = ArgAction::Set, value_name = "ON|OFF", default_value = "on", hide_possible_values = true, help_heading = "Journal")]
    pub journal_before: bool,
    /// The most bytes that the journal takes; the oldest lines go first
    #[arg(long, global = true, env = "GHL_JOURNAL_MAX", value_name = "BYTES", default_value_t = 64 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(64 * 1024..), help_heading = "Journal")]
    pub journal_max: u64,

    /// Seconds that one call may take, waiting for the quota included; hosts give up at 60
    #[arg(long, global = true, env = "GHL_TIMEOUT", value_name = "SECONDS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Requests")]
    pub timeout: u64,
    /// Requests per window; without it the API's answers tell, and until then it is 300, or 100 with the official API
    #[arg(long, global = true, env = "GHL_RATE_LIMIT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Requests")]
    pub rate_limit: Option<u32>,
    /// The window in seconds; without it the API's answers tell, and until then it is 60, or 10 with the official API
    #[arg(long, global = true, env = "GHL_RATE_WINDOW", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Requests")]
    pub rate_window: Option<u64>,
    /// How many percent of the account's quota this process may use; all processes of one account share it
    #[arg(long, global = true, env = "GHL_RATE_SHARE", value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Requests")]
    pub rate_share: u32,
    /// How many percent of the account's quota reading for the mirror may use behind a question; a `sync` uses all that is free
    #[arg(long, global = true, env = "GHL_BULK_SHARE", value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Requests")]
    pub bulk_share: u32,
    /// The most bytes that one answer of the API may have
    #[arg(long, global = true, env = "GHL_MAX_BODY", value_name = "BYTES", default_value_t = 8 * 1024 * 1024, help_heading = "Requests")]
    pub max_body: usize,
    /// The address of all services
    #[arg(long, global = true, env = "GHL_BASE_URL", value_name = "URL", help_heading = "Requests")]
    pub base_url: Option<Url>,
    /// The Backend API's own address
    #[arg(long, global = true, env = "GHL_BACKEND_URL", value_name = "URL", help_heading = "Requests")]
    pub backend_url: Option<Url>,
    /// The Location API's own address
    #[arg(long, global = true, env = "GHL_LOCATION_URL", value_name = "URL", help_heading = "Requests")]
    pub location_url: Option<Url>,
    /// The Page Builder's own address
    #[arg(long, global = true, env = "GHL_PAGE_BUILDER_URL", value_name = "URL", help_heading = "Requests")]
    pub page_builder_url: Option<Url>,
    /// The API System's own address; no operation uses it
    #[arg(long, global = true, env = "GHL_API_SYSTEM_URL", value_name = "URL", help_heading = "Requests")]
    pub api_system_url: Option<Url>,
    /// The `version` header of the session API; the official API has a version for each operation
    #[arg(
        long,
        global = true,
        env = "GHL_API_VERSION",
        value_name = "VERSION",
        default_value = "1.0",
        help_heading = "Requests"
    )]
    pub api_version: String,
    /// A fixed header for every request; may be repeated
    #[arg(
        long = "header",
        global = true,
        env = "GHL_HEADERS",
        value_delimiter = '\n',
        value_name = "NAME=VALUE",
        hide_env_values = true,
        help_heading = "Requests"
    )]
    pub headers: Vec<String>,

    /// The most bytes of one result; longer lists go on by offset, longer texts are cut and say so
    #[arg(long, global = true, env = "GHL_MAX_ANSWER", value_name = "BYTES", default_value_t = DEFAULT_MOST, value_parser = max_answer, help_heading = "Output")]
    pub max_answer: usize,
    /// What is logged to stderr: error, warn, info, debug, trace, or a tracing filter
    #[arg(
        long,
        global = true,
        env = "GHL_LOG",
        value_name = "FILTER",
        default_value = "warn",
        help_heading = "Output"
    )]
    pub log: String,

    /// A credential that is given and not looked for: the embedded account's.
    #[arg(skip)]
    pub given_token: Option<SecretString>,
    /// This program, if it can be started again to answer questions in a process of its own.
    #[arg(skip)]
    pub program: Option<PathBuf>,
    /// What is known of the OAuth login that is the credential; [`Settings::settle_api`] reads it.
    #[arg(skip)]
    pub login: Option<LoginView>,
}

/// The command, and its subcommands, with every empty environment variable forgotten.
pub fn without_empty_variables(command: Command) -> Command {
    let empty = |name: &OsString| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env().map(ToOwned::to_owned) {
        Some(name) if empty(&name) => argument.env(clap::builder::Resettable::Reset),
        _ => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

impl Settings {
    /// How long one call may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// Settles which API is spoken where nothing but the stored token can tell.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--state-dir` when the platform has no place for a stored token.
    pub async fn settle_api(&mut self) -> Result<()> {
        if self.sandbox {
            self.api.get_or_insert_default();
        }
        if self.given_token.is_some() || self.sandbox {
            return Ok(());
        }
        let store = Store::open(self.state_dir()?);
        let token = self.token_source().peek(&store).await;
        let official = token.as_ref().is_some_and(|token| is_private(token) || is_login(token));
        let api = *self.api.get_or_insert(if official { Api::Official } else { Api::Session });
        match token.filter(is_login) {
            Some(_) if api == Api::Session => Err(Error::invalid(
                "--api",
                "An OAuth login is for the official API. Leave --api out, or set a token-id.",
            )),
            Some(name) => self.settle_login(&store, &token_hash(&name)).await,
            None => Ok(()),
        }
    }

    /// A login to one location is held to it.
    async fn settle_login(&mut self, store: &Store, line: &str) -> Result<()> {
        // What keeps it from being read is told with the first call.
        self.login = store.newest_token(line).await.ok().flatten().as_ref().and_then(login_view);
        let theirs = self.login.as_ref().and_then(|login| login.location.clone());
        match (theirs, &self.location_id) {
            // Said as it is: a missing location would be the wrong complaint.
            (None, None) if self.login.is_none() => return Err(login_gone()),
            (Some(theirs), None) => self.location_id = Some(theirs),
            (Some(theirs), Some(ours)) if theirs != *ours => {
                let what =
                    format!("The login is for location {theirs}, and --location-id is {ours}. Log in to that one.");
                return Err(Error::invalid("--location-id", what));
            }
            _ => {}
        }
        Ok(())
    }

    /// The API that is spoken, as far as can be told without reading a file.
    pub fn spoken(&self) -> Api {
        let official = || matches!(self.token_source(), TokenSource::Value(token, _) if is_private(&token));
        self.api.unwrap_or_else(|| if official() { Api::Official } else { Api::Session })
    }

    /// The location that the official API is asked for.
    ///
    /// # Errors
    /// `invalid_arguments` without one, and for what cannot stand in a path.
    pub fn official_location(&self) -> Result<String> {
        let missing = "HighLevel's official API is asked for one location. Give its id with --location-id (GHL_LOCATION_ID); it stands in the address of the account's pages: /location/ID/…";
        let id = self.location_id.as_ref().ok_or_else(|| Error::invalid("--location-id", missing))?;
        match id.parse::<Id>() {
            Ok(id) => Ok(id.as_str().to_owned()),
            Err(problem) => Err(Error::invalid("--location-id", format!("--location-id {problem}."))),
        }
    }

    /// What may run and what is confirmed.
    pub fn policy(&self) -> Policy {
        Policy {
            read_only: self.read_only,
            toolsets: self.toolsets.clone(),
            tools: self.tools.clone(),
            exclude_tools: self.exclude_tools.clone(),
            confirm: self.confirm,
            confirm_tools: self.confirm_tools.clone(),
        }
    }

    /// The state directory: the one that is set, or the platform's place for data.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--state-dir` when the platform has no such place.
    pub fn state_dir(&self) -> Result<PathBuf> {
        let platform =
            || directories::ProjectDirs::from("", "", "highlevel-mcp").map(|dirs| dirs.data_dir().to_owned());
        self.state_dir.clone().or_else(platform).ok_or_else(|| {
            Error::invalid("--state-dir", "This system names no directory for data. Give one with --state-dir.")
        })
    }

    /// What the journal calls the account: one state directory may serve several.
    pub fn account_name(&self) -> String {
        match self.backend_url.as_ref().or(self.base_url.as_ref()) {
            _ if self.sandbox => "sandbox".to_owned(),
            Some(url) => url.host_str().unwrap_or_default().to_owned(),
            None => "live".to_owned(),
        }
    }

    /// Where the mirror lies: an embedded account's goes with it.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--state-dir` when the platform has no place for it.
    pub fn mirror_place(&self) -> Result<MirrorPlace> {
        if self.sandbox { Ok(MirrorPlace::Temporary) } else { self.state_dir().map(MirrorPlace::In) }
    }

    /// The journal, unless it is turned off.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--state-dir` when the platform has no place for it.
    pub fn journal(&self) -> Result<Option<Journal>> {
        self.journal.then(|| Ok(Journal::new(self.state_dir()?, self.journal_max))).transpose()
    }

    /// The client's part of the settings.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn client(&self) -> Result<ClientConfig> {
        Ok(ClientConfig {
            urls: self.urls()?,
            scheme: self.scheme(),
            api_version: self.api_version.clone(),
            headers: self
                .headers
                .iter()
                .filter(|line| !line.trim().is_empty())
                .map(|line| header(line))
                .collect::<Result<_>>()?,
            rate_limit: self.rate_limit,
            rate_window: self.rate_window.map(Duration::from_secs),
            rate_share: self.rate_share,
            location: self.location_id.clone(),
            max_body: self.max_body,
            attempt_timeout: ATTEMPT.min(self.timeout() / 2),
        })
    }

    fn scheme(&self) -> Scheme {
        match self.spoken() {
            Api::Session => Scheme::TokenId,
            Api::Official => Scheme::Bearer,
        }
    }

    fn urls(&self) -> Result<ServiceUrls> {
        let common = match &self.base_url {
            Some(url) => url.clone(),
            None => default_base_url(self.scheme())?,
        };
        let own = |setting, url: &Option<Url>| match url {
            Some(url) => (setting, url.clone()),
            None => ("--base-url", common.clone()),
        };
        ServiceUrls::new(
            own("--backend-url", &self.backend_url),
            own("--location-url", &self.location_url),
            own("--page-builder-url", &self.page_builder_url),
        )
    }

    /// Where the credential comes from: --token-file, GHL_TOKEN_ID, GHL_TOKEN_FILE, the stored token.
    pub fn token_source(&self) -> TokenSource {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
        if let Some(token) = &self.given_token {
            return TokenSource::Value(token.clone(), "the embedded account");
        }
        if let Some(path) = &self.token_file {
            return TokenSource::File(path.clone());
        }
        if let Some(token) = variable("GHL_TOKEN_ID") {
            return TokenSource::Value(token_from(&token, "GHL_TOKEN_ID"), "GHL_TOKEN_ID");
        }
        match variable("GHL_TOKEN_FILE") {
            Some(path) => TokenSource::File(path.into()),
            None => TokenSource::Stored,
        }
    }
}

/// What a private integration token looks like.
fn is_private(token: &SecretString) -> bool {
    token.expose_secret().trim().starts_with("pit-")
}

fn max_answer(text: &str) -> Result<usize, String> {
    let bytes: Option<usize> = text.parse().ok();
    bytes.filter(|bytes| *bytes >= LEAST).ok_or_else(|| format!("a number of bytes, at least {LEAST}"))
}

fn header(line: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = || Error::invalid("--header", "--header takes NAME=VALUE, such as channel=APP.");
    let (name, value) = line.trim().split_once('=').ok_or_else(wrong)?;
    let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
    let value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
    Ok((name, value))
}
