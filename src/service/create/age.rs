//! Whether an object was created since a create was sent, by the clock that stamps the account's objects.
//!
//! That clock is learned from the objects that answer creates. Until one did, the clock of the answers' `Date` stands for
//! it, and without any, this machine's.

use crate::{api::Adapter, service::normal};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::{Clock, Moment};
use serde_json::Value;

/// An object that is older than the sending by no more than this may have been stamped by a clock that is behind.
const LITTLE: TimeDelta = TimeDelta::seconds(10);

/// An object that is older than this was not created just now, whatever the clocks.
const LONG: TimeDelta = TimeDelta::days(1);

/// A stamp that is coarser than this tells nothing.
const COARSE: TimeDelta = TimeDelta::minutes(1);

/// Where an object says when it was created.
const STAMPS: [&str; 4] = ["createdAt", "dateAdded", "dateCreated", "created_at"];

/// The clock that stamps the account's objects, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    clock: Clock,
}

/// When an object was created, seen from the sending of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Since then.
    Since,
    /// Nobody can say.
    Unclear,
    /// Before.
    Before,
}

impl Stamps {
    /// Learns from the object that answered a create.
    pub(super) fn learn(&self, created: &Value, sent_at: Moment) {
        if let Some((at, resolution)) = stamp(created)
            && resolution <= COARSE
        {
            self.clock.learn(at, resolution, sent_at, Moment::now());
        }
    }

    /// Whether each of the items was created no later than the one before it.
    pub(super) fn newest_first(items: &[Value]) -> bool {
        let stamps: Vec<_> = items.iter().map(stamp).collect();
        stamps.iter().all(Option::is_some)
            && stamps.is_sorted_by(|one, next| one.map(|one| one.0) >= next.map(|next| next.0))
    }

    /// The age of an object.
    pub(super) fn age(&self, object: &Value, sent_at: Moment, api: &Adapter) -> Age {
        let Some((created, resolution)) = stamp(object) else { return Age::Unclear };
        let known = self.clock.at(sent_at).or_else(|| api.server_time_at(sent_at));
        match known {
            Some(time) => age(created, resolution, time.earliest, None),
            None => age(created, resolution, sent_at.wall, Some(Moment::now().wall)),
        }
    }
}

/// The age of what was created then, at a stamp's resolution. `now`: where the clocks may differ, since none was learned.
fn age(created: DateTime<Utc>, resolution: TimeDelta, sent: DateTime<Utc>, now: Option<DateTime<Utc>>) -> Age {
    // The whole time that the stamp stands for has passed when it was sent.
    let is_before = created + resolution <= sent;
    let margin = LITTLE.max(resolution);
    let margin = if now.is_some() { LONG.max(margin) } else { margin };
    if created + resolution + margin < sent {
        return Age::Before;
    }
    // A clock that shows the future shows the wrong time of older objects too.
    let is_ahead = now.is_some_and(|now| created > now + LITTLE);
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
    fn an_older_object_is_told_by_its_time_at_its_own_resolution() {
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
    fn without_a_known_clock_only_what_is_near_is_told() {
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
