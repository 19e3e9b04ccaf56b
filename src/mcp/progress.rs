//! Progress of a call that waits, told to hosts that asked for it.

use highlevel_core::context::CallContext;
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use std::time::Duration;
use tokio::{sync::watch, task::AbortHandle};

/// How often a waiting call says that it still waits, so that hosts which reset their clock on progress do so.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Sends a call's progress for as long as it lives. Sending never holds the call up: at the end of input, a call that
/// awaited its notifications would hang.
pub(super) struct Progress {
    task: Option<AbortHandle>,
}

impl Progress {
    /// The call's context, telling its progress to the host if the request carries a progress token.
    pub(super) fn of(request: &RequestContext<RoleServer>, context: CallContext) -> (Self, CallContext) {
        let Some(token) = request.meta.get_progress_token() else { return (Self { task: None }, context) };
        let (say, said) = watch::channel(String::new());
        let task = tokio::spawn(tell(request.peer.clone(), token, said)).abort_handle();
        let context = context.reporting_to(move |message| {
            say.send_replace(message.to_owned());
        });
        (Self { task: Some(task) }, context)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn tell(peer: Peer<RoleServer>, token: ProgressToken, mut said: watch::Receiver<String>) {
    let started = tokio::time::Instant::now();
    let mut last = 0.0;
    loop {
        if let Ok(Err(_)) = tokio::time::timeout(HEARTBEAT, said.changed()).await {
            return;
        }
        let message = said.borrow_and_update().clone();
        let message = if message.is_empty() { "still working".to_owned() } else { message };
        // Progress has to grow with each notification; seconds since the start do, and mean something.
        let progress = started.elapsed().as_secs_f64().max(last + 0.001);
        last = progress;
        let param = ProgressNotificationParam::new(token.clone(), progress).with_message(message);
        if peer.notify_progress(param).await.is_err() {
            return;
        }
    }
}
