//! Whether an object was created since a create was sent, by the clock of the objects' timestamps.
//!
//! That clock is learned from the objects in answers to creates. Before the first such answer, the clock of the `Date`
//! headers replaces it, and before any answer, this machine's clock does.

use crate::{api::Adapter, service::normal};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::{Clock, Moment};
use serde_json::Value;

/// The most by which a slow clock may make a new object look older than its create.
const SMALL_SKEW: TimeDelta = TimeDelta::seconds(10);

/// The most by which any clock may make a new object look older than its create.
const LARGE_SKEW: TimeDelta = TimeDelta::days(1);

/// The coarsest resolution of a timestamp that is of use.
const COARSE: TimeDelta = TimeDelta::minutes(1);

/// The fields that hold an object's creation time.
const STAMPS: [&str; 4] = ["createdAt", "dateAdded", "dateCreated", "created_at"];

/// The clock of the account's creation times, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    clock: Clock,
}

/// When an object was created, relative to the sending of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Since,
    Unclear,
    Before,
}

impl Stamps {
    /// Learns the clock from an object that was created between two moments of this machine's clock.
    pub(super) fn learn(&self, created: &Value, sent_at: Moment, answered_at: Moment) {
        if let Some((at, resolution)) = stamp(created)
            && resolution <= COARSE
        {
            self.clock.learn(at, resolution, sent_at, answered_at);
        }
    }

    /// Whether the clock is known.
    pub(super) fn are_known(&self) -> bool {
        self.clock.at(Moment::now()).is_some()
    }

    /// Whether the items are in descending order of creation.
    pub(super) fn newest_first(items: &[Value]) -> bool {
        let stamps: Vec<_> = items.iter().map(stamp).collect();
        stamps.iter().all(Option::is_some)
            && stamps.is_sorted_by(|one, next| one.map(|one| one.0) >= next.map(|next| next.0))
    }

    pub(super) fn age(&self, object: &Value, sent_at: Moment, api: &Adapter) -> Age {
        let Some((created, resolution)) = stamp(object) else { return Age::Unclear };
        let known = self.clock.at(sent_at).or_else(|| api.server_time_at(sent_at));
        match known {
            Some(time) => age(created, resolution, time.earliest, None),
            None => age(created, resolution, sent_at.wall, Some(Moment::now().wall)),
        }
    }
}

/// The age for a creation time with its resolution. `now` is this machine's time, given only if no clock was learned,
/// so that the clocks may differ.
fn age(created: DateTime<Utc>, resolution: TimeDelta, sent: DateTime<Utc>, now: Option<DateTime<Utc>>) -> Age {
    // The whole interval that the timestamp covers is before the sending.
    let is_before = created + resolution <= sent;
    let margin = SMALL_SKEW.max(resolution);
    let margin = if now.is_some() { LARGE_SKEW.max(margin) } else { margin };
    if created + resolution + margin < sent {
        return Age::Before;
    }
    // A timestamp in the future shows that the clock is ahead, so older objects may look new.
    let is_ahead = now.is_some_and(|now| created > now + SMALL_SKEW);
    if is_before || is_ahead || resolution > COARSE { Age::Unclear } else { Age::Since }
}

fn stamp(object: &Value) -> Option<(DateTime<Utc>, TimeDelta)> {
    STAMPS.iter().find_map(|name| normal::moment(object.get(*name)?))
}

#[cfg(test)]
mod tests {
    use super::{Age, age, stamp};
    use chrono::{DateTime, Utc};
    use serde_json::{Value, json};

    fn of(created: Value, now: Option<&str>) -> Age {
        let sent = "2026-01-01T10:00:00.500Z".parse::<DateTime<Utc>>().unwrap();
        let (created, resolution) = stamp(&json!({"createdAt": created})).unwrap();
        age(created, resolution, sent, now.map(|now| now.parse().unwrap()))
    }

    #[test]
    fn the_age_respects_the_resolution_of_the_creation_time() {
        for (created, expected) in [
            (json!("2026-01-01T10:00:00.500Z"), Age::Since),
            (json!("2026-01-01T10:00:00.498Z"), Age::Unclear),
            (json!("2026-01-01T10:00:00Z"), Age::Since),
            (json!("2026-01-01T10:00:00.000Z"), Age::Since),
            (json!("2026-01-01T12:00:00+02:00"), Age::Since),
            (json!(1_767_261_600), Age::Since),
            (json!(1_767_261_600_501_u64), Age::Since),
            (json!("2026-01-01T09:59:59Z"), Age::Unclear),
            (json!("2026-01-01T09:59:45.100Z"), Age::Before),
            (json!("2025-12-31"), Age::Unclear),
            (json!("2026-01-01"), Age::Unclear),
            (json!("2025-12-29"), Age::Before),
        ] {
            assert_eq!(of(created.clone(), None), expected, "{created}");
        }
        assert_eq!(stamp(&json!({"createdAt": "yesterday"})), None);
        assert!(stamp(&json!({"createdAt": null, "dateAdded": "2026-01-01"})).is_some());
    }

    #[test]
    fn without_a_known_clock_only_near_times_are_decided() {
        let now = Some("2026-01-01T10:00:02Z");
        for (created, expected) in [
            ("2026-01-01T10:00:01.000Z", Age::Since),
            ("2026-01-01T11:00:01.000Z", Age::Unclear),
            ("2026-01-01T09:00:01.000Z", Age::Unclear),
            ("2025-12-30T09:00:01.000Z", Age::Before),
        ] {
            assert_eq!(of(json!(created), now), expected, "{created}");
        }
    }
}
