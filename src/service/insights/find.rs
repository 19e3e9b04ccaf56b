//! `search_crm`, `find_duplicates` and `changes_since`: lists from the mirror.

use super::{report_progress, time};
use crate::service::{AccountService, mirror::Freshness};
use chrono::{DateTime, NaiveDate, Utc};
use highlevel_catalog::{
    insights::{ChangesSince, FindDuplicates, SearchCrm},
    list::part,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use highlevel_store::{Inclusion, Table, named_in_hits};
use serde_json::{Map, Value, json};

/// The most characters of a search text. Each word costs an index look-up.
const MAX_TEXT_CHARS: usize = 500;

/// The default limit of a search.
const DEFAULT_FOUND: u32 = 20;
/// The default limit of a list of changes.
const DEFAULT_CHANGES: u32 = 50;

impl AccountService {
    pub(super) async fn search(&self, asked: &SearchCrm, context: &CallContext) -> Result<Value> {
        if asked.text.trim().is_empty() {
            return Err(Error::invalid("text", "`text` is empty. Give part of a name, an address or a number."));
        }
        let letters = asked.text.chars().count();
        if letters > MAX_TEXT_CHARS {
            return Err(Error::invalid(
                "text",
                format!(
                    "`text` has {letters} characters, and {MAX_TEXT_CHARS} are allowed. Give one name, address or number."
                ),
            ));
        }
        let tables = self.named_or_included(asked.table.as_deref()).await?;
        // Deals, for example, are shown with the names of their owners and contacts.
        let names: Vec<_> = named_in_hits(&tables).collect();
        let mut needed = self.readable_tables();
        needed.retain(|table| {
            let names_others = table.inclusion == Inclusion::Always && names.contains(&table.name);
            tables.iter().any(|one| one.name == table.name) || names_others
        });
        self.refresh(&needed, &tables, true, context).await?;
        let most = usize::try_from(asked.limit.unwrap_or(DEFAULT_FOUND)).unwrap_or(usize::MAX);
        let mirror = self.mirroring.mirror().await?;
        let found = mirror.search(&asked.text, tables.clone(), self.readable_tables(), most).await?;
        let data = found.found.into_iter().map(|found| {
            let mut item = Map::new();
            item.insert("table".into(), found.table.name.into());
            item.insert("id".into(), found.id.into());
            item.extend(found.fields);
            Value::Object(item)
        });
        let mut meta = Map::new();
        meta.insert("total".into(), found.total.into());
        self.answer(data.collect(), &tables, Vec::new(), meta).await
    }

    pub(super) async fn duplicates(&self, asked: &FindDuplicates, context: &CallContext) -> Result<Value> {
        let tables = vec![self.table("contacts", "table")?];
        self.refresh(&tables, &tables, false, context).await?;
        let mirror = self.mirroring.mirror().await?;
        let found = mirror.duplicates().await?;
        let limit = u64::from(asked.limit.unwrap_or(DEFAULT_FOUND));
        let offset = asked.offset.unwrap_or(0);
        let total = found.pairs.len();
        let mut data = Vec::new();
        for pair in part(found.pairs, offset, limit) {
            let contacts = mirror.contacts(pair.ids.to_vec()).await?;
            data.push(json!({ "reasons": pair.reasons, "contacts": contacts }));
        }
        let mut note = Vec::new();
        if found.shared > 0 {
            note.push(format!("{} numbers or addresses that many contacts share are left out.", found.shared));
        }
        let meta = range(total as u64, limit, offset, data.len() as u64);
        self.answer(data, &tables, note, meta).await
    }

    pub(super) async fn changes(&self, asked: &ChangesSince, context: &CallContext) -> Result<Value> {
        let since = moment(asked.since.as_str())?;
        let tables = self.named_or_included(asked.table.as_deref()).await?;
        self.refresh(&tables, &tables, true, context).await?;
        let limit = asked.limit.unwrap_or(DEFAULT_CHANGES);
        let offset = asked.offset.unwrap_or(0);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mirror = self.mirroring.mirror().await?;
        let found = mirror.changes(since, tables.clone(), most, offset).await?;
        let mut note = Vec::new();
        let late: Vec<String> = found
            .watched
            .iter()
            .filter(|(_, first)| *first > since)
            .map(|(table, first)| format!("{} since {}", table.name, time(*first)))
            .collect();
        if !late.is_empty() {
            note.push(format!("Watched only: {}.", late.join(", ")));
        }
        let entries = self.entries_of(&found.changes).await?;
        let data: Vec<Value> = found
            .changes
            .iter()
            .zip(entries)
            .map(|(change, entry)| {
                let mut change = serde_json::to_value(change).unwrap_or_default();
                if let (Some(members), Some(entry)) = (change.as_object_mut(), entry) {
                    members.insert("entry".to_owned(), entry.into());
                }
                change
            })
            .collect();
        let meta = range(found.total, limit.into(), offset, data.len() as u64);
        self.answer(data, &tables, note, meta).await
    }

    /// Refreshes the `needed` tables, and fails if none of the `asked` tables has data. With `partial`, a single asked
    /// table may be incomplete.
    async fn refresh(
        &self,
        needed: &[&'static Table],
        asked: &[&'static Table],
        partial: bool,
        context: &CallContext,
    ) -> Result<()> {
        self.mirroring.freshen(needed, Freshness::default(), context, &report_progress(context)).await?;
        let states = self.mirroring.mirror().await?.states(asked.to_vec()).await?;
        self.no_data(&states, partial).map_or(Ok(()), Err)
    }

    async fn answer(
        &self,
        data: Vec<Value>,
        tables: &[&'static Table],
        note: Vec<String>,
        meta: Map<String, Value>,
    ) -> Result<Value> {
        let mirror = self.mirroring.mirror().await?;
        let states = mirror.states(tables.to_vec()).await?;
        let mut status = self.data_status(&states);
        status.note.extend(note);
        let mut answer = Map::new();
        answer.insert("data".into(), data.into());
        if !meta.is_empty() {
            answer.insert("meta".into(), meta.into());
        }
        let oldest = states.iter().filter_map(|(_, state)| state.complete_at).min();
        answer.extend(status.into_members());
        match oldest {
            Some(at) => answer.insert("asOf".into(), time(at).into()),
            None => answer.shift_remove("asOf"),
        };
        Ok(answer.into())
    }
}

fn range(total: u64, limit: u64, offset: u64, shown: u64) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("total".into(), total.into());
    meta.insert("limit".into(), limit.into());
    meta.insert("offset".into(), offset.into());
    if offset + shown < total && shown > 0 {
        meta.insert("nextOffset".into(), (offset + shown).into());
    }
    meta
}

/// The time that a text gives. A date counts as its beginning in UTC.
///
/// # Errors
/// `invalid_arguments` for `since`.
pub fn moment(text: &str) -> Result<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    time.ok()
        .or_else(date)
        .ok_or_else(|| Error::invalid("since", format!("`since` has to be a date or an RFC 3339 time, not `{text}`.")))
}
