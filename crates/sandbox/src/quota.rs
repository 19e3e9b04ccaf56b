//! The quota of one location, or of the agency's own requests: the burst limit and the daily limit.

use crate::official::daily_limit::{self, DailyLimit};
use crate::rate_limit::RateLimiter;
use crate::{Api, SandboxConfig};
use std::time::Duration;

/// The headers that report the quota.
pub(crate) type RateHeaders = Vec<(&'static str, u64)>;

/// The use of one quota.
#[derive(Debug)]
pub(crate) struct Quota {
    api: Api,
    pub(crate) limits: RateLimiter,
    /// Only the official API has a daily limit.
    pub(crate) day: DailyLimit,
}

impl Quota {
    pub(crate) fn new(config: &SandboxConfig, now: Duration) -> Self {
        Self {
            api: config.api,
            limits: RateLimiter::new(config.counting, config.rate_limit, config.rate_window, now),
            day: DailyLimit::new(config.daily_limit, config.day, now),
        }
    }

    /// Counts a request. Returns whether the quota admits it, and the headers of its answer.
    pub(crate) fn count(&mut self, now: Duration) -> (bool, RateHeaders) {
        let rate = self.limits.count(now);
        match self.api {
            Api::Session => (rate.admitted, rate.headers()),
            Api::Official => {
                let day = self.day.count(now);
                (rate.admitted && day.admitted, daily_limit::headers(rate, self.limits.length(), day))
            }
        }
    }

    /// The headers without counting a request.
    pub(crate) fn peek(&mut self, now: Duration) -> RateHeaders {
        let rate = self.limits.peek(now);
        match self.api {
            Api::Session => rate.headers(),
            Api::Official => daily_limit::headers(rate, self.limits.length(), self.day.peek(now)),
        }
    }
}
