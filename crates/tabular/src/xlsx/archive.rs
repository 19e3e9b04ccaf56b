//! What is in the archive that a workbook is: refuses other archives, and parts that would take all memory.

use crate::{Result, TabularError, reader::Source};
use std::io::BufReader;
use zip::{ZipArchive, result::ZipError};

/// The largest table of texts, in bytes of XML. It is in memory while a sheet is read; the sheets are not.
const MOST_TEXTS: u64 = 512 * 1024 * 1024;
/// The largest other part that is in memory.
const MOST_OTHER: u64 = 64 * 1024 * 1024;

/// Checks that the archive is a workbook that can be read in bounded memory.
pub(super) fn check(source: &Source) -> Result<()> {
    let file = source.rewound().map_err(|error| source.failed(error))?;
    let refuse = |what: &str| Err(TabularError::Unreadable(format!("{} {what}", source.name())));
    let archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(ZipError::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            return Err(source.failed(error));
        }
        Err(_) => return refuse("is damaged: it is not a whole workbook. Copy or export it again."),
    };
    let has = |name: &str| archive.index_for_name(name).is_some();
    if !has("xl/workbook.xml") {
        return refuse(if has("xl/workbook.bin") {
            "is a binary workbook (.xlsb), which cannot be read. Save it as .xlsx."
        } else if has("content.xml") {
            "is an OpenDocument file, which cannot be read. Save it as .xlsx."
        } else {
            "is a ZIP archive and not a workbook. Unpack it first."
        });
    }
    let mut archive = archive;
    for at in 0..archive.len() {
        let Ok(part) = archive.by_index_raw(at) else { continue };
        let name = part.name().unwrap_or_default();
        let most = match &*name {
            "xl/sharedStrings.xml" => MOST_TEXTS,
            _ if name.starts_with("xl/worksheets/") || name.starts_with("xl/media/") => continue,
            _ => MOST_OTHER,
        };
        if part.size() > most {
            return refuse("holds more text than fits in memory. Save its sheet as CSV.");
        }
    }
    Ok(())
}
