//! Attempts and outcomes: one transaction each.

use super::{Journal, chain, images, prune};
use chrono::Utc;
use highlevel_core::{context::CallContext, error::Result};
use rusqlite::{Connection, TransactionBehavior};
use serde_json::{Map, Value};

impl Journal {
    /// Writes down an attempt that is about to be made, and waits until the disk has it. Gives its number. `before`,
    /// `after` and large values of `members` are stored as images.
    ///
    /// # Errors
    /// `internal`, naming the directory, when it cannot be written down: then it must not be made. `cancelled` and
    /// `timeout` by the call's context.
    pub async fn attempt(&self, members: Map<String, Value>, context: &CallContext) -> Result<u64> {
        let _turn = context.bound(self.turn.lock()).await?;
        // Not bound to the context: an event that is being written will be there.
        let written = self.write(move |db| {
            append(db, members, "FULL", |db, members| {
                let seq = chain::append(db, "attempt", members)?;
                db.prepare_cached("INSERT INTO unfinished VALUES (?1)")?.execute([seq])?;
                Ok(seq)
            })
        });
        written.await.map_err(|mut error| {
            error.message.push_str(" Nothing was sent: what is not written down first is not done.");
            error
        })
    }

    /// Writes down what became of the attempt with this number, whatever has become of the call.
    ///
    /// # Errors
    /// `internal`, naming the directory. The attempt then shows as unfinished.
    pub async fn outcome(&self, attempt: u64, mut members: Map<String, Value>) -> Result<()> {
        let _turn = self.turn.lock().await;
        members.shift_insert(0, "attempt".into(), attempt.into());
        let limits = self.place.limits;
        self.write(move |db| {
            append(db, members, "NORMAL", |db, members| {
                db.prepare_cached("DELETE FROM unfinished WHERE seq = ?1")?.execute([attempt])?;
                chain::append(db, "outcome", members)
            })?;
            // The outcome is written. A failure here is no failure of the call: the next write tries again.
            if let Err(fault) = prune::prune(db, limits, Utc::now().timestamp_millis()) {
                tracing::warn!("the journal's images could not be pruned: {fault}");
            }
            Ok(())
        })
        .await
    }
}

/// Runs `work` with an event's members, once their images are stored. `synchronous`: whether the disk is waited for.
fn append<T>(
    db: &mut Connection,
    mut members: Map<String, Value>,
    synchronous: &str,
    work: impl FnOnce(&Connection, Map<String, Value>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    db.pragma_update(None, "synchronous", synchronous)?;
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    images::store(&transaction, &mut members, Utc::now().timestamp_millis())?;
    let done = work(&transaction, members)?;
    transaction.commit()?;
    Ok(done)
}
