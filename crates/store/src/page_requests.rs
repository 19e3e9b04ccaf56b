//! The confirmations that the approval page shows. A person decides about each of them once, in whichever tab or process.

use super::{
    Approval, NewApproval, Store,
    approvals::{COLUMNS, OPEN, read},
};
use chrono::Utc;
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, Params, params};
use serde_json::Value;

impl Store {
    /// Takes up a request that waits already, for the same call by the same asker: it gets the new code and what was shown
    /// now. What a person agreed to counts only while the object is as they saw it. `None` if there is none.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn take_up_page_request(&self, asked: &NewApproval) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET code = ?1, object_hash = ?2, preview = ?3,
                 approved_at = CASE WHEN object_hash = ?2 THEN approved_at END,
                 person = CASE WHEN object_hash = ?2 THEN person END,
                 note = CASE WHEN object_hash = ?2 THEN note END,
                 changed_at = CASE WHEN object_hash = ?2 THEN changed_at ELSE ?4 END
             WHERE id = (
                 SELECT id FROM approvals
                 WHERE id IS NOT NULL AND account = ?5 AND tool = ?6 AND arguments_hash = ?7 AND asker = ?8
                     AND way = ?9 AND spent_at IS NULL AND expires_at > ?4
                 ORDER BY asked_at DESC LIMIT 1)
             RETURNING {COLUMNS}"
        );
        let asked = asked.clone();
        self.with(move |db| {
            let values = params![
                asked.code,
                asked.object_hash,
                asked.preview.to_string(),
                Utc::now().timestamp_millis(),
                asked.account,
                asked.tool,
                asked.arguments_hash,
                asked.asker.to_string(),
                asked.way
            ];
            db.query_row(&query, values, read).optional()
        })
        .await
    }

    /// The requests that have not expired, the oldest first, those that were decided too.
    pub async fn page_requests(&self) -> Result<Vec<Approval>> {
        let query =
            format!("SELECT {COLUMNS} FROM approvals WHERE id IS NOT NULL AND expires_at > ?1 ORDER BY asked_at, id");
        let now = Utc::now().timestamp_millis();
        self.with(move |db| db.prepare(&query)?.query_map([now], read)?.collect()).await
    }

    /// The request with this id, unless it has expired.
    pub async fn page_request(&self, id: &str) -> Result<Option<Approval>> {
        let query = format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1 AND expires_at > ?2");
        self.page_row(query, (id.to_owned(), Utc::now().timestamp_millis())).await
    }

    /// How many requests of an account wait for a person that came from the same caller as `asker`, whatever its host's name.
    pub async fn waiting_page_requests(&self, account: &str, asker: &Value) -> Result<u64> {
        let query = format!(
            "SELECT count(*) FROM approvals WHERE id IS NOT NULL AND account = ?1 AND {OPEN} AND expires_at > ?2
             AND asker ->> '$.caller' IS ?3 ->> '$.caller' AND asker ->> '$.subject' IS ?3 ->> '$.subject'"
        );
        let values = (account.to_owned(), Utc::now().timestamp_millis(), asker.to_string());
        self.with(move |db| db.query_row(&query, values, |row| row.get(0))).await
    }

    /// The ids of the requests that wait, and of which the operator was not told.
    pub async fn untold_page_requests(&self) -> Result<Vec<String>> {
        let query =
            format!("SELECT id FROM approvals WHERE id IS NOT NULL AND told_at IS NULL AND {OPEN} AND expires_at > ?1");
        let now = Utc::now().timestamp_millis();
        self.with(move |db| db.prepare(&query)?.query_map([now], |row| row.get(0))?.collect()).await
    }

    /// Records that the operator was told of these requests.
    pub async fn told_of_page_requests(&self, ids: Vec<String>) -> Result<()> {
        self.with(move |db| {
            let ids = Value::from(ids).to_string();
            let sql = "UPDATE approvals SET told_at = ?2 WHERE id IN (SELECT value FROM json_each(?1))";
            db.execute(sql, params![ids, Utc::now().timestamp_millis()]).map(drop)
        })
        .await
    }

    /// Records that a person agrees to the object as they saw it. `None` if somebody has decided already, if the request
    /// has expired, or if it shows another state of the object by now.
    pub async fn agree_on_page(
        &self,
        id: &str,
        object_hash: &str,
        person: &str,
        note: Option<&str>,
    ) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET approved_at = ?5, person = ?3, note = ?4
             WHERE id = ?1 AND object_hash = ?2 AND {OPEN} AND expires_at > ?5 RETURNING {COLUMNS}"
        );
        let now = Utc::now().timestamp_millis();
        let values = (id.to_owned(), object_hash.to_owned(), person.to_owned(), note.map(str::to_owned), now);
        self.page_row(query, values).await
    }

    /// Records that a person declines. `None` if somebody has decided already, or if the request has expired.
    pub async fn decline_on_page(&self, id: &str, person: &str, note: Option<&str>) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET declined_at = ?4, spent_at = ?4, person = ?2, note = ?3
             WHERE id = ?1 AND {OPEN} AND expires_at > ?4 RETURNING {COLUMNS}"
        );
        let values = (id.to_owned(), person.to_owned(), note.map(str::to_owned), Utc::now().timestamp_millis());
        self.page_row(query, values).await
    }

    async fn page_row(&self, query: String, values: impl Params + Send + 'static) -> Result<Option<Approval>> {
        self.with(move |db| db.query_row(&query, values, read).optional()).await
    }
}
