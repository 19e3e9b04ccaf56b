//! The request log of a build without management: nobody could read it, so it stores nothing.

use super::routes::Change;
use super::world::Call;
use std::time::Duration;

/// The number of a request, which is not logged.
pub(super) struct RequestId;

/// A log that stores nothing.
#[derive(Debug)]
pub(super) struct RequestLog;

impl RequestLog {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn arrived(&mut self, _: Duration, _: &Call, _: Option<&'static str>) -> RequestId {
        RequestId
    }

    pub(super) fn answered(&mut self, _: RequestId, _: Option<u16>) {}

    #[cfg(feature = "faults")]
    pub(super) fn fault(&mut self, _: String) {}

    pub(super) fn refreshed(&mut self) {}

    pub(super) fn changed(&mut self, _: Change, _: String) {}
}
