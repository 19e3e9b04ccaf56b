//! Progress of reading tables, on a terminal's stderr.

use crate::{account::Progress, store::Table};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A bar a table; nothing where stderr is no terminal.
#[derive(Debug, Default)]
pub(super) struct Watch {
    bars: MultiProgress,
    tables: Mutex<HashMap<&'static str, ProgressBar>>,
}

impl Watch {
    /// Shows how far a table is.
    pub(super) fn tell(&self, table: &'static Table, progress: &Progress) {
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

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        // With stderr closed there is nothing to clear.
        drop(self.bars.clear());
    }
}
