//! Which writes are wanted, and how they are read in pages.

use super::super::tools::named;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use highlevel_core::error::{Error, Result};
use highlevel_store::{EntryFilter, EntryRange, Journal, JournalEntry};

/// The entries of one page: without images, and with them.
const PAGE: u64 = 200;
const PAGE_WITH_IMAGES: u64 = 20;

#[derive(Debug, Clone, Args)]
pub(super) struct Filter {
    /// Only writes since a time: a span such as 30m, 2h or 3d, or a time such as 2026-02-28T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<DateTime<Utc>>,
    /// Only writes before a time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<DateTime<Utc>>,
    /// Only writes to this account, by name or location id. May be repeated
    #[arg(long = "account", value_name = "NAME")]
    accounts: Vec<String>,
    /// Only writes for this client, by name with or without its version
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Only writes by this tool
    #[arg(long, value_name = "TOOL", value_parser = tool)]
    tool: Option<String>,
    /// Only writes of the bulk job with this id
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Only writes to the object with this id, and the one that created it
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Only writes that are not known to be done: failed, cancelled, outcome unknown or unfinished
    #[arg(long)]
    failed: bool,
    /// Only the newest ones. Default: 100 in a table, all as JSON
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// The wanted entries, oldest first.
pub(super) struct Entries<'a> {
    journal: &'a Journal,
    filter: EntryFilter,
    range: EntryRange,
}

impl Filter {
    /// The wanted entries of the journal, the newest `default` of them without `--limit`.
    pub(super) async fn entries(self, journal: &Journal, default: Option<u64>) -> Result<Entries<'_>> {
        let Self { since, until, accounts, client, tool, job, object, failed, limit } = self;
        let filter = EntryFilter { since, until, accounts, client, caller: None, tool, job, object, failed };
        let range = journal.range(filter.clone(), limit.or(default)).await?;
        Ok(Entries { journal, filter, range })
    }
}

impl Entries<'_> {
    /// Whether there are older ones than the limit allows.
    pub(super) fn has_more(&self) -> bool {
        self.range.more
    }

    /// Gives each entry to `take` until it returns false. Holds one page at a time in memory.
    pub(super) async fn each(
        &self,
        images: bool,
        mut take: impl FnMut(JournalEntry) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let count = if images { PAGE_WITH_IMAGES } else { PAGE };
        let mut range = self.range;
        loop {
            let page = self.journal.entries(self.filter.clone(), range, count, images).await?;
            let Some(last) = page.last().map(JournalEntry::seq) else { return Ok(()) };
            for entry in page {
                if !take(entry)? {
                    return Ok(());
                }
            }
            range.from = last.saturating_add(1);
        }
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let ago = text.char_indices().next_back().and_then(|(at, unit)| {
        let count = text.get(..at)?.parse::<u32>().ok()?.into();
        match unit {
            's' => TimeDelta::try_seconds(count),
            'm' => TimeDelta::try_minutes(count),
            'h' => TimeDelta::try_hours(count),
            'd' => TimeDelta::try_days(count),
            _ => None,
        }
    });
    ago.and_then(|ago| Utc::now().checked_sub_signed(ago)).ok_or_else(|| {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("not a span such as 2h or 3d, or a time such as {now}")
    })
}

fn tool(name: &str) -> Result<String, Error> {
    named(name).map(|spec| spec.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_times_are_read() {
        let hours = Utc::now() - moment("2h").unwrap();
        assert!((hours - TimeDelta::hours(2)).num_minutes().abs() < 5);
        assert_eq!(moment("2026-02-28T10:00:00+01:00").unwrap().to_rfc3339(), "2026-02-28T09:00:00+00:00");
        for wrong in ["", "h", "2", "2w", "-1h", "yesterday", "2€", "99999999999d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
