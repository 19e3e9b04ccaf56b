//! The calls that ran without a person, in all processes: how many an account had in the last hour, and how many each
//! recipient had in the last day.
//!
//! A slot is taken in one transaction before anything is sent. It is given back only if nothing was sent.

use super::Store;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, TransactionBehavior, params};

/// The window of the ceiling for all calls of an account.
const HOUR: TimeDelta = TimeDelta::hours(1);

/// The window of the ceiling for one recipient.
const DAY: TimeDelta = TimeDelta::days(1);

/// The age at which slots are deleted. It is longer than every window, so that a clock which was ahead for some days frees
/// nothing when it is set back.
const KEPT: TimeDelta = TimeDelta::days(8);

/// A call that asks for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRequest {
    /// The account, as [`Store::account`] names it.
    pub account: String,
    /// The recipients, at least one, each by a hash.
    pub recipients: Vec<String>,
    /// How many the call counts against the ceiling per hour.
    pub messages: u32,
    /// The ceiling of the account for the last hour.
    pub per_hour: u32,
    /// The ceiling of each recipient for the last day.
    pub per_recipient_day: u32,
}

/// The slot of one call.
#[derive(Debug, PartialEq, Eq)]
pub struct UnconfirmedSlot(i64);

/// Whether a call got a slot.
#[derive(Debug, PartialEq, Eq)]
pub enum SlotGrant {
    /// It got one.
    Taken(UnconfirmedSlot),
    /// The account has had too many in the last hour.
    HourIsFull(UsedSlots),
    /// One of the recipients has had too many in the last day.
    DayIsFull(UsedSlots),
}

/// How far a ceiling is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedSlots {
    /// How many count at this time.
    pub used: u32,
    /// When this call would get a slot. `None` if it never does, because the call alone exceeds the ceiling.
    pub next: Option<DateTime<Utc>>,
}

impl Store {
    /// Takes a slot for a call, for all of its recipients or none.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn take_slot(&self, request: SlotRequest) -> Result<SlotGrant> {
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Read while the lock is held: no other process computes with an earlier time after this.
            let grant = take(&transaction, &request, Utc::now())?;
            transaction.commit()?;
            Ok(grant)
        })
        .await
    }

    /// Gives a slot back, because nothing was sent.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn give_back_slot(&self, slot: UnconfirmedSlot) -> Result<()> {
        self.with(move |db| db.execute("DELETE FROM unconfirmed WHERE call = ?1", [slot.0]).map(drop)).await
    }
}

fn take(db: &Connection, request: &SlotRequest, now: DateTime<Utc>) -> rusqlite::Result<SlotGrant> {
    db.execute("DELETE FROM unconfirmed WHERE taken_at < ?1", [(now - KEPT).timestamp_millis()])?;
    // The clock was set back: what was taken later than now counts from now on, for its whole window.
    db.execute("UPDATE unconfirmed SET taken_at = ?1 WHERE taken_at > ?1", [now.timestamp_millis()])?;
    let hour = taken(
        db,
        "SELECT taken_at, messages FROM unconfirmed WHERE account = ?1 AND taken_at > ?2 AND messages > 0 ORDER BY taken_at",
        params![request.account, (now - HOUR).timestamp_millis()],
    )?;
    if let Some(full) = full(&hour, request.messages, request.per_hour, HOUR) {
        return Ok(SlotGrant::HourIsFull(full));
    }
    let mut fullest: Option<UsedSlots> = None;
    for recipient in &request.recipients {
        let day = taken(
            db,
            "SELECT taken_at, 1 FROM unconfirmed WHERE account = ?1 AND taken_at > ?2 AND recipient = ?3 ORDER BY taken_at",
            params![request.account, (now - DAY).timestamp_millis(), recipient],
        )?;
        let later = |used: &UsedSlots| used.next.map_or(i64::MAX, |next| next.timestamp_millis());
        fullest = fullest.into_iter().chain(full(&day, 1, request.per_recipient_day, DAY)).max_by_key(later);
    }
    if let Some(full) = fullest {
        return Ok(SlotGrant::DayIsFull(full));
    }
    let call: i64 = db.query_row("SELECT coalesce(max(call), 0) + 1 FROM unconfirmed", [], |row| row.get(0))?;
    // The hour counts the call once, whatever the number of its recipients' rows.
    let messages = std::iter::once(request.messages).chain(std::iter::repeat(0));
    for (recipient, messages) in request.recipients.iter().zip(messages) {
        db.execute(
            "INSERT INTO unconfirmed (call, account, recipient, messages, taken_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![call, request.account, recipient, messages, now.timestamp_millis()],
        )?;
    }
    Ok(SlotGrant::Taken(UnconfirmedSlot(call)))
}

/// When slots were taken, oldest first, and how much each counts.
fn taken(db: &Connection, query: &str, of: impl rusqlite::Params) -> rusqlite::Result<Vec<(i64, u32)>> {
    db.prepare(query)?.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// How far the ceiling is used, if `wanted` more do not fit below it.
fn full(taken: &[(i64, u32)], wanted: u32, ceiling: u32, window: TimeDelta) -> Option<UsedSlots> {
    let used = taken.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
    let mut excess = used.saturating_add(wanted).checked_sub(ceiling).filter(|excess| *excess > 0)?;
    let last = taken.iter().find(|(_, count)| {
        let leaves_enough = *count >= excess;
        excess = excess.saturating_sub(*count);
        leaves_enough
    });
    // A slot counts until its age is the whole window.
    let next = last.and_then(|(at, _)| Some(DateTime::from_timestamp_millis(*at)? + window));
    Some(UsedSlots { used, next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate;

    fn db() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        db
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn to(recipients: &[&str]) -> SlotRequest {
        let recipients: Vec<String> = recipients.iter().map(|name| (*name).to_owned()).collect();
        let messages = u32::try_from(recipients.len()).unwrap();
        SlotRequest { account: "a".to_owned(), recipients, messages, per_hour: 5, per_recipient_day: 2 }
    }

    fn is_taken(db: &Connection, request: &SlotRequest, now: DateTime<Utc>) -> bool {
        matches!(take(db, request, now).unwrap(), SlotGrant::Taken(_))
    }

    #[test]
    fn an_hour_slides() {
        let db = db();
        for minute in [0, 10, 20, 30, 40] {
            assert!(is_taken(&db, &to(&[&minute.to_string()]), at(minute)));
        }
        let full = SlotGrant::HourIsFull(UsedSlots { used: 5, next: Some(at(60)) });
        assert_eq!(take(&db, &to(&["x"]), at(50)).unwrap(), full);
        let two = SlotGrant::HourIsFull(UsedSlots { used: 5, next: Some(at(70)) });
        assert_eq!(take(&db, &to(&["x", "y"]), at(50)).unwrap(), two);
        assert!(is_taken(&db, &to(&["x"]), at(60)));
        assert!(!is_taken(&db, &to(&["y"]), at(69)));
        assert!(is_taken(&db, &to(&["y"]), at(70)));
    }

    #[test]
    fn several_recipients_take_all_their_slots_or_none() {
        let db = db();
        assert!(is_taken(&db, &to(&["a", "b", "c"]), at(0)));
        assert!(!is_taken(&db, &to(&["d", "e", "f"]), at(1)));
        assert!(is_taken(&db, &to(&["d", "e"]), at(2)), "the refused call took nothing");
        let never = SlotGrant::HourIsFull(UsedSlots { used: 0, next: None });
        assert_eq!(take(&db, &to(&["a", "b", "c", "d", "e", "f"]), at(120)).unwrap(), never);
    }

    #[test]
    fn a_recipient_has_a_ceiling_of_its_own_in_each_account() {
        let db = db();
        assert!(is_taken(&db, &to(&["a"]), at(0)) && is_taken(&db, &to(&["a"]), at(90)));
        let full = SlotGrant::DayIsFull(UsedSlots { used: 2, next: Some(at(24 * 60)) });
        assert_eq!(take(&db, &to(&["b", "a"]), at(180)).unwrap(), full);
        let other = SlotRequest { account: "b".to_owned(), ..to(&["a"]) };
        assert!(is_taken(&db, &other, at(180)));
        assert!(is_taken(&db, &to(&["a"]), at(24 * 60)));
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing() {
        let db = db();
        for name in ["a", "b", "c", "d", "e"] {
            assert!(is_taken(&db, &to(&[name]), at(0)));
        }
        // Two days ahead everything is over; back again it counts from then on.
        assert!(is_taken(&db, &to(&["f"]), at(2 * 24 * 60)));
        let full = SlotGrant::HourIsFull(UsedSlots { used: 6, next: Some(at(60)) });
        assert_eq!(take(&db, &to(&["g", "h"]), at(10)).unwrap(), full);
        let full = SlotGrant::HourIsFull(UsedSlots { used: 6, next: Some(at(0)) });
        assert_eq!(take(&db, &to(&["g"]), at(-60)).unwrap(), full);
    }

    #[test]
    fn a_slot_that_is_given_back_is_free() {
        let db = db();
        let SlotGrant::Taken(slot) = take(&db, &to(&["a", "b"]), at(0)).unwrap() else { panic!("no slot") };
        assert!(is_taken(&db, &to(&["c", "d"]), at(0)) && !is_taken(&db, &to(&["e", "f"]), at(0)));
        db.execute("DELETE FROM unconfirmed WHERE call = ?1", [slot.0]).unwrap();
        assert!(is_taken(&db, &to(&["e", "f"]), at(0)));
    }
}
