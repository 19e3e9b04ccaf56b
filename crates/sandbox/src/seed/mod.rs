//! The sample accounts: a marketing agency for local businesses, and the practices of its clients. The same seed and moment
//! give the same bytes.

mod billing;
mod calendars;
mod contacts;
mod content;
mod conversations;
mod follow_ups;
mod forms;
mod lists;
mod locations;
mod official;
mod opportunities;
mod team;
mod workflows;

use crate::account::{Account, Fields, ObjectKind};
use chrono::{DateTime, Duration, SecondsFormat, SubsecRound, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// The moment that all dates of the sample account are relative to.
#[derive(Debug, Clone, Copy)]
struct AsOf(DateTime<Utc>);

impl AsOf {
    /// The time this many minutes before.
    fn minutes_ago(self, minutes: i64) -> String {
        (self.0 - Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// The random streams of one account: its data, its ids, and the ids that only the official API shows.
const STREAMS: u64 = 3;

/// The first of the random streams of calendars, one for each location.
const CALENDARS: u64 = 1 << 32;

/// The first of the random streams of notes, tasks and custom values.
const FOLLOW_UPS: u64 = 4 << 32;

/// The first of the random streams of forms and surveys.
const FORMS: u64 = 6 << 32;

/// The first of the random streams of invoices and payments.
const BILLING: u64 = 7 << 32;

/// The first of the random streams of conversations.
const CONVERSATIONS: u64 = 2 << 32;

/// The first of the random streams of workflows.
const WORKFLOWS: u64 = 3 << 32;

/// Builds the sample account of a location. The first is the agency's own.
pub(crate) fn account(seed: u64, location: usize, contacts: usize, as_of: DateTime<Utc>) -> Account {
    // In whole seconds, like most stored times.
    let as_of = AsOf(as_of.trunc_subsecs(0));
    // No stream is used twice, so that no id is in two accounts, and ids do not depend on how the data is drawn.
    let of_location = u64::try_from(location).unwrap_or_default();
    let first = STREAMS * of_location;
    let numbered = |number| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        rng
    };
    let stream = |number| numbered(first + number);
    let mut rng = stream(0);
    let mut account = Account::empty(stream(1));
    let users = team::fill(&mut account, &locations::home(location), as_of);
    content::fill(&mut account, as_of);
    let people = contacts::fill(&mut account, &mut rng, &users, contacts, as_of);
    opportunities::fill(&mut account, &mut rng, &users, &people, as_of);
    official::fill(&mut account, stream(2));
    let calendars = numbered(CALENDARS + of_location);
    calendars::fill(&mut account, calendars, &users, &people, as_of);
    follow_ups::fill(&mut account, numbered(FOLLOW_UPS + of_location), &users, &people, as_of);
    forms::fill(&mut account, numbered(FORMS + of_location), &people, as_of);
    billing::fill(&mut account, numbered(BILLING + of_location), &people, as_of);
    conversations::fill(&mut account, numbered(CONVERSATIONS + of_location), &users, &people, as_of);
    workflows::fill(&mut account, numbered(WORKFLOWS + of_location), as_of);
    account
}

/// A new id from a part's own random stream.
fn new_id(rng: &mut ChaCha8Rng) -> String {
    (0..20).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
}

/// Stores an object under its member `id`.
fn put(account: &mut Account, kind: ObjectKind, object: &Value) {
    let (Some(id), Some(fields)) = (object.get("id").and_then(Value::as_str), object.as_object()) else { return };
    account.put(kind, id, fields);
}

/// Adds an object with a new id as its first field.
fn add(account: &mut Account, kind: ObjectKind, object: Value) -> String {
    let id = account.new_id();
    let mut fields = Fields::new();
    fields.insert("id".into(), id.clone().into());
    if let Value::Object(object) = object {
        fields.extend(object);
    }
    account.put(kind, &id, &fields);
    id
}

/// A random element of a list.
fn pick<'a, T>(rng: &mut ChaCha8Rng, list: &'a [T]) -> Option<&'a T> {
    let place = rng.random_range(0..list.len().max(1));
    list.get(place)
}

/// A random word of a list.
fn word(rng: &mut ChaCha8Rng, list: &[&'static str]) -> &'static str {
    pick(rng, list).copied().unwrap_or_default()
}

/// True with this probability in percent.
fn chance(rng: &mut ChaCha8Rng, percent: u32) -> bool {
    rng.random_range(0..100) < percent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::FilterFields;

    const AS_OF: DateTime<Utc> = DateTime::from_timestamp(1_762_183_800, 0).unwrap();

    const KINDS: [ObjectKind; 16] = [
        ObjectKind::Users,
        ObjectKind::Locations,
        ObjectKind::Contacts,
        ObjectKind::Opportunities,
        ObjectKind::Campaigns,
        ObjectKind::Pages,
        ObjectKind::Funnels,
        ObjectKind::Webhooks,
        ObjectKind::Forms,
        ObjectKind::Surveys,
        ObjectKind::FormSubmissions,
        ObjectKind::SurveySubmissions,
        ObjectKind::Invoices,
        ObjectKind::Transactions,
        ObjectKind::Orders,
        ObjectKind::Subscriptions,
    ];

    fn text(seed: u64) -> String {
        let account = account(seed, 0, 250, AS_OF);
        KINDS.map(|kind| account.all_as_json(kind)).join("\n")
    }

    #[test]
    fn a_seed_gives_the_same_account_to_the_byte() {
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn the_account_has_what_a_demo_needs() {
        let account = account(1, 0, 250, AS_OF);
        let count = |kind| account.list(kind, &FilterFields::default(), 0, 1).1;
        let counts = KINDS.map(count);
        assert_eq!([counts[0], counts[1], counts[2]], [6, 3, 250]);
        assert!((35..65).contains(&counts[3]), "{counts:?}");
        assert_eq!(counts[4..8], [12, 15, 4, 2]);
        assert_eq!(counts[8..], [3, 2, 48, 14, 27, 29, 8, 4]);
        for status in ["draft", "published", "archived"] {
            let wanted = FilterFields { status: status.into(), ..FilterFields::default() };
            assert!(account.list(ObjectKind::Pages, &wanted, 0, 1).1 >= 2, "{status}");
        }
        for status in ["open", "negotiation", "won", "lost"] {
            let wanted = FilterFields { status: status.into(), ..FilterFields::default() };
            assert!(account.list(ObjectKind::Opportunities, &wanted, 0, 1).1 >= 2, "{status}");
        }
    }

    #[test]
    fn all_dates_count_back_from_the_given_moment() {
        let (now, later) = (AS_OF, AS_OF + Duration::days(400));
        let times = |as_of| {
            let contacts: Vec<_> = account(1, 0, 250, as_of).objects(ObjectKind::Contacts).collect();
            let time = |contact: &Fields| contact["updatedAt"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
            contacts.iter().map(time).collect::<Vec<_>>()
        };
        let (times, shifted) = (times(now), times(later));
        assert!(times.iter().all(|time| *time <= now));
        assert!(times.iter().zip(&shifted).all(|(time, shifted)| *shifted - *time == Duration::days(400)));
        let quiet = times.iter().filter(|time| now - **time > Duration::days(30)).count();
        assert!((50..240).contains(&quiet), "{quiet} of 250 were not touched for a month");
    }

    #[test]
    fn small_accounts_work_too() {
        for contacts in [0, 1, 2] {
            assert_eq!(
                account(3, 0, contacts, AS_OF).list(ObjectKind::Contacts, &FilterFields::default(), 0, 1).1,
                contacts
            );
        }
    }
}
