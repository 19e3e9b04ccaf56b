//! The settings: flags, and the environment variables that stand for them. An empty variable counts as unset.

pub mod accounts;
pub mod clients;
mod credential;
mod narrower;
mod requests;
mod storage;
mod toml_file;

pub use narrower::Narrower;

use crate::{
    answer::{DEFAULT_MAX_BYTES, MIN_MAX_BYTES},
    api::Api,
    guard::{ConfirmMode, Policy, UnconfirmedCalls},
};
use clap::{ArgAction, Args, Command, builder::BoolishValueParser};
use highlevel_api_client::LoginView;
use highlevel_catalog::Toolset;
use highlevel_core::folders::{Folders, ReadFolders, WriteFolder};
use highlevel_store::CredentialName;
use secrecy::SecretString;
use std::{ffi::OsString, path::PathBuf, time::Duration};
use url::Url;

/// What separates the folders of a list, as in PATH.
const PATH_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// The settings that every subcommand takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Use the embedded account with sample data. It needs no credential and no network
    #[arg(long, global = true, env = "GHL_SANDBOX", value_parser = BoolishValueParser::new(), help_heading = "Account")]
    pub sandbox: bool,
    /// Which of HighLevel's APIs to use. Default: official for a private integration token (pit-…) or an OAuth login, else session
    #[arg(long, global = true, env = "GHL_API", value_enum, help_heading = "Account")]
    pub api: Option<Api>,
    /// Read the token from this file. GHL_TOKEN_ID holds the token itself, GHL_TOKEN_FILE a file. Default: what `auth set` or `auth login` stored
    #[arg(long, global = true, value_name = "PATH", help_heading = "Account")]
    pub token_file: Option<PathBuf>,
    /// Work only on this location, and refuse others. The official API requires it, unless an OAuth login is for one location
    #[arg(long, global = true, env = "GHL_LOCATION_ID", value_name = "ID", help_heading = "Account")]
    pub location_id: Option<String>,
    /// Work only with this account of accounts.toml, by name or location id. May be repeated. Default: all of them
    #[arg(long = "account", global = true, env = "GHL_ACCOUNT", value_name = "NAME", help_heading = "Account")]
    pub accounts: Vec<String>,
    /// The file of named accounts. Default: accounts.toml in the platform's configuration directory
    #[arg(long, global = true, env = "GHL_ACCOUNTS_FILE", value_name = "FILE", help_heading = "Account")]
    pub accounts_file: Option<PathBuf>,
    /// The file of the clients that may connect over HTTP. Default: clients.toml beside accounts.toml
    #[arg(long, global = true, env = "GHL_CLIENTS_FILE", value_name = "FILE", help_heading = "Account")]
    pub clients_file: Option<PathBuf>,
    /// Where refreshed tokens, pending confirmations, the journal and the mirror are kept. Default: the platform's data directory
    #[arg(long, global = true, env = "GHL_STATE_DIR", value_name = "DIR", help_heading = "Account")]
    pub state_dir: Option<PathBuf>,

    /// Offer only tools that change nothing
    #[arg(long, global = true, env = "GHL_READ_ONLY", value_parser = BoolishValueParser::new(), help_heading = "Guards")]
    pub read_only: bool,
    /// How a person confirms deletes, publishes, sends and grants of access
    #[arg(long, global = true, env = "GHL_CONFIRM", value_enum, default_value = "auto", help_heading = "Guards")]
    pub confirm: ConfirmMode,
    /// More tools that need a confirmation
    #[arg(
        long,
        global = true,
        env = "GHL_CONFIRM_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub confirm_tools: Vec<String>,
    /// Tools and operations that send or start, and that run without a confirmation within the ceilings of the next two. Each account has its own count, over all processes
    #[arg(
        long,
        global = true,
        env = "GHL_ALLOW_UNCONFIRMED",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub allow_unconfirmed: Vec<String>,
    /// How many of them may run in an hour. Beyond that a person is asked
    #[arg(long, global = true, env = "GHL_MAX_UNCONFIRMED_PER_HOUR", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Guards")]
    pub max_unconfirmed_per_hour: Option<u32>,
    /// How many of them may reach one recipient in a day. Beyond that a person is asked
    #[arg(long, global = true, env = "GHL_MAX_UNCONFIRMED_PER_RECIPIENT_DAY", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Guards")]
    pub max_unconfirmed_per_recipient_day: Option<u32>,
    /// Offer only these groups of tools, and list all of their tools. Without it, every tool may be called, and those for rare jobs are not listed
    #[arg(long, global = true, env = "GHL_TOOLSETS", value_enum, value_delimiter = ',', help_heading = "Guards")]
    pub toolsets: Vec<Toolset>,
    /// Offer only these tools
    #[arg(
        long,
        global = true,
        env = "GHL_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub tools: Vec<String>,
    /// Do not offer these tools
    #[arg(
        long,
        global = true,
        env = "GHL_EXCLUDE_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…",
        help_heading = "Guards"
    )]
    pub exclude_tools: Vec<String>,
    /// Forbid these operations, in every tool: names from search_operations, with `*` for any text, such as payments.*
    #[arg(
        long,
        global = true,
        env = "GHL_EXCLUDE_OPERATIONS",
        value_delimiter = ',',
        value_name = "PATTERN,…",
        help_heading = "Guards"
    )]
    pub exclude_operations: Vec<String>,
    /// Files in this folder and below it may be read: uploads, imports. May be repeated; the variable takes a list, separated as in PATH. Default: none
    #[arg(long = "read-dir", global = true, env = "GHL_READ_DIR", value_delimiter = PATH_SEPARATOR, value_name = "DIR", help_heading = "Guards")]
    pub read_dirs: Vec<PathBuf>,
    /// New files may be written in this folder: downloads, exports. No file in it is replaced. Default: none
    #[arg(long, global = true, env = "GHL_WRITE_DIR", value_name = "DIR", help_heading = "Guards")]
    pub write_dir: Option<PathBuf>,
    /// Allow webhooks with a private address
    #[arg(long, global = true, env = "GHL_ALLOW_PRIVATE_WEBHOOKS", value_parser = BoolishValueParser::new(), help_heading = "Guards")]
    pub allow_private_webhooks: bool,

    /// Record every write in the state directory before it is sent. A write that cannot be recorded is refused
    #[arg(long, global = true, env = "GHL_JOURNAL", value_parser = BoolishValueParser::new(), action = ArgAction::Set, value_name = "ON|OFF", default_value = "on", hide_possible_values = true, help_heading = "Journal")]
    pub journal: bool,
    /// Read an object before it is changed or deleted, so that the journal has its old values. Costs one request per call
    #[arg(long, global = true, env = "GHL_JOURNAL_BEFORE", value_parser = BoolishValueParser::new(), action = ArgAction::Set, value_name = "ON|OFF", default_value = "on", hide_possible_values = true, help_heading = "Journal")]
    pub journal_before: bool,
    /// Maximum size of the objects that the journal keeps from before and after writes. The oldest are removed first, none within a day
    #[arg(long, global = true, env = "GHL_JOURNAL_MAX", value_name = "BYTES", default_value_t = 1024 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(64 * 1024..), help_heading = "Journal")]
    pub journal_max: u64,
    /// How long the journal keeps these objects. What was written, when and by whom stays
    #[arg(long, global = true, env = "GHL_JOURNAL_IMAGES_DAYS", value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500), help_heading = "Journal")]
    pub journal_images_days: u32,

    /// Maximum seconds for one call, including the wait for the quota. Most hosts give up after 60
    #[arg(long, global = true, env = "GHL_TIMEOUT", value_name = "SECONDS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Requests")]
    pub timeout: u64,
    /// Requests per window. Default: what the API's responses say; before the first response 300, or 100 for the official API
    #[arg(long, global = true, env = "GHL_RATE_LIMIT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Requests")]
    pub rate_limit: Option<u32>,
    /// Length of the window in seconds. Default: what the API's responses say; before the first response 60, or 10 for the official API
    #[arg(long, global = true, env = "GHL_RATE_WINDOW", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Requests")]
    pub rate_window: Option<u64>,
    /// Share of the account's quota that this process may use. All processes that use the account share its quota
    #[arg(long, global = true, env = "GHL_RATE_SHARE", value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Requests")]
    pub rate_share: u32,
    /// Share of the account's quota that a question may use to read tables into the mirror. `sync` uses all that is free
    #[arg(long, global = true, env = "GHL_BULK_SHARE", value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Requests")]
    pub bulk_share: u32,
    /// Maximum size of one response of the API
    #[arg(long, global = true, env = "GHL_MAX_BODY", value_name = "BYTES", default_value_t = 8 * 1024 * 1024, help_heading = "Requests")]
    pub max_body: usize,
    /// Base URL of all services
    #[arg(long, global = true, env = "GHL_BASE_URL", value_name = "URL", help_heading = "Requests")]
    pub base_url: Option<Url>,
    /// Base URL of the Backend API
    #[arg(long, global = true, env = "GHL_BACKEND_URL", value_name = "URL", help_heading = "Requests")]
    pub backend_url: Option<Url>,
    /// Base URL of the Location API
    #[arg(long, global = true, env = "GHL_LOCATION_URL", value_name = "URL", help_heading = "Requests")]
    pub location_url: Option<Url>,
    /// Base URL of the Page Builder
    #[arg(long, global = true, env = "GHL_PAGE_BUILDER_URL", value_name = "URL", help_heading = "Requests")]
    pub page_builder_url: Option<Url>,
    /// Base URL of the API System. No operation uses it
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
    /// A header for every request. May be repeated
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

    /// Maximum size of one result. Longer lists continue at an offset; longer texts are cut, and the result says so
    #[arg(long, global = true, env = "GHL_MAX_ANSWER", value_name = "BYTES", default_value_t = DEFAULT_MAX_BYTES, value_parser = max_answer, help_heading = "Output")]
    pub max_answer: usize,
    /// What to log to stderr: error, warn, info, debug, trace, or a list such as `warn,highlevel_store=debug`
    #[arg(
        long,
        global = true,
        env = "GHL_LOG",
        value_name = "FILTER",
        default_value = "warn",
        help_heading = "Output"
    )]
    pub log: String,

    /// The embedded account's token. It comes before every other source.
    #[arg(skip)]
    pub given_token: Option<SecretString>,
    /// The name of the account that these settings are for, where it has one.
    #[arg(skip)]
    pub account_name: Option<String>,
    /// The client over HTTP that these settings are for, where its entry says which accounts it may use.
    #[arg(skip)]
    pub client_accounts: Option<clients::ClientAccounts>,
    /// The name of the stored credential.
    #[arg(skip)]
    pub credential: CredentialName,
    /// This program's file, which is started again as the process that runs SQL.
    #[arg(skip)]
    pub program: Option<PathBuf>,
    /// The official API's operations, where they are not those of every build.
    #[arg(skip)]
    pub registry: Option<&'static crate::api::Registry>,
    /// The OAuth login, if that is the credential. [`Settings::resolve_api`] sets it.
    #[arg(skip)]
    pub login: Option<LoginView>,
}

/// The command and its subcommands without the environment variables that are set but empty.
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

    /// The folders that files may be read from and written in.
    pub fn folders(&self) -> Folders {
        Folders { read: ReadFolders::new(self.read_dirs.clone()), write: WriteFolder::new(self.write_dir.clone()) }
    }

    /// Which tools are available, and which need a confirmation.
    pub fn policy(&self) -> Policy {
        let lists_all = self.toolsets.contains(&Toolset::All);
        Policy {
            lists_all,
            read_only: self.read_only,
            toolsets: if lists_all { Vec::new() } else { self.toolsets.clone() },
            tools: self.tools.clone(),
            exclude_tools: self.exclude_tools.clone(),
            exclude_operations: self.exclude_operations.clone(),
            confirm: self.confirm,
            confirm_tools: self.confirm_tools.clone(),
            unconfirmed: UnconfirmedCalls {
                names: self.allow_unconfirmed.clone(),
                per_hour: self.max_unconfirmed_per_hour,
                per_recipient_day: self.max_unconfirmed_per_recipient_day,
            },
        }
    }
}

fn max_answer(text: &str) -> Result<usize, String> {
    let bytes: Option<usize> = text.parse().ok();
    bytes
        .filter(|bytes| *bytes >= MIN_MAX_BYTES)
        .ok_or_else(|| format!("must be a number of bytes, at least {MIN_MAX_BYTES}"))
}
