//! The creates of an account, in all processes: which object answered which call, and which calls have no answer. No object
//! answers two calls.
//!
//! Creates, upserts, sends of an object and bookings share these records and their meaning, and no more: each finds out in
//! another way what an unclear request did.

use super::{Store, sha256_hex};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// The age at which creates are deleted.
const KEPT: TimeDelta = TimeDelta::days(1);

/// How long the effect of an unanswered create may take to show.
const UNANSWERED: TimeDelta = TimeDelta::minutes(10);

/// Whether an object that a look-up found may answer a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It answers this call, and no other one from now on.
    Yours,
    /// It answered another call.
    Taken,
    /// An unanswered call for the same object may have created it.
    Unclear,
}

impl Store {
    /// Records that a create of `key` is about to be sent. Returns its number.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn begin_creation(&self, account: &str, key: &str) -> Result<i64> {
        // Hashed, because a key contains personal data.
        let (account, key, now) = (account.to_owned(), sha256_hex(key.as_bytes()), Utc::now());
        self.with(move |db| {
            db.execute("DELETE FROM creations WHERE begun_at < ?1", [(now - KEPT).timestamp_millis()])?;
            db.execute(
                "INSERT INTO creations (account, key, begun_at) VALUES (?1, ?2, ?3)",
                params![account, key, now.timestamp_millis()],
            )?;
            Ok(db.last_insert_rowid())
        })
        .await
    }

    /// Records the API's answer to creates: the id of the object, or `None` for a refusal. A create that ends without this
    /// stays unanswered. So does one whose end cannot be recorded: its answer counts more, so that is only logged.
    pub async fn end_creations(&self, numbers: impl IntoIterator<Item = i64>, object: Option<&str>) {
        let (numbers, object) = (numbers.into_iter().collect::<Vec<_>>(), object.map(str::to_owned));
        let ended = self.with(move |db| {
            numbers.iter().try_for_each(|number| match &object {
                Some(object) => {
                    db.execute("UPDATE creations SET object = ?2 WHERE number = ?1", params![number, object]).map(drop)
                }
                None => db.execute("DELETE FROM creations WHERE number = ?1", [number]).map(drop),
            })
        });
        if let Err(error) = ended.await {
            tracing::warn!("the end of a create could not be recorded: {}", error.message);
        }
    }

    /// The latest create of `key` that was not refused: when it began, and whether the API answered it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn latest_creation(&self, account: &str, key: &str) -> Result<Option<(DateTime<Utc>, bool)>> {
        let latest = self.creations(account, key, DateTime::UNIX_EPOCH).await?.into_iter().next();
        Ok(latest.map(|(at, object)| (at, object.is_some())))
    }

    /// The last create of `key` that began between two moments: its number, and the object that answered it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn last_creation(
        &self,
        account: &str,
        key: &str,
        between: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<(i64, Option<String>)>> {
        let (account, key) = (account.to_owned(), sha256_hex(key.as_bytes()));
        let (from, to) = (between.0.timestamp_millis(), between.1.timestamp_millis());
        self.with(move |db| {
            db.query_row(
                "SELECT number, object FROM creations WHERE account = ?1 AND key = ?2 AND begun_at BETWEEN ?3 AND ?4
                 ORDER BY number DESC LIMIT 1",
                params![account, key, from, to],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
        })
        .await
    }

    /// The objects that answered creates of `key` begun since a moment, newest first.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn created_since(&self, account: &str, key: &str, since: DateTime<Utc>) -> Result<Vec<String>> {
        Ok(self.creations(account, key, since).await?.into_iter().filter_map(|(_, object)| object).collect())
    }

    /// The creates of `key` begun since a moment that were not refused, newest first: when each began, and the object that
    /// answered it.
    async fn creations(
        &self,
        account: &str,
        key: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, Option<String>)>> {
        let (account, key) = (account.to_owned(), sha256_hex(key.as_bytes()));
        self.with(move |db| {
            let mut found = db.prepare(
                "SELECT begun_at, object FROM creations
                 WHERE account = ?1 AND key = ?2 AND begun_at >= ?3 ORDER BY number DESC",
            )?;
            let creations = found.query_map(params![account, key, since.timestamp_millis()], |row| {
                let begun_at = DateTime::from_timestamp_millis(row.get(0)?).unwrap_or_default();
                Ok((begun_at, row.get(1)?))
            })?;
            creations.collect()
        })
        .await
    }

    /// Claims an object that was found for an unanswered create.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn claim_created(&self, number: i64, object: &str) -> Result<Claim> {
        let object = object.to_owned();
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let claim = claim(&transaction, number, &object)?;
            transaction.commit()?;
            Ok(claim)
        })
        .await
    }

    /// Those of the objects that answered a call of the account other than this one.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn answered_creations(&self, number: i64, objects: Vec<String>) -> Result<Vec<String>> {
        self.with(move |db| {
            let mut taken = Vec::new();
            for object in objects {
                if is_taken(db, number, &object)? {
                    taken.push(object);
                }
            }
            Ok(taken)
        })
        .await
    }
}

fn claim(db: &Connection, number: i64, object: &str) -> rusqlite::Result<Claim> {
    if is_taken(db, number, object)? {
        return Ok(Claim::Taken);
    }
    let since = (Utc::now() - UNANSWERED).timestamp_millis();
    let unanswered: Option<i64> = db
        .query_row(
            "SELECT other.number FROM creations AS own
             JOIN creations AS other ON other.account = own.account AND other.key = own.key
             WHERE own.number = ?1 AND other.number <> ?1 AND other.object IS NULL AND other.begun_at > ?2",
            params![number, since],
            |row| row.get(0),
        )
        .optional()?;
    if unanswered.is_some() {
        return Ok(Claim::Unclear);
    }
    let claimed = db.execute("UPDATE creations SET object = ?2 WHERE number = ?1", params![number, object])?;
    // The create itself was deleted: what others did since then is unknown.
    Ok(if claimed == 1 { Claim::Yours } else { Claim::Unclear })
}

fn is_taken(db: &Connection, number: i64, object: &str) -> rusqlite::Result<bool> {
    db.query_row(
        "SELECT EXISTS (
             SELECT 1 FROM creations AS own JOIN creations AS other ON other.account = own.account
             WHERE own.number = ?1 AND other.number <> ?1 AND other.object = ?2
         )",
        params![number, object],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn creates_are_remembered_with_their_answers_and_refused_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned());
        let mut numbers = Vec::new();
        for key in ["k", "k", "k", "other"] {
            numbers.push(store.begin_creation("a", key).await.unwrap());
        }
        let long_ago = Utc::now() - TimeDelta::hours(1);
        let latest = async || store.latest_creation("a", "k").await.unwrap().map(|(_, is_answered)| is_answered);
        store.end_creations([numbers[0]], Some("one")).await;
        assert_eq!(latest().await, Some(false), "the third is unanswered");
        store.end_creations([numbers[2]], None).await;
        assert_eq!(latest().await, Some(false), "the third was refused, the second is unanswered");
        store.end_creations([numbers[1], numbers[3]], Some("two")).await;
        assert_eq!(latest().await, Some(true));
        assert_eq!(store.created_since("a", "k", long_ago).await.unwrap(), ["two", "one"]);
        assert_eq!(store.created_since("a", "k", Utc::now() + TimeDelta::hours(1)).await.unwrap(), [""; 0]);
        assert_eq!(store.created_since("b", "k", long_ago).await.unwrap(), [""; 0]);
    }
}
