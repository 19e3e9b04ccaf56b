//! Telling the operator that something waits on the page: by a webhook or a command, without content.

use crate::runtime::Runtime;
use highlevel_catalog::text::WebhookUrl;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::kill_group;
use serde_json::{Map, Value, json};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long a webhook or a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The pauses before it is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The least time from one notice to the next. One notice announces all requests that came in between.
const INTERVAL: Duration = Duration::from_secs(3);

/// How often requests are looked for that other processes of the state directory put there, and that nobody was told of.
const LOOK: Duration = Duration::from_secs(30);

/// What the variables of this server begin with. A command gets none of them, since some hold credentials, but for the
/// state directory, which `highlevel-mcp approvals` needs.
const OWN: &str = "GHL_";
const STATE_DIR: &str = "GHL_STATE_DIR";

/// Where new requests on the approval page are told of.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct NotifyOptions {
    /// Tell this webhook (https://…) or command of new requests on the approval page. They get a JSON object without content: how many wait, and where the page is
    #[arg(long, env = "GHL_NOTIFY", value_name = "URL|COMMAND")]
    notify: Option<String>,
    /// Name the accounts to it, too
    #[arg(long, env = "GHL_NOTIFY_ACCOUNTS", requires = "notify", value_parser = clap::builder::BoolishValueParser::new(), action = clap::ArgAction::SetTrue)]
    notify_accounts: bool,
}

/// What tells the operator.
#[derive(Debug, Clone)]
pub struct Notifier {
    target: Target,
    names_accounts: bool,
}

#[derive(Debug, Clone)]
enum Target {
    Webhook(Url),
    /// A program and its arguments.
    Command(String, Vec<String>),
}

impl NotifyOptions {
    /// What tells the operator, if they want to be told.
    ///
    /// # Errors
    /// `invalid_arguments` for a webhook that our webhooks may not have.
    pub fn notifier(&self, allow_private: bool) -> Result<Option<Notifier>> {
        let Some(text) = self.notify.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        let is_web = ["https://", "http://"].iter().any(|scheme| text.to_lowercase().starts_with(scheme));
        let target = if is_web { Target::Webhook(webhook(text, allow_private)?) } else { command(text)? };
        Ok(Some(Notifier { target, names_accounts: self.notify_accounts }))
    }
}

fn webhook(text: &str, allow_private: bool) -> Result<Url> {
    let wrong = |why: String| Error::invalid("--notify", format!("--notify {why}."));
    let url: Url = text.parse().map_err(|fault| wrong(format!("is no URL: {fault}")))?;
    // Plain http is for what is on this machine or beside it.
    let as_https = text.split_once("://").map_or(String::new(), |(_, rest)| format!("https://{rest}"));
    let checked: WebhookUrl = as_https.parse().map_err(wrong)?;
    match (checked.is_private(), url.scheme()) {
        (true, _) if !allow_private => {
            Err(wrong("has a private address. Allow that with --allow-private-webhooks".to_owned()))
        }
        (false, "http") => Err(wrong("must be an https URL, such as https://example.com/hook".to_owned())),
        _ => Ok(url),
    }
}

fn command(text: &str) -> Result<Target> {
    let mut words = text.split_whitespace().map(str::to_owned);
    let program = words.next().ok_or_else(|| Error::invalid("--notify", "--notify names no command."))?;
    Ok(Target::Command(program, words.collect()))
}

impl Notifier {
    /// Tells of new requests until `closing` is cancelled, one notice at a time: those of an earlier process at once.
    pub async fn run(self, runtime: Arc<Runtime>, closing: CancellationToken) {
        let telling = async {
            loop {
                match self.tell_of_new(&runtime).await {
                    Ok(false) => {}
                    Ok(true) => tokio::time::sleep(INTERVAL).await,
                    Err(error) => {
                        tracing::warn!(
                            "--notify: nobody was told of what waits on the approval page: {}",
                            error.message
                        );
                        tokio::time::sleep(INTERVAL).await;
                    }
                }
                tokio::select! {
                    () = runtime.approval_page().asked() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        // A command under way ends with the server.
        tokio::select! {
            () = telling => {}
            () = closing.cancelled() => {}
        }
    }

    /// Tells of requests that nobody was told of. `false` without any. A process that is killed before it has told leaves
    /// this to the next one, which may tell twice.
    async fn tell_of_new(&self, runtime: &Runtime) -> Result<bool> {
        let new = runtime.store().untold_page_requests().await?;
        if new.is_empty() {
            return Ok(false);
        }
        self.tell(runtime).await?;
        runtime.store().told_of_page_requests(new).await?;
        Ok(true)
    }

    async fn tell(&self, runtime: &Runtime) -> Result<()> {
        let notice = self.notice(runtime).await?.to_string();
        let mut pauses = PAUSES.into_iter();
        loop {
            let told = match &self.target {
                Target::Webhook(url) => post(runtime, url, notice.clone()).await,
                Target::Command(program, words) => run(program, words, &notice).await,
            };
            match (told, pauses.next()) {
                (Err(_), Some(pause)) => tokio::time::sleep(pause).await,
                (told, _) => return told,
            }
        }
    }

    /// How many requests wait, for which accounts if that may be said, and where.
    async fn notice(&self, runtime: &Runtime) -> Result<Value> {
        let waits = |request: &highlevel_store::Approval| request.approved_at.is_none() && request.spent_at.is_none();
        let waiting: Vec<_> = runtime.store().page_requests().await?.into_iter().filter(waits).collect();
        let mut notice = Map::new();
        notice.insert("event".to_owned(), "approvals_waiting".into());
        notice.insert("waiting".to_owned(), waiting.len().into());
        if let Some(url) = runtime.approval_page().url() {
            notice.insert("page".to_owned(), url.into());
        }
        if self.names_accounts {
            let mut names: Vec<String> = waiting.into_iter().filter_map(|request| request.asked.call?.label).collect();
            names.sort();
            names.dedup();
            notice.insert("accounts".to_owned(), json!(names));
        }
        Ok(notice.into())
    }
}

async fn post(runtime: &Runtime, url: &Url, notice: String) -> Result<()> {
    let status = runtime.connections().post_json(url, notice, TIMEOUT).await?;
    match status {
        200..=299 => Ok(()),
        status => Err(Error::new(Code::UpstreamError, format!("The webhook answered with status {status}."))),
    }
}

/// A command under way, which is killed with all that it started unless it ends by itself.
struct Running {
    leader: Option<u32>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            kill_group(leader);
        }
    }
}

async fn run(program: &str, words: &[String], notice: &str) -> Result<()> {
    let failed = |why: String| Error::new(Code::Internal, format!("The command {program} {why}."));
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with(OWN) && name != STATE_DIR) {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|fault| failed(format!("cannot be started: {fault}")))?;
    let mut running = Running { leader: child.id() };
    let ended = tokio::time::timeout(TIMEOUT, async {
        if let Some(mut input) = child.stdin.take() {
            // A command that does not read its input is none the worse.
            drop(input.write_all(notice.as_bytes()).await);
        }
        child.wait().await
    });
    let ended = ended.await;
    if ended.is_ok() {
        running.leader = None;
    }
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(format!("failed with {status}"))),
        Ok(Err(fault)) => Err(failed(format!("cannot be waited for: {fault}"))),
        Err(_) => Err(failed("took too long".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_keep_to_the_rules_of_all_webhooks() {
        let of = |text: &str, allow_private| {
            let options = NotifyOptions { notify: Some(text.to_owned()), notify_accounts: false };
            options.notifier(allow_private)
        };
        assert!(of("https://example.com/hook", false).unwrap().is_some());
        assert!(of("http://127.0.0.1:9/hook", true).unwrap().is_some());
        assert!(
            matches!(of("/bin/notify --now", false).unwrap().unwrap().target, Target::Command(_, words) if words == ["--now"])
        );
        for wrong in ["http://127.0.0.1:9/hook", "https://localhost/hook", "https://10.0.0.1/x"] {
            assert!(of(wrong, false).unwrap_err().message.contains("--allow-private-webhooks"), "{wrong}");
        }
        for wrong in ["http://example.com/hook", "https://user@example.com/", "HTTP://example.com"] {
            assert_eq!(of(wrong, true).unwrap_err().field.as_deref(), Some("--notify"), "{wrong}");
        }
    }
}
