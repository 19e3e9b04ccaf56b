//! A host: rmcp's own client, with the server as its child process.

use super::{Account, Agency, Api, command, watch::Watch};
use clap::{Args, Command, FromArgMatches, builder::Resettable};
use highlevel_mcp::{
    api::{self, Registry},
    mcp::{Server, transport::LineTransport},
    runtime::Runtime,
    settings::Settings,
};
use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult,
        ElicitationAction, ElicitationCapability, Implementation, JsonObject, ProtocolVersion,
        UrlElicitationCapability,
    },
    service::{ClientLifecycleMode, ClientServiceExt, RequestContext, RunningService, ServiceError},
    transport::{IntoTransport, TokioChildProcess},
};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The hosts of tests as they name themselves, in the journal and in changes.
pub const CLIENT: &str = "test-host 1";

/// The protocol that the host uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: `server/discover` and multi-round-trip input.
    Modern,
    /// 2025-11-25 with the `initialize` handshake.
    Handshake,
    /// 2025-06-18 with the `initialize` handshake.
    Older,
}

/// The person at the host.
#[derive(Debug, Clone)]
pub enum Person {
    /// No person: the host announces no elicitation.
    Absent,
    /// A person who answers every form like this.
    Answers(ElicitResult),
    /// A host that opens pages and has no forms. The person goes to every page.
    Opens,
    /// The same host. The person goes to none.
    OpensNothing,
    /// A host that announces forms and never shows them. From the first form on, the test's clock is paused and jumps to
    /// the next timer.
    Silent,
}

impl Person {
    pub fn agrees() -> Self {
        Self::Answers(ElicitResult::new(ElicitationAction::Accept).with_content(json!({"confirm": true})))
    }

    pub fn declines() -> Self {
        Self::Answers(ElicitResult::new(ElicitationAction::Decline))
    }
}

/// The client's handler: answers forms and records them.
#[derive(Clone)]
pub struct Handler {
    era: Era,
    person: Person,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let capabilities = match self.person {
            Person::Absent => ClientCapabilities::default(),
            Person::Opens | Person::OpensNothing => {
                let pages = ElicitationCapability::default().with_url(UrlElicitationCapability::default());
                let mut capabilities = ClientCapabilities::default();
                capabilities.elicitation = Some(pages);
                capabilities
            }
            _ => ClientCapabilities::builder().enable_elicitation().build(),
        };
        let info = ClientConfig::new(capabilities, Implementation::new("test-host", "1"));
        info.with_protocol_version(match self.era {
            Era::Modern => ProtocolVersion::V_2026_07_28,
            Era::Handshake => ProtocolVersion::V_2025_11_25,
            Era::Older => ProtocolVersion::V_2025_06_18,
        })
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.asked.lock().unwrap().push(serde_json::to_value(&request).unwrap());
        match &self.person {
            Person::Answers(answer) => Ok(answer.clone()),
            Person::Opens => Ok(ElicitResult::new(ElicitationAction::Accept)),
            Person::OpensNothing => Ok(ElicitResult::new(ElicitationAction::Decline)),
            Person::Silent | Person::Absent => {
                tokio::time::pause();
                std::future::pending().await
            }
        }
    }
}

/// A session with its own server process.
pub struct Host {
    pub session: RunningService<RoleClient, Handler>,
    asked: Arc<Mutex<Vec<Value>>>,
    watch: Watch,
    pub state: TempDir,
}

impl Host {
    /// A host without elicitation, over the newest protocol.
    pub async fn new(account: &Account, flags: &[&str]) -> Self {
        Self::with(account, flags, Era::Modern, Person::Absent).await
    }

    pub async fn with(account: &Account, flags: &[&str], era: Era, person: Person) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut command = command(account, state.path());
        command.args(flags);
        Self::start(command, state, era, person).await
    }

    /// A host that starts this command.
    pub async fn start(mut command: std::process::Command, state: TempDir, era: Era, person: Person) -> Self {
        let watch = Watch::logging(&mut command);
        let log = watch.reopened();
        let server = TokioChildProcess::builder(tokio::process::Command::from(command)).stderr(log);
        let (transport, _) = server.spawn().unwrap();
        Self::attach(transport, watch, state, era, person).await
    }

    /// A host with a server in this process over the server's own transport, for tests that control the clock.
    pub async fn in_process(account: &Account, era: Era, person: Person) -> Self {
        let state = tempfile::tempdir().unwrap();
        let closing = CancellationToken::new();
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (read, write) = tokio::io::split(theirs);
        let transport = LineTransport::new(read, write, closing.clone());
        let settings = settings(account, state.path(), None, &[]);
        let server = Server::new(Arc::new(Runtime::new(&settings).unwrap()), closing).unwrap();
        tokio::spawn(async move { rmcp::serve_server(server, transport).await.unwrap().waiting().await });
        let watch = Watch::in_process(account.token(), state.path());
        Self::attach(ours, watch, state, era, person).await
    }

    /// The same over one of rmcp's transports, which is independent of this server.
    pub async fn in_memory(account: &Account, era: Era, person: Person) -> Self {
        Self::of_registry(account, era, person, None).await
    }

    /// The same with these operations of the official API.
    pub async fn of_registry(account: &Account, era: Era, person: Person, registry: Option<&'static Registry>) -> Self {
        let state = tempfile::tempdir().unwrap();
        let settings = settings(account, state.path(), registry, &[]);
        Self::of_settings(account, settings, state, era, person).await
    }

    /// The same with operations of the official API, these flags, and a state directory that others share.
    pub async fn sharing(
        account: &Account,
        shared: &Path,
        registry: &'static Registry,
        flags: &[&str],
        person: Person,
    ) -> Self {
        let settings = settings(account, shared, Some(registry), flags);
        Self::of_settings(account, settings, tempfile::tempdir().unwrap(), Era::Modern, person).await
    }

    /// The same with the several accounts of an agency.
    pub async fn of_agency(agency: &Agency, registry: &'static Registry, flags: &[&str]) -> Self {
        let settings = Settings {
            state_dir: Some(agency.state.path().to_owned()),
            accounts_file: Some(agency.file()),
            api: Some(api::Api::Official),
            registry: Some(registry),
            ..settings_of(flags)
        };
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let runtime = Runtime::start(&settings).await.unwrap();
        let server = Server::new(Arc::new(runtime), CancellationToken::new()).unwrap();
        tokio::spawn(async move { rmcp::serve_server(server, theirs).await.unwrap().waiting().await });
        let own = tempfile::tempdir().unwrap();
        let watch = Watch::in_process(agency.accounts[0].1.token(), own.path());
        Self::attach(ours, watch, own, Era::Modern, Person::Absent).await
    }

    async fn of_settings(account: &Account, settings: Settings, own: TempDir, era: Era, person: Person) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let server = Server::new(Arc::new(Runtime::new(&settings).unwrap()), CancellationToken::new()).unwrap();
        tokio::spawn(async move { rmcp::serve_server(server, theirs).await.unwrap().waiting().await });
        let watch = Watch::in_process(account.token(), own.path());
        Self::attach(ours, watch, own, era, person).await
    }

    async fn attach<E: std::error::Error + Send + Sync + 'static, A>(
        transport: impl IntoTransport<RoleClient, E, A>,
        watch: Watch,
        state: TempDir,
        era: Era,
        person: Person,
    ) -> Self {
        let asked = Arc::default();
        let handler = Handler { era, person, asked: Arc::clone(&asked) };
        let lifecycle = match era {
            Era::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
            Era::Handshake | Era::Older => ClientLifecycleMode::Initialize,
        };
        let session = handler.serve_with_lifecycle(transport, lifecycle).await.unwrap();
        Self { session, asked, watch, state }
    }

    /// Calls a tool. The person answers forms and input requests.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        self.try_call(tool, arguments).await.unwrap()
    }

    pub async fn try_call(&self, tool: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        let result = self.session.call_tool(params(tool, arguments)).await;
        result.iter().for_each(|result| self.watch.said(&serde_json::to_value(result).unwrap()));
        result
    }

    /// Calls a tool that must succeed, and returns its answer.
    pub async fn answer(&self, tool: &'static str, arguments: Value) -> Value {
        structured(&self.call(tool, arguments).await)
    }

    /// Calls a tool that must fail, and returns the object under `error`.
    pub async fn error(&self, tool: &'static str, arguments: Value) -> Value {
        error_of(&self.call(tool, arguments).await)
    }

    /// The forms that the person was shown.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

/// The settings of these flags for an account, independent of the environment.
fn settings(account: &Account, state: &Path, registry: Option<&'static Registry>, flags: &[&str]) -> Settings {
    Settings {
        base_url: Some(account.url().parse().unwrap()),
        given_token: Some(account.token().into()),
        state_dir: Some(state.to_owned()),
        api: Some(match account.api() {
            Api::Session => api::Api::Session,
            Api::Official => api::Api::Official,
        }),
        location_id: account.location(),
        registry,
        ..settings_of(flags)
    }
}

/// The settings of a command line without flags, whatever this machine's environment says.
pub fn default_settings() -> Settings {
    settings_of(&[])
}

fn settings_of(flags: &[&str]) -> Settings {
    let known = Settings::augment_args(Command::new("server")).mut_args(|argument| argument.env(Resettable::Reset));
    Settings::from_arg_matches(&known.get_matches_from([&["server"], flags].concat())).unwrap()
}

pub fn params(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    let arguments: JsonObject = serde_json::from_value(arguments).unwrap();
    CallToolRequestParams::new(tool).with_arguments(arguments)
}

/// A result's structured content, after a check that its text is the same JSON.
pub fn structured(result: &CallToolResult) -> Value {
    assert_ne!(result.is_error, Some(true), "an error: {:?}", result.content);
    let value = result.structured_content.clone().expect("structured content");
    let text = &result.content[0].as_text().expect("a text block").text;
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value, "text and structured content differ");
    value
}

/// A result's error: one text block of JSON, without structured content.
pub fn error_of(result: &CallToolResult) -> Value {
    assert_eq!(result.is_error, Some(true), "no error: {:?}", result.content);
    assert!(result.structured_content.is_none(), "an error has no structured content");
    assert_eq!(result.content.len(), 1);
    let text = &result.content[0].as_text().expect("a text block").text;
    serde_json::from_str::<Value>(text).unwrap()["error"].clone()
}
