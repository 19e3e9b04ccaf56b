//! The progress of reading tables, on stderr: a bar per table on a terminal, otherwise a line every few seconds.

use super::say;
use crate::{account::Account, service::Progress};
use highlevel_store::Table;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The interval of lines where stderr is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A table, with the name of its account where there are several.
type TableOfAccount = (String, &'static str);

/// The progress of all tables that are read.
#[derive(Debug, Default)]
pub(super) struct ProgressReport {
    bars: MultiProgress,
    by_table: Mutex<HashMap<TableOfAccount, ProgressBar>>,
    /// When each table's last line was printed.
    last_lines: Mutex<HashMap<TableOfAccount, Instant>>,
}

impl ProgressReport {
    /// Shows the progress of an account's table.
    pub(super) fn update(&self, account: &Account, table: &'static Table, progress: &Progress) {
        let name = account.label().map_or_else(String::new, |label| format!("{label} "));
        if !std::io::stderr().is_terminal() {
            return self.print_line((name, table.name), progress);
        }
        let mut tables = self.by_table.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = tables.entry((name.clone(), table.name)).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::no_length().with_prefix(format!("{name}{}", table.name)));
            // With a wrong template the bar keeps its default style.
            if let Ok(style) = ProgressStyle::with_template("{prefix:14} {bar:30} {human_pos}/{human_len} {eta}") {
                bar.set_style(style);
            }
            bar
        });
        if let Some(total) = progress.total {
            bar.set_length(total);
        }
        bar.set_position(progress.read);
        if progress.has_ended() {
            bar.finish();
        }
    }

    fn print_line(&self, table: TableOfAccount, progress: &Progress) {
        let mut lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (account, name) = (table.0.clone(), table.1);
        let last = lines.entry(table).or_insert_with(Instant::now);
        if last.elapsed() < LINE_INTERVAL || progress.has_ended() {
            return;
        }
        *last = Instant::now();
        let of = progress.total.map_or(String::new(), |total| format!(" of {total}"));
        say(&format!("reading {account}{name}: {}{of}", progress.read));
    }

    /// Removes the bars.
    pub(super) fn clear(&self) {
        // A closed stderr is ignored.
        drop(self.bars.clear());
    }
}
