//! Whether an object of the account is the one that was sent.

use crate::account::normal;
use chrono::{DateTime, Duration, DurationRound, NaiveDate, Utc};
use serde_json::{Map, Value};

/// How an object compares with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It is what was sent.
    Same,
    /// Something that would tell is not there.
    Unclear,
    /// It is another object.
    Different,
}

impl Likeness {
    /// Both have to hold.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Different, _) | (_, Self::Different) => Self::Different,
            (Self::Same, Self::Same) => Self::Same,
            _ => Self::Unclear,
        }
    }
}

/// Compares every sent field. A secret is never shown again, so it tells nothing.
pub(super) fn likeness(sent: &Map<String, Value>, object: &Value) -> Likeness {
    sent.iter().filter(|(name, _)| *name != "secret").fold(Likeness::Same, |so_far, (name, value)| {
        so_far.and(match object.get(name) {
            None => Likeness::Unclear,
            Some(found) if normal::same(name, value, found) => Likeness::Same,
            Some(_) => Likeness::Different,
        })
    })
}

/// Whether the object was created not before `earliest`, at the resolution of its own `createdAt`: an older twin was.
pub(super) fn created_after(object: &Value, earliest: Option<DateTime<Utc>>) -> Likeness {
    let (Some(created), Some(earliest)) = (object.get("createdAt").and_then(Value::as_str), earliest) else {
        return Likeness::Unclear;
    };
    let (created, resolution) =
        match (DateTime::parse_from_rfc3339(created), NaiveDate::parse_from_str(created, "%Y-%m-%d")) {
            (Ok(time), _) if created.contains('.') => (time.to_utc(), Duration::milliseconds(1)),
            (Ok(time), _) => (time.to_utc(), Duration::seconds(1)),
            (_, Ok(day)) => (day.and_time(chrono::NaiveTime::MIN).and_utc(), Duration::days(1)),
            _ => return Likeness::Unclear,
        };
    let earliest = earliest.duration_trunc(resolution).unwrap_or(earliest);
    if created >= earliest { Likeness::Same } else { Likeness::Different }
}

#[cfg(test)]
mod tests {
    use super::{Likeness, created_after, likeness};
    use serde_json::json;

    #[test]
    fn every_sent_field_counts_and_none_other() {
        let sent = json!({"name": "Renewal", "value": 50000, "tags": ["a", "b"], "secret": "s"});
        let sent = sent.as_object().unwrap();
        let like = |object| likeness(sent, &object);
        assert_eq!(
            like(json!({"name": "Renewal", "value": 50000.0, "tags": ["b", "a"], "stage": "x"})),
            Likeness::Same
        );
        assert_eq!(like(json!({"name": "Renewal", "value": 50001, "tags": ["a", "b"]})), Likeness::Different);
        assert_eq!(like(json!({"name": "Renewal", "value": 50000})), Likeness::Unclear);
    }

    #[test]
    fn an_older_twin_is_told_by_its_time_at_its_own_resolution() {
        let sent = "2026-01-01T10:00:00.500Z".parse().ok();
        let made = |at: &str| created_after(&json!({"createdAt": at}), sent);
        assert_eq!(made("2026-01-01T10:00:00.499Z"), Likeness::Different);
        assert_eq!(made("2026-01-01T10:00:00.500Z"), Likeness::Same);
        assert_eq!(made("2026-01-01T10:00:00Z"), Likeness::Same);
        assert_eq!(made("2026-01-01T09:59:59Z"), Likeness::Different);
        assert_eq!(made("2026-01-01"), Likeness::Same);
        assert_eq!(made("yesterday"), Likeness::Unclear);
        assert_eq!(created_after(&json!({"createdAt": "2026-01-01"}), None), Likeness::Unclear);
    }
}
