//! Pending confirmations of guarded tools. They are stored because `call` and `approve` are other processes than `serve`.

use super::Store;
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

/// What a person is asked to confirm: a tool, its arguments, and the object as it was previewed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApproval {
    /// The hash of the confirmation token. The token itself is not stored.
    pub code: String,
    /// The account that it was asked for, as [`Store::account`] names it.
    pub account: String,
    /// How it was asked: a confirmation is valid for this way only.
    pub way: String,
    /// The tool.
    pub tool: String,
    /// The hash of the arguments in their canonical form.
    pub arguments_hash: String,
    /// The hash of the object as previewed.
    pub object_hash: String,
    /// What was shown.
    pub preview: Value,
    /// Who asked: how the client names itself, and who called over an authenticated connection.
    pub asker: Value,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it may be spent.
    pub expires_at: DateTime<Utc>,
    /// The call, where its object is read again when a person agrees: on the approval page and in a terminal of their own.
    pub call: Option<KeptCall>,
    /// The name of the request in the addresses of the approval page, if it is shown there. It is no secret.
    pub page: Option<String>,
}

/// A call as it is kept for reading its object again.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptCall {
    /// The arguments with secrets hidden.
    pub arguments: Value,
    /// The account's name, where the process serves several.
    pub label: Option<String>,
    /// The location's id, if it is known.
    pub location: Option<String>,
}

/// A confirmation in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// What was asked.
    pub asked: NewApproval,
    /// When a person agreed on the approval page or in a terminal of their own, if one did.
    pub approved_at: Option<DateTime<Utc>>,
    /// When a person declined, if one did.
    pub declined_at: Option<DateTime<Utc>>,
    /// When the object was last seen to have changed since it was asked, if it was.
    pub changed_at: Option<DateTime<Utc>>,
    /// When it was spent, if it was.
    pub spent_at: Option<DateTime<Utc>>,
    /// Who agreed or declined on the approval page.
    pub person: Option<String>,
    /// What they wrote beside it.
    pub note: Option<String>,
}

/// What makes a request one that a person can still decide about.
pub(crate) const OPEN: &str = "approved_at IS NULL AND spent_at IS NULL";

pub(crate) const COLUMNS: &str = "code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at, approved_at, \
     declined_at, changed_at, spent_at, person, note, id, arguments, label, location, asker";

impl Store {
    /// Stores a new pending confirmation, and deletes expired ones.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used, or when the code is taken.
    pub async fn put_approval(&self, asked: NewApproval) -> Result<()> {
        self.with(move |db| {
            db.execute("DELETE FROM approvals WHERE expires_at <= ?1", [Utc::now().timestamp_millis()])?;
            let call = asked.call.as_ref();
            db.execute(
                "INSERT INTO approvals
                     (code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at, id, arguments,
                      label, location, asker)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    asked.code,
                    asked.account,
                    asked.way,
                    asked.tool,
                    asked.arguments_hash,
                    asked.object_hash,
                    asked.preview.to_string(),
                    asked.asked_at.timestamp_millis(),
                    asked.expires_at.timestamp_millis(),
                    asked.page,
                    call.map(|call| call.arguments.to_string()),
                    call.and_then(|call| call.label.as_ref()),
                    call.and_then(|call| call.location.as_ref()),
                    asked.asker.to_string()
                ],
            )
            .map(drop)
        })
        .await
    }

    /// The confirmation with this code, spent or not, unless it has expired.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn approval(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!("SELECT {COLUMNS} FROM approvals WHERE code = ?1 AND expires_at > ?2");
        self.find_approval(query, code).await
    }

    /// Records that a person agreed. `None` if there is no such confirmation, or it has expired or was spent.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn approve(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET approved_at = coalesce(approved_at, ?2)
             WHERE code = ?1 AND spent_at IS NULL AND expires_at > ?2 RETURNING {COLUMNS}"
        );
        self.find_approval(query, code).await
    }

    /// Records that a person agreed to the object as it was shown, whose hash this is. `None` as for [`Store::approve`], and if
    /// another state of the object is shown by now.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn approve_as_shown(&self, code: &str, object_hash: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET approved_at = coalesce(approved_at, ?3)
             WHERE code = ?1 AND object_hash = ?2 AND spent_at IS NULL AND expires_at > ?3 RETURNING {COLUMNS}"
        );
        let values = (code.to_owned(), object_hash.to_owned(), Utc::now().timestamp_millis());
        self.with(move |db| db.query_row(&query, values, read).optional()).await
    }

    /// Records that the object is another than the one that was shown, and what is shown from now on. `key` is the code, or
    /// the request's id on the approval page. `None` if somebody has decided or recorded it already.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn object_changed(
        &self,
        key: &str,
        shown: &str,
        object_hash: &str,
        preview: &Value,
    ) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET object_hash = ?3, preview = ?4, changed_at = ?5
             WHERE (code = ?1 OR id = ?1) AND object_hash = ?2 AND {OPEN} RETURNING {COLUMNS}"
        );
        let now = Utc::now().timestamp_millis();
        let values = (key.to_owned(), shown.to_owned(), object_hash.to_owned(), preview.to_string(), now);
        self.with(move |db| db.query_row(&query, values, read).optional()).await
    }

    /// Spends the confirmation: of all callers, in this process or another, one gets it and the others get `None`.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn spend_approval(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET spent_at = ?2
             WHERE code = ?1 AND spent_at IS NULL AND expires_at > ?2 RETURNING {COLUMNS}"
        );
        self.find_approval(query, code).await
    }

    /// Records that a person declined, which spends the confirmation. `None` as for [`Store::spend_approval`].
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn decline(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET spent_at = ?2, declined_at = ?2
             WHERE code = ?1 AND spent_at IS NULL AND expires_at > ?2 RETURNING {COLUMNS}"
        );
        self.find_approval(query, code).await
    }

    /// Deletes expired confirmations. Returns how many there were.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn prune_approvals(&self) -> Result<usize> {
        let now = Utc::now().timestamp_millis();
        self.with(move |db| db.execute("DELETE FROM approvals WHERE expires_at <= ?1", [now])).await
    }

    async fn find_approval(&self, query: String, code: &str) -> Result<Option<Approval>> {
        let (code, now) = (code.to_owned(), Utc::now().timestamp_millis());
        self.with(move |db| db.query_row(&query, params![code, now], read).optional()).await
    }
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let time = |column| {
        let at: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(at.and_then(DateTime::from_timestamp_millis))
    };
    // Text that is not JSON can only come from a manual edit; it is shown as it is.
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    let call = match row.get::<_, Option<String>>("arguments")? {
        None => None,
        Some(arguments) => {
            Some(KeptCall { arguments: json(arguments), label: row.get("label")?, location: row.get("location")? })
        }
    };
    Ok(Approval {
        asked: NewApproval {
            code: row.get("code")?,
            account: row.get("account")?,
            way: row.get("way")?,
            tool: row.get("tool")?,
            arguments_hash: row.get("arguments_hash")?,
            object_hash: row.get("object_hash")?,
            preview: json(row.get("preview")?),
            // Rows of an older version have none. They live for minutes.
            asker: row.get::<_, Option<String>>("asker")?.map_or(Value::Null, json),
            asked_at: time("asked_at")?.unwrap_or_default(),
            expires_at: time("expires_at")?.unwrap_or_default(),
            call,
            page: row.get("id")?,
        },
        approved_at: time("approved_at")?,
        declined_at: time("declined_at")?,
        changed_at: time("changed_at")?,
        spent_at: time("spent_at")?,
        person: row.get("person")?,
        note: row.get("note")?,
    })
}
