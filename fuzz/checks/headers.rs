//! The rate limit headers, `Retry-After` and `Date` of an answer: none holds calls for longer than a day.

use chrono::DateTime;
use highlevel_api_client::quota::AnswerHeaders;
use http::{HeaderMap, HeaderValue};
use std::time::Duration;

const NAMES: [&str; 5] = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"];
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn check(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for (name, line) in NAMES.into_iter().cycle().zip(data.split(|byte| *byte == b'\n').take(15)) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    for now in [0, 1_698_157_800, 253_402_300_799].into_iter().filter_map(|now| DateTime::from_timestamp(now, 0)) {
        let read = AnswerHeaders::read(&headers, now);
        assert_ne!(read.limit, Some(0), "a limit of zero is ignored");
        assert!(read.reset.unwrap_or_default() <= DAY && read.retry_after.unwrap_or_default() <= DAY, "{read:?}");
    }
}
