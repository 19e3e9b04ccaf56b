//! Progress of reading tables, on stderr: bars on a terminal, else a line now and then.

use super::say;
use crate::service::Progress;
use highlevel_store::Table;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often a line is written where stderr is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// A bar a table.
#[derive(Debug, Default)]
pub(super) struct Watch {
    bars: MultiProgress,
    tables: Mutex<HashMap<&'static str, ProgressBar>>,
    /// When the last line of a table was written.
    lines: Mutex<HashMap<&'static str, Instant>>,
}

impl Watch {
    /// Shows how far a table is.
    pub(super) fn tell(&self, table: &'static Table, progress: &Progress) {
        if !std::io::stderr().is_terminal() {
            return self.line(table, progress);
        }
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = tables.entry(table.name).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::no_length().with_prefix(table.name));
            // A template that is wrong leaves the bar as it is.
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

    fn line(&self, table: &'static Table, progress: &Progress) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let last = lines.entry(table.name).or_insert_with(Instant::now);
        if last.elapsed() < LINES || progress.has_ended() {
            return;
        }
        *last = Instant::now();
        let of = progress.total.map_or(String::new(), |total| format!(" of {total}"));
        say(&format!("reading {}: {}{of}", table.name, progress.read));
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        // With stderr closed there is nothing to clear.
        drop(self.bars.clear());
    }
}
