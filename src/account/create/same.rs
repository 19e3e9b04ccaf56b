//! Whether an object of the account is the one that was sent.

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
            Some(found) if equal(value, found) => Likeness::Same,
            Some(_) => Likeness::Different,
        })
    })
}

/// Equal as the API may store it: numbers by value, e-mail addresses without case, texts without outer white space,
/// objects with fields of the API's own beside.
fn equal(sent: &Value, found: &Value) -> bool {
    match (sent, found) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if a.contains('@') => a.trim().eq_ignore_ascii_case(b.trim()),
        (Value::String(a), Value::String(b)) => a.trim() == b.trim(),
        (Value::Array(a), Value::Array(b)) => same_items(a, b),
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(name, value)| b.get(name).map_or(value.is_null(), |other| equal(value, other)))
        }
        (a, b) => a == b,
    }
}

/// The same items as often, in any order: the API may keep a set in an order of its own.
fn same_items(sent: &[Value], found: &[Value]) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    let all_there = sent.iter().all(|item| match left.iter().position(|other| equal(item, other)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    });
    all_there && left.is_empty()
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
    fn items_of_an_array_count_as_often_as_they_stand_there() {
        let like = |sent, found| likeness(json!({"tags": sent}).as_object().unwrap(), &json!({"tags": found}));
        assert_eq!(like(json!(["a", "b", "a"]), json!(["a", "a", "b"])), Likeness::Same);
        assert_eq!(like(json!(["a", "a"]), json!(["a", "b"])), Likeness::Different);
        assert_eq!(like(json!(["a", "b"]), json!(["a", "a"])), Likeness::Different);
        assert_eq!(like(json!(["a"]), json!(["a", "a"])), Likeness::Different);
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
