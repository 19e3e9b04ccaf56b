//! The one error that leaves the library: a stable code, a sentence to act on, and when to come back.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;

/// What went wrong, as a word that scripts and models may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// An argument is missing, unknown, of the wrong type or out of range. No request was sent.
    InvalidArguments,
    /// The account has no such object.
    NotFound,
    /// No credential, or one that the API refuses.
    Unauthorized,
    /// The credential may not do this.
    Forbidden,
    /// The quota has no room before the call's deadline.
    RateLimited,
    /// The API answered with a failure or with something that cannot be read.
    UpstreamError,
    /// The API could not be reached.
    UpstreamUnreachable,
    /// The call's time ran out.
    Timeout,
    /// A write was sent and nobody can say whether it took effect.
    OutcomeUnknown,
    /// A person has to agree first.
    ConfirmationRequired,
    /// The confirmation does not fit: spent, expired, for other arguments, or the object changed.
    ConfirmationInvalid,
    /// A person was asked and did not agree.
    Declined,
    /// This server's settings forbid it.
    PolicyDenied,
    /// The object's state does not allow it.
    Conflict,
    /// The answer is larger than the setting allows.
    TooLarge,
    /// The caller cancelled.
    Cancelled,
    /// A fault of this program.
    Internal,
}

impl Code {
    /// The code as it stands in answers, such as `invalid_arguments`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArguments => "invalid_arguments",
            Self::NotFound => "not_found",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::Timeout => "timeout",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ConfirmationRequired => "confirmation_required",
            Self::ConfirmationInvalid => "confirmation_invalid",
            Self::Declined => "declined",
            Self::PolicyDenied => "policy_denied",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure, ready to be shown to a model or a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What kind of failure.
    pub code: Code,
    /// What was wrong and what to do, in one or two sentences. Never holds a secret.
    pub message: String,
    /// When trying again makes sense.
    pub retry_at: Option<DateTime<Utc>>,
    /// The argument at fault.
    pub field: Option<String>,
    /// Further members of the error object, such as `preview` and `confirmationToken`.
    pub details: Map<String, Value>,
}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this code with this message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_at: None, field: None, details: Map::new() }
    }

    /// `invalid_arguments` for one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut error = Self::new(Code::InvalidArguments, message);
        error.field = Some(field.into());
        error
    }

    /// The same error with the time at which trying again makes sense.
    #[must_use]
    pub fn retry_at(mut self, at: DateTime<Utc>) -> Self {
        self.retry_at = Some(at);
        self
    }

    /// The same error with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The error as answers carry it: `{"error": {"code", "message", "retryAt"?, "field"?, …}}`.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), self.code.as_str().into());
        error.insert("message".into(), self.message.clone().into());
        if let Some(at) = self.retry_at {
            // Whole seconds, rounded up: who comes back exactly then is not too early.
            let at = at.checked_add_signed(TimeDelta::milliseconds(999)).unwrap_or(at);
            error.insert("retryAt".into(), at.to_rfc3339_opts(SecondsFormat::Secs, true).into());
        }
        if let Some(field) = &self.field {
            error.insert("field".into(), field.clone().into());
        }
        error.extend(self.details.clone());
        json!({ "error": error })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}
