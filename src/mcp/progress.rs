//! Progress notifications of a call that waits, for hosts that ask for them.

use highlevel_core::context::CallContext;
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use std::time::Duration;
use tokio::{sync::watch, task::AbortHandle};

/// How often a waiting call repeats its progress. Hosts that restart their timeout on progress keep waiting.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Sends a call's progress until it is dropped. It sends from a task of its own: a call that awaited its notifications
/// would hang at the end of input.
pub(super) struct Progress {
    reports: watch::Sender<String>,
    task: Option<AbortHandle>,
}

impl Progress {
    /// The progress for the host, if the request has a progress token.
    pub(super) fn start(request: &RequestContext<RoleServer>) -> Self {
        let (reports, reported) = watch::channel(String::new());
        let token = request.meta.get_progress_token();
        let task = token.map(|token| tokio::spawn(notify(request.peer.clone(), token, reported)).abort_handle());
        Self { reports, task }
    }

    /// The context, which reports to the host if that asked for it.
    pub(super) fn watch(&self, context: CallContext) -> CallContext {
        if self.task.is_some() { self.watch_and(context, |_| {}) } else { context }
    }

    /// The context, which reports to the host and to `other`.
    pub(super) fn watch_and(&self, context: CallContext, other: impl Fn(&str) + Send + Sync + 'static) -> CallContext {
        let reports = self.reports.clone();
        context.reporting_to(move |message| {
            reports.send_replace(message.to_owned());
            other(message);
        })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn notify(peer: Peer<RoleServer>, token: ProgressToken, mut reported: watch::Receiver<String>) {
    let started = tokio::time::Instant::now();
    let mut last = 0.0;
    loop {
        if let Ok(Err(_)) = tokio::time::timeout(HEARTBEAT, reported.changed()).await {
            return;
        }
        let message = reported.borrow_and_update().clone();
        let message = if message.is_empty() { "still working".to_owned() } else { message };
        // The protocol wants a number that grows: the seconds since the start.
        let progress = started.elapsed().as_secs_f64().max(last + 0.001);
        last = progress;
        let param = ProgressNotificationParam::new(token.clone(), progress).with_message(message);
        if peer.notify_progress(param).await.is_err() {
            return;
        }
    }
}
