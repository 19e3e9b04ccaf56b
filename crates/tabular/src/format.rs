//! The format of a file, by its first bytes and its name.

use crate::{Result, TabularError};
use std::{fmt, path::Path, str::FromStr};

/// A format of files of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Values separated by commas, or by another character.
    Csv,
    /// Values separated by tabs.
    Tsv,
    /// A workbook of Excel.
    Xlsx,
    /// One JSON array of objects, or an object that holds one.
    Json,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Tsv, Self::Xlsx, Self::Json, Self::JsonLines];

    /// The name that [`Format::from_str`] accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }

    /// The format that the ending of a file's name promises.
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "txt" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "xlsx" | "xlsm" => Some(Self::Xlsx),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = TabularError;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let allowed = Self::ALL.map(Self::name).join(", ");
            TabularError::Option(format!("Unknown format \"{text}\"; allowed are {allowed}."))
        })
    }
}

/// Whether the file is a workbook, by its first bytes. Refuses formats that look like files of rows to their owner, but
/// cannot be read.
pub(crate) fn is_workbook(path: &Path, head: &[u8]) -> Result<bool> {
    let refuse = |what: &str, next: &str| {
        Err(TabularError::Unreadable(format!("{} is {what}, which cannot be read. {next}", path.display())))
    };
    let magic: [(&[u8], &str, &str); 6] = [
        (
            b"\xD0\xCF\x11\xE0",
            "an old Excel workbook (.xls) or one with a password",
            "Save it as .xlsx without a password.",
        ),
        (b"%PDF", "a PDF", "Export the rows as CSV or XLSX."),
        (b"\x1F\x8B", "compressed with gzip", "Decompress it first."),
        (b"\x89PNG", "a picture", "Export the rows as CSV or XLSX."),
        (b"SQLite format 3", "a SQLite database", "Export the rows as CSV."),
        (b"PAR1", "a Parquet file", "Export the rows as CSV."),
    ];
    if let Some((_, what, next)) = magic.into_iter().find(|(bytes, ..)| head.starts_with(bytes)) {
        return refuse(what, next);
    }
    if head.starts_with(b"PK") {
        return Ok(true);
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).to_ascii_lowercase();
    if ["<!doctype html", "<html", "<table", "<?xml"].iter().any(|start| text.starts_with(start)) {
        return refuse("an HTML or XML page", "Open it in a spreadsheet and save it as XLSX or CSV.");
    }
    Ok(false)
}

/// The format of a file of text whose name does not say it.
pub(crate) fn guess(head: &[u8]) -> Format {
    let text: Vec<u8> = head.iter().copied().filter(|byte| byte.is_ascii_graphic()).take(2).collect();
    match *text {
        [b'{' | b'[', ..] => Format::Json,
        _ => Format::Csv,
    }
}
