//! Workbooks of Excel as rows.
//!
//! The crate `calamine` lends its cells out of the open workbook. A thread of its own keeps the workbook and sends rows, a
//! few hundred at a time.

mod archive;
mod cells;
mod merged;
mod sheet;
mod table;

use crate::{
    Detection, ReadOptions, Report, Result, Row, RowError, RowProblem, TabularError,
    reader::{RowSource, Source},
};
use sheet::Sheet;
use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};
use table::Table;

/// How many batches of rows may wait.
const MOST_WAITING: usize = 4;
/// How many rows a batch has.
const BATCH: usize = 256;

/// The rows of a sheet.
pub(crate) struct Xlsx {
    messages: Receiver<Message>,
    rows: VecDeque<std::result::Result<Row, RowError>>,
    has_ended: bool,
}

/// What the thread of a workbook sends.
enum Message {
    /// The workbook is open.
    Opened(Result<Detection>),
    /// Rows, and the lines of those with values beyond the last column.
    Rows { rows: Vec<std::result::Result<Row, RowError>>, beyond: Vec<u64> },
    /// All rows were sent.
    End,
}

/// Opens a workbook and finds its sheet and its header.
pub(crate) fn open(source: &Source, options: &ReadOptions) -> Result<(Detection, Xlsx)> {
    archive::check(source)?;
    let source = source.try_clone().map_err(|error| source.failed(error))?;
    let options = options.clone();
    let (sender, messages) = sync_channel(MOST_WAITING);
    let name = source.name().to_string();
    thread::Builder::new()
        .name("workbook".to_owned())
        .spawn(move || run(&source, &options, &sender))
        .map_err(|source| TabularError::Io { doing: format!("read {name}"), source })?;
    let damaged = || TabularError::Unreadable(format!("{name} cannot be read: the workbook is damaged."));
    match messages.recv() {
        Ok(Message::Opened(detection)) => Ok((detection?, Xlsx { messages, rows: VecDeque::new(), has_ended: false })),
        Ok(Message::Rows { .. } | Message::End) | Err(_) => Err(damaged()),
    }
}

/// Reads the workbook until its end, or until nobody takes the rows.
fn run(source: &Source, options: &ReadOptions, sender: &SyncSender<Message>) {
    let mut sheet = match Sheet::open(source, options) {
        Ok(sheet) => sheet,
        Err(error) => return drop(sender.send(Message::Opened(Err(error)))),
    };
    let name = source.name().to_string();
    let mut table = match sheet.rows().and_then(|rows| Table::begin(rows, options.header)) {
        Ok(table) => table,
        Err(problem) => {
            let error = TabularError::Unreadable(format!("{name}: {problem}"));
            return drop(sender.send(Message::Opened(Err(error))));
        }
    };
    if sender.send(Message::Opened(Ok(table.detection()))).is_err() {
        return;
    }
    let mut is_last = false;
    while !is_last {
        let (mut rows, mut beyond) = (Vec::with_capacity(BATCH), Vec::new());
        while rows.len() < BATCH && !is_last {
            match table.next(&mut beyond) {
                Some(row) => {
                    is_last = row.is_err();
                    rows.push(row);
                }
                None => is_last = true,
            }
        }
        if sender.send(Message::Rows { rows, beyond }).is_err() {
            return;
        }
    }
    // Nobody is there to be told of the end.
    drop(sender.send(Message::End));
}

impl RowSource for Xlsx {
    fn next_row(&mut self, report: &mut Report) -> Option<std::result::Result<Row, RowError>> {
        while self.rows.is_empty() && !self.has_ended {
            match self.messages.recv() {
                Ok(Message::Rows { rows, beyond }) => {
                    self.rows.extend(rows);
                    beyond.into_iter().for_each(|line| report.beyond.add(line));
                }
                Ok(Message::End) => self.has_ended = true,
                Ok(Message::Opened(_)) | Err(_) => {
                    self.has_ended = true;
                    let message = "The workbook is damaged: its rows cannot be read from here on.";
                    return Some(Err(RowError::new(0, RowProblem::Unreadable, message)));
                }
            }
        }
        self.rows.pop_front()
    }
}
