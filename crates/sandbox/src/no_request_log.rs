//! The request log of a build without management: nobody could read it, so it stores nothing.

use crate::agency::Owner;
use crate::operation::WriteKind;
use crate::state::RawRequest;
use std::time::Duration;

/// The number of a request, which is not logged.
pub(crate) struct RequestId;

/// A log that stores nothing.
#[derive(Debug)]
pub(crate) struct RequestLog;

impl RequestLog {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn arrived(&mut self, _: Duration, _: &RawRequest, _: Option<&'static str>, _: Owner) -> RequestId {
        RequestId
    }

    pub(crate) fn answered(&mut self, _: RequestId, _: Option<u16>) {}

    #[cfg(feature = "faults")]
    pub(crate) fn fault(&mut self, _: Owner, _: &str) {}

    pub(crate) fn refreshed(&mut self, _: Owner) {}

    pub(crate) fn changed(&mut self, _: Owner, _: WriteKind, _: &str) {}
}
