//! The server's own log for hosts that ask for it (`logging/setLevel`, before 2026-07-28): what happens to the server, in a few
//! words, and nothing of what it works on.

#![expect(deprecated, reason = "revisions before 2026-07-28 have it")]

use highlevel_core::clean;
use highlevel_store::hide_tokens;
use rmcp::{
    RoleServer,
    model::{LoggingLevel, LoggingMessageNotificationParam},
    service::Peer,
};
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

/// The most records that wait for a host. A host that does not take them misses some.
const WAITING: usize = 64;

/// The most characters of a record.
const CHARS: usize = 200;

/// The least time between two records for a host.
const PACE: Duration = Duration::from_millis(100);

/// The records' name for where they are from.
const LOGGER: &str = "highlevel-mcp";

/// One record.
#[derive(Debug, Clone)]
struct LogRecord {
    level: Level,
    text: String,
}

static RECORDS: OnceLock<broadcast::Sender<LogRecord>> = OnceLock::new();

fn records() -> &'static broadcast::Sender<LogRecord> {
    RECORDS.get_or_init(|| broadcast::channel(WAITING).0)
}

/// The layer of this process's log that hosts can ask for: the server's own records of level info and above.
pub fn host_log<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    HostLog.with_filter(Targets::new().with_target("highlevel", Level::INFO))
}

struct HostLog;

impl<S: Subscriber> Layer<S> for HostLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let sender = records();
        if sender.receiver_count() == 0 {
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        // After the colon comes the reason, which may quote what the account holds.
        let text = message.0.split(": ").next().unwrap_or_default();
        let text = clean::line(&hide_tokens(text), CHARS);
        // Nobody may listen any more.
        drop(sender.send(LogRecord { level: *event.metadata().level(), text }));
    }
}

/// An event's message.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// The least level that a host wants, as a number; 0 for none.
#[derive(Debug, Default)]
pub(super) struct LogLevel(AtomicU8);

impl LogLevel {
    /// Sets the level. Returns whether there was none.
    pub(super) fn set(&self, level: LoggingLevel) -> bool {
        let level = match level {
            LoggingLevel::Debug | LoggingLevel::Info => 3,
            LoggingLevel::Notice | LoggingLevel::Warning => 2,
            // The server has nothing above an error.
            _ => 1,
        };
        self.0.swap(level, Ordering::Relaxed) == 0
    }

    fn wants(&self, level: Level) -> bool {
        let rank = match level {
            Level::ERROR => 1,
            Level::WARN => 2,
            _ => 3,
        };
        rank <= self.0.load(Ordering::Relaxed)
    }
}

/// Sends the records that a session wants until it ends.
pub(super) async fn tell_session(
    level: Arc<LogLevel>,
    peer: Peer<RoleServer>,
    ended: CancellationToken,
    closing: CancellationToken,
) {
    let mut records = records().subscribe();
    loop {
        let record = tokio::select! {
            record = records.recv() => record,
            () = ended.cancelled() => return,
            () = closing.cancelled() => return,
        };
        let record = match record {
            Ok(record) if level.wants(record.level) => record,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let severity = match record.level {
            Level::ERROR => LoggingLevel::Error,
            Level::WARN => LoggingLevel::Warning,
            _ => LoggingLevel::Info,
        };
        let mut message = LoggingMessageNotificationParam::new(severity, record.text.into());
        message.logger = Some(LOGGER.to_owned());
        if peer.notify_logging_message(message).await.is_err() {
            return;
        }
        tokio::time::sleep(PACE).await;
    }
}
