//! The error of every layer: a stable code, a message to act on, when to try again, and its cause.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{error::Error as StdError, fmt, sync::Arc};

/// The kind of a failure, as a word that scripts and models may rely on.
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

/// What an [`Error`] came of. Clones share it.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// A failure, ready to be shown to a model or a person.
///
/// Two errors are equal if they look the same from outside: their causes do not count.
#[derive(Debug, Clone)]
pub struct Error {
    /// The kind of failure.
    pub code: Code,
    /// What was wrong and what to do, in one or two sentences. Never holds a secret.
    pub message: String,
    /// When trying again makes sense.
    pub retry_at: Option<DateTime<Utc>>,
    /// The argument at fault.
    pub field: Option<String>,
    /// Further members of the error object, such as `preview` and `confirmationToken`.
    pub details: Map<String, Value>,
    /// The cause, for logs and terminals: answers do not carry it. Never holds a secret either.
    pub cause: Option<Cause>,
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let Self { code, message, retry_at, field, details, cause: _ } = self;
        (code, message, retry_at, field, details)
            == (&other.code, &other.message, &other.retry_at, &other.field, &other.details)
    }
}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this code with this message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_at: None, field: None, details: Map::new(), cause: None }
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

    /// The same error with its cause, whose text must not hold a secret.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The texts of the causes, the nearest first, without those that the message or a nearer cause quotes already.
    pub fn causes(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            let is_quoted = self.message.contains(&text) || texts.iter().any(|nearer| nearer.contains(&text));
            if !is_quoted {
                texts.push(text);
            }
            next = cause.source();
        }
        texts
    }

    /// The error as answers carry it: `{"error": {"code", "message", "retryAt"?, "field"?, …}}`.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), self.code.as_str().into());
        error.insert("message".into(), self.message.clone().into());
        if let Some(at) = self.retry_at {
            // Whole seconds, rounded up, so that a retry at exactly that time is not too early.
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

/// `{}` is the code and the message; `{:#}` adds the causes, for logs.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if f.alternate() {
            self.causes().iter().try_for_each(|cause| write!(f, " Caused by: {cause}"))?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn error() -> Error {
        Error::new(Code::Internal, "The file cannot be read: no space left.")
    }

    #[test]
    fn a_cause_is_kept_and_does_not_change_what_leaves() {
        let with = error().caused_by(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
        let source = with.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
        assert_eq!(source, Some(io::ErrorKind::StorageFull));
        assert_eq!((with.clone(), with.to_json(), with.to_string()), (error(), error().to_json(), error().to_string()));
    }

    #[test]
    fn causes_are_listed_once_each() {
        let inner = Error::new(Code::Internal, "device 7 is gone").caused_by(io::Error::other("device 7"));
        let with = error().caused_by(inner);
        assert_eq!(with.causes(), ["internal: device 7 is gone"]);
        assert_eq!(format!("{with:#}"), format!("{} Caused by: internal: device 7 is gone", error()));
        assert!(error().caused_by("no space left").causes().is_empty(), "the message says it already");
    }
}
