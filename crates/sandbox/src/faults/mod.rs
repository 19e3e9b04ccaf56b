//! Faults: a plan of what goes wrong and for which requests, parsed from the words of `--fault`.
//!
//! Builds without the feature `faults` know the plan that injects nothing, and refuse every other.

#[cfg(feature = "faults")]
mod inject;
#[cfg(feature = "faults")]
mod parse;
#[cfg(feature = "faults")]
mod respond;
#[cfg(feature = "faults")]
mod rule;

#[cfg(feature = "faults")]
pub(crate) use {
    inject::{DrawnFaults, FaultInjector},
    respond::serve,
};

use std::fmt;

/// A fault plan: the value of `--fault`, parsed. The default injects nothing. [`FaultPlan::HELP`] describes the words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    #[cfg(feature = "faults")]
    pub(crate) rules: Vec<rule::FaultRule>,
}

impl FaultPlan {
    /// The words of a plan, as `--help` shows them.
    pub const HELP: &'static str = "\
A plan is a list of rules separated by `;`, each KIND[:PARAM][@FILTER][@location:ID][*COUNT][+SKIP][%PERCENT].

KIND is what goes wrong:
  latency:MS           the answer is delayed; several delays add up
  500 (400 to 599)     an answer with this status
  429:SECONDS          429 with Retry-After in seconds; 429-date:SECONDS sends it as an HTTP date
  html                 502 with an HTML page
  block                403 with an HTML page, as firewalls send it
  no-route[:STATUS]    404, or this status, with the message `Cannot GET /path`
  drop                 the connection ends without an answer
  late:MS              the connection ends without an answer, and the write takes effect MS later
  redirect:ADDRESS     302 to http://ADDRESS and the same path, or to a whole http:// URL
  truncate             the operation is performed; the answer ends before its Content-Length
  malformed            the operation is performed; the answer is truncated JSON
  huge[:BYTES]         the operation is performed; the answer has this many bytes, or never ends
latency, statuses, html, block, no-route and drop apply before the operation takes effect; with -after (`500-after`, `drop-after`)
they apply once it has. A request that is refused anyway keeps its own answer from faults that apply after.

FILTER is `any` (the default: every operation, but not the token refresh), `read`, `write`, `refresh`, or one
operation such as `POST /contact` or `PUT /page/{id}`. With --api official, the session API's name of an operation also
selects the official operation that does the same. A further @location:ID limits the rule to requests with the tokens of
one location, and @location:agency to those with the agency's or none.
*COUNT limits the rule to this many requests, +SKIP lets this many matching requests pass first, and %PERCENT affects
each request with this probability, drawn from the sandbox's seed.

The first rule that fits a request applies; delays apply in addition.
Example: latency:200;500-after@POST /contact*1;drop@write%5;401@read*1+10";
}

/// A fault plan that cannot be parsed: which rule, why, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultError {
    rule: String,
    reason: String,
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault rule \"{}\": {}", self.rule, self.reason)
    }
}

impl std::error::Error for FaultError {}

#[cfg(feature = "faults")]
impl FaultPlan {
    /// The first location of a rule that is none of the agency's.
    pub(crate) fn unknown_location(&self, agency: &crate::agency::Agency) -> Option<&str> {
        let mut named = self.rules.iter().filter_map(|rule| rule.owner.as_deref());
        named.find(|id| *id != crate::agency::AGENCY && agency.find(id).is_none())
    }
}

#[cfg(not(feature = "faults"))]
impl std::str::FromStr for FaultPlan {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let reason = "this build has no faults; build with `--features sandbox-testing`".to_owned();
        Err(FaultError { rule: text.to_owned(), reason })
    }
}
