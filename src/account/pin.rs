//! The location pin: a server that is told which account it may touch touches no other (`--location-id`).

use crate::{
    backend::Backend,
    context::CallContext,
    crm::{Invocation, locations::GetDefaultLocation},
    error::{Code, Error, Result},
};
use serde_json::Value;
use tokio::sync::Mutex;

#[derive(Debug)]
pub(super) struct Pin {
    location: Option<String>,
    /// The credential that was last found to belong to the location. Also makes waiting calls share one check.
    checked: Mutex<Option<u64>>,
}

impl Pin {
    pub(super) fn new(location: Option<String>) -> Self {
        Self { location, checked: Mutex::new(None) }
    }

    /// Compares the pinned id with that of `GET /location`, once per credential, before any other call.
    pub(super) async fn check(&self, backend: &Backend, context: &CallContext) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let mut checked = context.bound(self.checked.lock()).await?;
        if *checked == Some(backend.credential_generation()) {
            return Ok(());
        }
        let location = Invocation::of(&GetDefaultLocation {})?;
        let found = backend.run(&location, context).await.map_err(|failed| failed.error)?.value;
        match found.get("id").and_then(Value::as_str) {
            Some(id) if id == pinned => {
                // The answer may have come with a renewed credential, so the generation is read again.
                *checked = Some(backend.credential_generation());
                Ok(())
            }
            id => Err(Error::new(
                Code::PolicyDenied,
                format!(
                    "This server is held to location {pinned}, and the credential belongs to {}. Use that location's credential, or change --location-id.",
                    id.unwrap_or("another")
                ),
            )),
        }
    }
}
