//! Manners: behaviors of live accounts that the API's description does not have.

mod words;

pub use words::MannersError;

use crate::account::{Fields, ObjectKind};
use crate::{edge_values, normalize};
use serde_json::Value;
use std::time::Duration;

/// The total that lists report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Total {
    /// The number of objects.
    #[default]
    Exact,
    /// No total.
    Absent,
    /// The number as a string.
    Text,
    /// The number, but at most this.
    Cap(usize),
}

/// How the contact search writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SearchNames {
    #[default]
    AsStored,
    /// In lower case, with `firstNameRaw` and `lastNameRaw` beside them.
    LowerWithRaw,
    /// In lower case only.
    Lower,
}

/// The behaviors of live accounts that the sandbox adds to the API's description. Parsed from the words that
/// [`Manners::HELP`] describes; the default is [`Manners::plain`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manners {
    /// Stored values get their normal form.
    pub(crate) normalize: bool,
    /// How long lists show an object as it was before a write.
    pub(crate) lag: Duration,
    /// Times of creation and change are stored in whole seconds.
    pub(crate) whole_seconds: bool,
    /// How many milliseconds the database's clock is ahead.
    pub(crate) clock: i64,
    /// The most objects that a list returns.
    pub(crate) cap: Option<usize>,
    pub(crate) total: Total,
    /// Fields that writes do not change, as paths of stored names.
    pub(crate) ignored: Vec<String>,
    /// Scopes that the token lacks.
    pub(crate) missing_scopes: Vec<&'static str>,
    pub(crate) search_names: SearchNames,
    /// The search for opportunities refuses page numbers beyond 10,000 objects, as the search for contacts does.
    pub(crate) page_bound: bool,
    /// A request without a version is a 401, also where the OpenAPI files declare none.
    pub(crate) version: bool,
    /// Answers have nulls, empty values and other forms of dates.
    pub(crate) edge_values: bool,
    /// Custom field values come under several names.
    pub(crate) values: bool,
    /// Values that are not among a custom field's options are dropped.
    pub(crate) options: bool,
    /// A message to a contact who does not want to be disturbed is refused.
    pub(crate) dnd_refused: bool,
    /// How long a new message is pending before it is delivered or has failed.
    pub(crate) settle: Duration,
    /// Messages have the members that live accounts show.
    pub(crate) message_shapes: bool,
    /// A second contact with the same e-mail or phone is refused.
    pub(crate) no_duplicates: bool,
    /// A booking is checked against what lists show, which lags behind other bookings.
    pub(crate) late_bookings: bool,
    /// Recordings come without a name, as a type that says nothing.
    pub(crate) odd_files: bool,
    /// Recordings are at another host, behind a signed address.
    pub(crate) signed_files: bool,
}

impl Manners {
    /// The API's description, and nothing else.
    pub fn plain() -> Self {
        Self::default()
    }

    /// What live accounts are reported to do.
    pub fn live() -> Self {
        Self {
            normalize: true,
            lag: Duration::from_millis(1_500),
            whole_seconds: true,
            clock: -2_000,
            search_names: SearchNames::LowerWithRaw,
            page_bound: true,
            version: true,
            edge_values: true,
            values: true,
            options: true,
            dnd_refused: true,
            settle: Duration::from_millis(1_000),
            message_shapes: true,
            ..Self::default()
        }
    }

    /// The time that the database stores for now.
    pub(crate) fn written_at(&self, now: Duration) -> Duration {
        let shift = Duration::from_millis(self.clock.unsigned_abs());
        let shifted = if self.clock < 0 { now.saturating_sub(shift) } else { now + shift };
        if self.whole_seconds { Duration::from_secs(shifted.as_secs()) } else { shifted }
    }

    /// Turns an object that a write created or changed into what is stored of it.
    pub(crate) fn on_write(&self, before: Option<&Fields>, object: &mut Fields) {
        for path in &self.ignored {
            restore(object, before, path);
        }
        if self.normalize {
            normalize::changed_fields(before, object);
        }
    }

    /// Adds edge values to an object of an answer.
    pub(crate) fn on_read(&self, kind: ObjectKind, object: &mut Fields) {
        if self.edge_values {
            edge_values::add(kind, object);
        }
    }

    /// How many objects a list returns for a requested limit.
    pub(crate) fn list_limit(&self, limit: usize) -> usize {
        self.cap.map_or(limit, |cap| limit.min(cap))
    }

    /// The total that a list of `total` objects reports, if it reports one.
    pub(crate) fn list_total(&self, total: usize) -> Option<Value> {
        match self.total {
            Total::Exact => Some(total.into()),
            Total::Absent => None,
            Total::Text => Some(total.to_string().into()),
            Total::Cap(cap) => Some(total.min(cap).into()),
        }
    }
}

/// Gives a field the value that it had before. The parts of `path` are separated by `.`.
fn restore(object: &mut Fields, before: Option<&Fields>, path: &str) {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let old = before.and_then(|before| before.get(name));
    match (rest, object.get_mut(name), old) {
        (Some(rest), Some(Value::Object(inner)), old) => restore(inner, old.and_then(Value::as_object), rest),
        (Some(_), ..) => {}
        (None, _, Some(old)) => {
            object.insert(name.to_owned(), old.clone());
        }
        (None, _, None) => {
            object.shift_remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_writes_by_its_own_clock() {
        let now = Duration::from_millis(100_999);
        assert_eq!(Manners::plain().written_at(now), now);
        assert_eq!(Manners::live().written_at(now), Duration::from_secs(98));
        let ahead: Manners = "clock:2".parse().unwrap();
        assert_eq!(ahead.written_at(now), Duration::from_millis(102_999));
    }
}
