//! The sample account: a marketing agency for local businesses, the same to the byte for the same seed.

mod contacts;
mod content;
mod lists;
mod official;
mod opportunities;
mod team;

use super::account::{Account, Fields, Kind};
use chrono::{DateTime, Duration, SecondsFormat, TimeZone, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// The day the sample account was left at: all its dates are relative to it, never to now.
fn base() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 11, 3, 15, 30, 0).single().unwrap_or_default()
}

/// Builds the sample account.
pub(super) fn account(seed: u64, contacts: usize) -> Account {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut ids = ChaCha8Rng::seed_from_u64(seed);
    // Another stream of the same seed, so that ids do not shift when the data's throws do.
    ids.set_stream(1);
    let mut account = Account::empty(ids);
    let users = team::fill(&mut account);
    content::fill(&mut account);
    let people = contacts::fill(&mut account, &mut dice, &users, contacts);
    opportunities::fill(&mut account, &mut dice, &users, &people);
    official::fill(&mut account, seed);
    account
}

/// A time so many minutes before the base date.
fn minutes_ago(minutes: i64) -> String {
    (base() - Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true)
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
        let account = account(seed, 250);
        KINDS.map(|kind| account.all(kind)).join("\n")
    }

    #[test]
    fn a_seed_gives_the_same_account_to_the_byte() {
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn the_account_has_what_a_demo_needs() {
        let account = account(1, 250);
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
    fn small_accounts_work_too() {
        for contacts in [0, 1, 2] {
            assert_eq!(account(3, contacts).list(Kind::Contacts, &Traits::default(), 0, 1).1, contacts);
        }
    }
}
