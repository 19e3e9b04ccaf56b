//! The rules of a fault plan.

use crate::operation::{Effect, OperationLabel};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultKind {
    /// The answer is delayed by this much.
    Latency(Duration),
    /// An error with this status.
    Status(u16),
    /// A 429 with `Retry-After`, in seconds or as a date.
    RetryAfter { seconds: u64, as_date: bool },
    /// A 502 with an HTML page, as proxies send it.
    Html,
    /// A 403 with an HTML page, as firewalls send it.
    Block,
    /// An error with this status that reports the path as unknown.
    NoRoute(u16),
    /// The connection ends without a byte of the answer.
    Drop,
    /// The connection ends without an answer, and the operation is performed this much later.
    Late(Duration),
    /// The connection ends before the whole `Content-Length` is sent.
    Truncate,
    /// A success whose body is truncated JSON.
    Malformed,
    /// A 302 to this address.
    Redirect(String),
    /// A success with a body of this many bytes, or an endless one.
    Huge(Option<u64>),
}

/// Which requests a rule applies to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultFilter {
    /// Every operation except the token refresh.
    Any,
    /// Operations with this effect.
    Effect(Effect),
    /// One operation: its own name, or the name of the session API's operation that does the same.
    Operation(&'static str),
}

impl FaultFilter {
    fn fits(&self, label: OperationLabel) -> bool {
        match self {
            Self::Any => label.effect != Effect::Refresh,
            Self::Effect(effect) => label.effect == *effect,
            Self::Operation(name) => label.name == *name || label.session_name == Some(name),
        }
    }
}

/// One rule of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaultRule {
    /// The word in the plan, under which the request log counts the fault.
    pub(crate) name: String,
    pub(crate) kind: FaultKind,
    /// Whether the operation is performed before the fault applies.
    pub(crate) after: bool,
    pub(crate) filter: FaultFilter,
    /// The id of the only location whose requests the rule applies to, or `agency`.
    pub(crate) owner: Option<String>,
    /// How many matching requests pass first.
    pub(crate) skip: u64,
    /// How many requests the rule affects at most.
    pub(crate) max_count: u64,
    /// The probability in percent.
    pub(crate) percent: f64,
}

impl FaultRule {
    /// Whether the rule applies to an operation in a request of this owner.
    pub(crate) fn fits(&self, label: OperationLabel, owner: &str) -> bool {
        self.filter.fits(label) && self.owner.as_deref().is_none_or(|only| only == owner)
    }
}
