//! `journal export`: the writes as JSON Lines.

use super::{super::print_json, filter::Filter};
use highlevel_store::Journal;
use std::process::ExitCode;

pub(super) async fn run(journal: &Journal, filter: Filter) -> anyhow::Result<ExitCode> {
    let entries = filter.entries(journal, None).await?;
    entries
        .each(true, |entry| {
            print_json(&serde_json::to_string(&entry.members)?)?;
            Ok(true)
        })
        .await?;
    Ok(ExitCode::SUCCESS)
}
