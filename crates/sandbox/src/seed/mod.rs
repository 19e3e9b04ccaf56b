//! The sample account: a marketing agency for local businesses, the same to the byte for the same seed and day.

mod contacts;
mod content;
mod lists;
mod official;
mod opportunities;
mod team;

use super::account::{Account, Fields, Kind};
use chrono::{DateTime, Duration, SecondsFormat, SubsecRound, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// The moment that the sample account was left at, which all its dates are relative to.
#[derive(Debug, Clone, Copy)]
struct AsOf(DateTime<Utc>);

impl AsOf {
    /// A time so many minutes before.
    fn minutes_ago(self, minutes: i64) -> String {
        (self.0 - Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// Builds the sample account as it was left at this moment.
pub(super) fn account(seed: u64, contacts: usize, as_of: DateTime<Utc>) -> Account {
    // In whole seconds, as times are mostly stored.
    let as_of = AsOf(as_of.trunc_subsecs(0));
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut ids = ChaCha8Rng::seed_from_u64(seed);
    // Another stream of the same seed, so that ids do not shift when the data's throws do.
    ids.set_stream(1);
    let mut account = Account::empty(ids);
    let users = team::fill(&mut account, as_of);
    content::fill(&mut account, as_of);
    let people = contacts::fill(&mut account, &mut dice, &users, contacts, as_of);
    opportunities::fill(&mut account, &mut dice, &users, &people, as_of);
    official::fill(&mut account, seed);
    account
}

/// Adds a written-out object under a new id, which comes first among its fields.
fn add(account: &mut Account, kind: Kind, object: Value) -> String {
    let id = account.new_id();
    let mut fields = Fields::new();
    fields.insert("id".into(), id.clone().into());
    if let Value::Object(object) = object {
        fields.extend(object);
    }
    account.put(kind, &id, &fields);
    id
}

/// One of a list.
fn pick<'a, T>(dice: &mut ChaCha8Rng, list: &'a [T]) -> Option<&'a T> {
    let place = dice.random_range(0..list.len().max(1));
    list.get(place)
}

/// One of a list of words.
fn word(dice: &mut ChaCha8Rng, list: &[&'static str]) -> &'static str {
    pick(dice, list).copied().unwrap_or_default()
}

/// Whether something with this chance in percent happens.
fn chance(dice: &mut ChaCha8Rng, percent: u32) -> bool {
    dice.random_range(0..100) < percent
}

#[cfg(test)]
mod tests {
    use super::super::account::Traits;
    use super::*;

    const AS_OF: DateTime<Utc> = DateTime::from_timestamp(1_762_183_800, 0).unwrap();

    const KINDS: [Kind; 8] = [
        Kind::Users,
        Kind::Locations,
        Kind::Contacts,
        Kind::Opportunities,
        Kind::Campaigns,
        Kind::Pages,
        Kind::Funnels,
        Kind::Webhooks,
    ];

    fn text(seed: u64) -> String {
        let account = account(seed, 250, AS_OF);
        KINDS.map(|kind| account.all(kind)).join("\n")
    }

    #[test]
    fn a_seed_gives_the_same_account_to_the_byte() {
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn the_account_has_what_a_demo_needs() {
        let account = account(1, 250, AS_OF);
        let count = |kind| account.list(kind, &Traits::default(), 0, 1).1;
        let counts = KINDS.map(count);
        assert_eq!([counts[0], counts[1], counts[2]], [6, 3, 250]);
        assert!((35..65).contains(&counts[3]), "{counts:?}");
        assert_eq!(counts[4..], [12, 15, 4, 2]);
        for status in ["draft", "published", "archived"] {
            let wanted = Traits { status: status.into(), ..Traits::default() };
            assert!(account.list(Kind::Pages, &wanted, 0, 1).1 >= 2, "{status}");
        }
        for status in ["open", "negotiation", "won", "lost"] {
            let wanted = Traits { status: status.into(), ..Traits::default() };
            assert!(account.list(Kind::Opportunities, &wanted, 0, 1).1 >= 2, "{status}");
        }
    }

    #[test]
    fn all_dates_count_back_from_the_given_moment() {
        let (now, later) = (AS_OF, AS_OF + Duration::days(400));
        let times = |as_of| {
            let contacts: Vec<_> = account(1, 250, as_of).truth(Kind::Contacts).collect();
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
            assert_eq!(account(3, contacts, AS_OF).list(Kind::Contacts, &Traits::default(), 0, 1).1, contacts);
        }
    }
}
