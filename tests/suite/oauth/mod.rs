//! OAuth in server processes over the sandbox's official API: login, refreshes, kills, and that no secret is shown.

mod agency;
mod kills;
mod login;
mod processes;
mod scopes;
#[cfg(unix)]
mod stopped;

use crate::support::{Account, BINARY, Ran, run};
use highlevel_sandbox::SandboxConfig;
use serde_json::Value;
use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

pub(crate) const SECRET: &str = "sandbox-client-secret";

async fn account(ttl: u64) -> Account {
    let config = SandboxConfig { rate_limit: 100_000, daily_limit: 1_000_000, ..SandboxConfig::official() };
    Account::with(SandboxConfig { token_ttl: Duration::from_secs(ttl), ..config }).await
}

/// A command that knows the account only from the state directory.
fn command(account: &Account, state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("HOME", state).env("GHL_STATE_DIR", state).env("GHL_BASE_URL", account.url());
    command.env("GHL_LOG", "trace").args(arguments);
    command
}

async fn highlevel(account: &Account, state: &Path, arguments: &[&str]) -> Ran {
    run(command(account, state, arguments)).await
}

/// The login command, with the sandbox's consent page.
pub(crate) fn login_command(account: &Account, state: &Path, arguments: &[&str]) -> Command {
    let mut login = command(account, state, &["auth", "login", "--port", "0"]);
    login.env("GHL_CLIENT_ID", "sandbox-client").env("GHL_CLIENT_SECRET", SECRET).args(arguments);
    login.env("GHL_AUTHORIZE_URL", format!("{}/sandbox/oauth", account.url()));
    login
}

/// A login in progress: the consent page's address and the process.
pub(crate) struct Login {
    pub(crate) page: String,
    child: std::process::Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Login {
    pub(crate) async fn start(mut command: Command) -> Self {
        let start = move || {
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut lines = String::new();
            for _ in 0..2 {
                out.read_line(&mut lines).unwrap();
            }
            let page = lines.lines().nth(1).expect("the page's address").to_owned();
            Self { page, child, out }
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// The consent page's redirect.
    pub(crate) async fn agree(&self) -> String {
        let answer = browser().get(&self.page).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    pub(crate) async fn end(mut self) -> Ran {
        let end = move || {
            let (mut stdout, mut stderr) = (self.page, String::new());
            self.out.read_to_string(&mut stdout).unwrap();
            self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            Ran { code: self.child.wait().unwrap().code(), stdout, stderr }
        };
        tokio::task::spawn_blocking(end).await.unwrap()
    }
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) async fn visit(address: &str) -> (u16, String) {
    let answer = browser().get(address).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A complete login, as a person does it.
pub(crate) async fn log_in(account: &Account, state: &Path, arguments: &[&str]) -> Ran {
    let login = Login::start(login_command(account, state, arguments)).await;
    let back = login.agree().await;
    let (status, page) = visit(&back).await;
    let ran = login.end().await;
    assert_eq!((status, ran.code), (200, Some(0)), "{page} {ran:?}");
    ran
}

async fn live(account: &Account) -> u64 {
    account.stats().await["liveRefreshTokens"].as_u64().unwrap()
}

/// The number of token requests, whatever their result.
async fn asked(account: &Account) -> u64 {
    account.stats().await["byOperation"]["POST /oauth/token"].as_u64().unwrap_or(0)
}

async fn refreshes(account: &Account) -> u64 {
    account.stats().await["refreshes"].as_u64().unwrap()
}

/// Every secret in the account's requests: codes, refresh tokens, access tokens, the app's secret.
async fn secrets(account: &Account) -> HashSet<String> {
    let mut secrets = HashSet::from([SECRET.to_owned()]);
    for request in account.requests().await {
        if let Some(token) = request["headers"]["authorization"].as_str() {
            secrets.insert(token.trim_start_matches("Bearer ").to_owned());
        }
        for (name, value) in url::form_urlencoded::parse(request["body"].as_str().unwrap_or_default().as_bytes()) {
            if ["code", "refresh_token"].contains(&name.as_ref()) {
                secrets.insert(value.into_owned());
            }
        }
    }
    secrets
}

/// Checks that no secret is in the output or in any file but the store's.
fn nothing_shows(secrets: &HashSet<String>, state: &Path, said: &[&Ran]) {
    for ran in said {
        for secret in secrets {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "a secret shows: {ran:?}");
        }
    }
    for entry in fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(&entry).unwrap()).into_owned();
        let is_store = entry.file_name().unwrap().to_string_lossy().starts_with("state.db");
        assert!(is_store || !secrets.iter().any(|secret| text.contains(secret)), "{} holds a secret", entry.display());
    }
}

/// The refresh tokens that were used successfully, in order. Each may be used once.
async fn used(account: &Account) -> Vec<String> {
    let requests = account.requests().await;
    let of = |request: &Value| {
        let body = request["body"].as_str().unwrap_or_default().to_owned();
        url::form_urlencoded::parse(body.as_bytes())
            .find(|(name, _)| name == "refresh_token")
            .map(|(_, value)| value.into_owned())
    };
    requests.iter().filter(|request| request["path"] == "/oauth/token").filter_map(of).collect()
}

/// Prints a line for the person who runs the long tests.
fn tell(figures: &str) {
    std::io::stderr().write_all(format!("{figures}\n").as_bytes()).unwrap();
}
