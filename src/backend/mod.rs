//! Runs an operation on an API. Above this everything speaks operations; below it, requests.

mod document;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use crate::{
    client::{Client, QuotaView, SendError, ServerTime},
    context::CallContext,
    crm::{Entry, Invocation},
    error::Result,
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::borrow::Cow;

/// An operation's answer, in the shape that its output schema promises.
#[derive(Debug, Clone)]
pub struct Done {
    /// The answer.
    pub value: Value,
    /// When the request that got it was sent, by this machine's clock.
    pub sent_at: DateTime<Utc>,
}

/// An API that runs operations.
#[derive(Debug, Clone)]
pub struct Backend {
    client: Client,
}

impl Backend {
    /// The document's API, reached through `client`.
    pub fn document(client: Client) -> Self {
        Self { client }
    }

    /// Whether this API has the operation.
    pub fn has(&self, _entry: &Entry) -> bool {
        true
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// What went wrong, with what is known of the effect.
    pub async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let request = document::request(invocation).map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await?;
        let sent_at = response.sent_at;
        match document::answer(invocation, response) {
            Ok(value) => Ok(Done { value, sent_at }),
            Err((error, fate)) => Err(SendError { error, fate, sent_at: Some(sent_at) }),
        }
    }

    /// What the API's clock may have shown at a moment of this machine's.
    pub fn server_time_at(&self, local: DateTime<Utc>) -> Option<ServerTime> {
        self.client.server_time_at(local)
    }

    /// The text with every credential that the client has held replaced.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.client.scrub(text)
    }

    /// The quota as it stands.
    pub fn quota(&self) -> QuotaView {
        self.client.quota()
    }

    /// What the account is called among everything that this machine keeps: its address with the pinned location, else
    /// with the first of the credentials.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn account(&self) -> Result<String> {
        self.client.account().await
    }

    /// A number that changes with each new credential.
    pub fn credential_generation(&self) -> u64 {
        self.client.token_generation()
    }
}
