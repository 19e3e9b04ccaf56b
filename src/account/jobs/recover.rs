//! Rows that may have been sent: what the journal says of them, and what the account shows.

use super::{super::Account, row::RowLook, undo};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::{Job, JobRow, JournalEntry, RowOutcome, RowState, UNFINISHED};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The rows that are read at once.
const PAGE: u32 = 200;

/// The wait before each look at the rows of unknown outcome. Lists lag behind writes by seconds, and a request that was cut
/// off may still be worked.
const WAITS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// What parts a row's own message from what a look showed.
const LOOKED: &str = " Looked at again: ";

impl Account {
    /// Settles the rows that an earlier process had sent when it ended: by the journal's outcome where there is one. The
    /// others are unknown until a look tells more.
    pub(super) async fn recover(&self, job: &Job) -> Result<()> {
        let store = &self.queue.store;
        let mut after = 0;
        loop {
            let rows = store.rows(&job.id, &[RowState::Sent], after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.number;
            for row in &rows {
                let entry = match self.service.journal() {
                    Some(journal) => journal.entry_of_row(&job.id, row.number).await?,
                    None => None,
                };
                let (state, mut outcome) = entry.as_ref().map_or_else(unknown, settled);
                if let (RowState::Done, Some(entry)) = (state, &entry) {
                    let sent = entry.members.get("arguments").and_then(Value::as_object);
                    outcome = undo::with_left_of(row, sent, outcome);
                }
                store.settle(&job.id, row.number, state, outcome).await?;
            }
        }
    }

    /// Looks at the rows of unknown outcome, again and again for as long as that can help. Those that no look settles stay as
    /// they are.
    pub(super) async fn settle_unknown(&self, job: &Job, closing: &CancellationToken) -> Result<()> {
        if self.queue.store.rows(&job.id, &[RowState::Unknown], 0, 1).await?.is_empty() {
            return Ok(());
        }
        for wait in WAITS {
            tokio::select! {
                () = closing.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
            if !self.look_at_unknown(job).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Looks once at each row of unknown outcome. Returns whether a later look may tell more.
    async fn look_at_unknown(&self, job: &Job) -> Result<bool> {
        let store = &self.queue.store;
        let (mut after, mut may_show) = (0, false);
        loop {
            let rows = store.rows(&job.id, &[RowState::Unknown], after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(may_show) };
            after = last.number;
            for row in &rows {
                let before = match self.service.journal() {
                    Some(journal) => journal.entry_of_row(&job.id, row.number).await?,
                    None => None,
                };
                let before = before.as_ref().and_then(|entry| entry.members.get("before"));
                let context = CallContext::new(self.timeout).in_bulk();
                match self.look_at_row(row, before, &context).await {
                    Ok(RowLook::Done(outcome)) => {
                        store.settle(&job.id, row.number, RowState::Done, outcome).await?;
                    }
                    Ok(RowLook::NotShown(why)) => {
                        may_show = true;
                        if let Some(outcome) = why.and_then(|why| seen(row, &why)) {
                            store.settle(&job.id, row.number, RowState::Unknown, outcome).await?;
                        }
                    }
                    Ok(RowLook::CannotTell) => {}
                    Err(error) => {
                        may_show = true;
                        tracing::warn!("row {} of job {} cannot be looked at: {}", row.number, job.id, error.message);
                    }
                }
            }
        }
    }
}

/// The outcome of a row that stays unknown, with what the last look showed. `None` if that is nothing new.
fn seen(row: &JobRow, why: &str) -> Option<RowOutcome> {
    let before = row.message.as_deref().unwrap_or_default();
    let first = before.split_once(LOOKED).map_or(before, |(first, _)| first);
    let message = format!("{first}{LOOKED}{why}.");
    let outcome = RowOutcome {
        object: None,
        code: row.code.clone(),
        message: Some(message),
        differences: row.differences.clone(),
    };
    (outcome.message != row.message).then_some(outcome)
}

/// A row whose process ended before its outcome was known.
fn unknown() -> (RowState, RowOutcome) {
    let message = "The process ended before the outcome was known.";
    let outcome = RowOutcome {
        code: Some("outcome_unknown".to_owned()),
        message: Some(message.to_owned()),
        ..RowOutcome::default()
    };
    (RowState::Unknown, outcome)
}

/// What the journal's entry of a row's attempt says.
fn settled(entry: &JournalEntry) -> (RowState, RowOutcome) {
    let text = |name: &str| Some(entry.text(name).to_owned()).filter(|text| !text.is_empty());
    let outcome = RowOutcome {
        object: text("object"),
        code: text("code"),
        message: text("message"),
        differences: entry.members.get("notApplied").filter(|value| !value.is_null()).cloned(),
    };
    match entry.text("outcome") {
        "done" => (RowState::Done, outcome),
        UNFINISHED => unknown(),
        // Nothing was sent, for a reason that may have passed.
        "cancelled" => (RowState::Waiting, RowOutcome::default()),
        "failed"
            if ["rate_limited", "upstream_unreachable", "timeout", "unauthorized", "internal"]
                .contains(&entry.text("code")) =>
        {
            (RowState::Waiting, RowOutcome::default())
        }
        "failed" => (RowState::Failed, outcome),
        _ => (RowState::Unknown, outcome),
    }
}
