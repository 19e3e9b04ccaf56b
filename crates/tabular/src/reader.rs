//! Opening a file: what it is, its columns, and its rows.

use crate::{
    Format, Report, Result, Row, RowError, TabularError,
    format::{guess, is_workbook},
    json, text, xlsx,
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// How many bytes the format and the encoding are found by.
const HEAD: u64 = 16 * 1024;

/// How to read a file. What is left open is detected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format.
    pub format: Option<Format>,
    /// The character between cells of CSV and TSV.
    pub delimiter: Option<char>,
    /// The encoding of a file of text by its common name, such as `utf-8`, `utf-16le` or `windows-1252`.
    pub encoding: Option<String>,
    /// The sheet of a workbook. Without it, the first visible sheet that is not empty.
    pub sheet: Option<String>,
    /// Where the header is.
    pub header: HeaderRow,
}

/// Where the header of a file is. JSON objects carry their names themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderRow {
    /// The first row, below titles; absent if that row holds an e-mail address.
    #[default]
    Detect,
    /// The first row at or below this line, from 1.
    Line(u64),
    /// There is none: the columns are called `Column 1`, `Column 2` and so on.
    Absent,
}

/// What a file is, as it was detected or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format.
    pub format: Format,
    /// The encoding of a file of text, such as `UTF-8 with BOM`.
    pub encoding: Option<String>,
    /// The character between cells of CSV and TSV.
    pub delimiter: Option<char>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The workbook's other sheets that have rows or are hidden.
    pub other_sheets: Vec<String>,
    /// The line of the header, from 1. None if the file has none.
    pub header_line: Option<u64>,
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// What a person should know before using the rows, each a sentence or two.
    pub notes: Vec<String>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, which no other column of the file has.
    pub name: String,
    /// The text of the header; empty where it has none.
    pub original: String,
}

/// Where the rows of one format come from.
pub(crate) trait RowSource: Send {
    /// The next row, None at the end. A row error that is not the last one is followed by more.
    fn next_row(&mut self, report: &mut Report) -> Option<std::result::Result<Row, RowError>>;
}

/// The rows of a file, read one by one in bounded memory.
pub struct Reader {
    detection: Detection,
    report: Report,
    source: Box<dyn RowSource>,
    has_ended: bool,
}

/// Opens a file of rows.
///
/// # Errors
///
/// [`TabularError::Io`] if the system refuses, [`TabularError::Unreadable`] if the file is of another kind, empty or
/// damaged, [`TabularError::Option`] if an option does not fit it.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Reader> {
    let file = File::open(path).map_err(|error| TabularError::reading(path, error))?;
    read(file, path, options)
}

/// Reads a file of rows that is open already. Its path serves to tell its format, and for messages.
///
/// # Errors
///
/// Those of [`open`].
pub fn read(file: File, path: &Path, options: &ReadOptions) -> Result<Reader> {
    let source = Source::of(file, path);
    let mut head = Vec::new();
    let mut file = source.rewound().map_err(|error| source.failed(error))?;
    (&mut file).take(HEAD).read_to_end(&mut head).map_err(|error| source.failed(error))?;
    let is_workbook = is_workbook(path, &head)?;
    if options.format == Some(Format::Xlsx) && !is_workbook {
        let message = format!("{} is not a workbook. Leave the format out to have it detected.", source.name());
        return Err(TabularError::Option(message));
    }
    let (detection, source): (Detection, Box<dyn RowSource>) = if is_workbook {
        let (detection, source) = xlsx::open(&source, options)?;
        (detection, Box::new(source))
    } else {
        let encoding = text::detect(&source, &head, options.encoding.as_deref())?;
        match options.format.or_else(|| Format::of_name(path)).unwrap_or_else(|| guess(&head)) {
            format @ (Format::Json | Format::JsonLines) => {
                let (detection, source) = json::open(&source, format, encoding)?;
                (detection, Box::new(source))
            }
            format @ (Format::Csv | Format::Tsv | Format::Xlsx) => {
                let (detection, source) = text::open(&source, format, encoding, options)?;
                (detection, Box::new(source))
            }
        }
    };
    Ok(Reader { detection, report: Report::default(), source, has_ended: false })
}

/// A file that is read several times, one after the other.
pub(crate) struct Source {
    file: File,
    pub(crate) path: PathBuf,
}

impl Source {
    pub(crate) fn of(file: File, path: &Path) -> Self {
        Self { file, path: path.to_owned() }
    }

    /// The file from its start. Handles share their position, so none may be used beside another.
    pub(crate) fn rewound(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, path: self.path.clone() })
    }

    pub(crate) fn failed(&self, error: io::Error) -> TabularError {
        TabularError::reading(&self.path, error)
    }

    pub(crate) fn name(&self) -> std::path::Display<'_> {
        self.path.display()
    }
}

impl Reader {
    /// What the file is.
    pub const fn detection(&self) -> &Detection {
        &self.detection
    }

    /// The columns in their order.
    pub fn columns(&self) -> &[Column] {
        &self.detection.columns
    }

    /// What was met so far that did not make a row an error.
    pub const fn report(&self) -> &Report {
        &self.report
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("detection", &self.detection).finish_non_exhaustive()
    }
}

impl Iterator for Reader {
    type Item = std::result::Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let row = self.source.next_row(&mut self.report);
        match &row {
            None => self.has_ended = true,
            Some(Ok(_)) => self.report.rows = self.report.rows.saturating_add(1),
            Some(Err(error)) => {
                self.report.errors = self.report.errors.saturating_add(1);
                self.has_ended = error.problem.is_last();
            }
        }
        row
    }
}
