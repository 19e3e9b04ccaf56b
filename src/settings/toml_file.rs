//! Files of settings in TOML: reading them, and changes that keep a person's comments and order.

use clap::ValueEnum;
use highlevel_core::error::{Error, Result};
use highlevel_store::{FileLock, hide_tokens, replace_file};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

/// A file of settings, by the setting that names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct TomlFile(pub(super) &'static str);

impl TomlFile {
    /// The file's text, without the mark that some editors put first; `None` if it does not exist.
    pub(super) fn read(self, path: &Path) -> Result<Option<String>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(self.wrong(path, &format!("it cannot be read: {fault}")).caused_by(fault)),
        }
    }

    /// The same, unless everyone can write the file.
    pub(super) fn read_trusted(self, path: &Path) -> Result<Option<String>> {
        let text = self.read(path)?;
        match others_can_write(path).filter(|_| text.is_some()) {
            Some(problem) => Err(self.wrong(path, &problem)),
            None => Ok(text),
        }
    }

    /// The error for a file with this problem.
    pub(super) fn wrong(self, path: &Path, problem: &str) -> Error {
        Error::invalid(self.0, format!("{}: {problem}.", path.display()))
    }
}

#[cfg(unix)]
fn others_can_write(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o002 != 0).then(|| format!("everyone can write it. Run `chmod o-w {}`", path.display()))
}

#[cfg(not(unix))]
fn others_can_write(_: &Path) -> Option<String> {
    None
}

/// What is wrong with a file's form, and where. The line itself is not shown: it may hold a token.
pub(super) fn wrong_toml(text: &str, problem: &str, span: Option<Range<usize>>) -> String {
    let problem = hide_tokens(problem.trim_end());
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or_else(|| problem.clone(), |before| format!("line {}: {problem}", before.matches('\n').count() + 1))
}

/// A file in its own words, to be changed and written back. While it is open, no other process of this program changes
/// the file.
#[derive(Debug)]
pub(super) struct TomlEditor {
    file: TomlFile,
    path: PathBuf,
    pub(super) document: DocumentMut,
    _lock: FileLock,
}

impl TomlEditor {
    /// Opens the file, when no other process has it open; one that does not exist is empty. `check` says what is wrong
    /// with its text.
    pub(super) fn open(
        file: TomlFile,
        path: &Path,
        check: impl FnOnce(&str) -> std::result::Result<(), String>,
    ) -> Result<Self> {
        let path = target(path);
        let lock = FileLock::acquire(&path)
            .map_err(|fault| file.wrong(&path, &format!("it cannot be changed: {fault}")).caused_by(fault))?;
        let text = file.read(&path)?.unwrap_or_default();
        check(&text).map_err(|problem| file.wrong(&path, &problem))?;
        let parsed: Result<DocumentMut, toml_edit::TomlError> = text.parse();
        let document = parsed.map_err(|fault| file.wrong(&path, &wrong_toml(&text, fault.message(), fault.span())))?;
        Ok(Self { file, path, document, _lock: lock })
    }

    /// What the file holds as it stands.
    pub(super) fn read<T>(&self, parse: impl FnOnce(&str) -> std::result::Result<T, String>) -> Result<T> {
        parse(&self.document.to_string()).map_err(|problem| self.file.wrong(&self.path, &problem))
    }

    /// Adds tables at the end.
    pub(super) fn add(&mut self, name: &str, tables: impl Iterator<Item = Table>) -> Result<()> {
        let all = self.document.entry(name).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        match all.as_array_of_tables_mut() {
            Some(all) => {
                tables.for_each(|table| all.push(table));
                Ok(())
            }
            None => Err(self.wrong_form(name)),
        }
    }

    /// Removes the table with this `name`. Returns whether there are such tables at all.
    pub(super) fn remove(&mut self, tables: &str, name: &str) -> Result<bool> {
        let Some(all) = self.document.get_mut(tables) else { return Ok(false) };
        match all.as_array_of_tables_mut() {
            Some(all) => all.retain(|table| table.get("name").and_then(Item::as_str) != Some(name)),
            None => return Err(self.wrong_form(tables)),
        }
        Ok(true)
    }

    /// A text at the top of the file.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.document.get(key).and_then(Item::as_str)
    }

    /// Writes the file, in one step.
    pub(super) fn save(&self) -> Result<()> {
        let written = replace_file(&self.path, self.document.to_string().as_bytes());
        written.map_err(|fault| self.file.wrong(&self.path, &format!("it cannot be written: {fault}")).caused_by(fault))
    }

    fn wrong_form(&self, name: &str) -> Error {
        self.file.wrong(&self.path, &format!("write each {name} as [[{name}]], not in one line"))
    }
}

/// The file that is read and written. A link to it stays a link, also where the file does not exist yet.
fn target(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(existing) = fs::canonicalize(&path) {
        return existing;
    }
    // As many links as systems follow.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(next);
    }
    path
}

/// The word for a value, as a flag of the same name takes it.
pub(super) fn word<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

/// Reads a value from its word.
pub(super) fn from_word<'de, D: Deserializer<'de>, T: ValueEnum>(from: D) -> Result<Option<T>, D::Error> {
    value(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

/// Reads values from their words.
pub(super) fn from_words<'de, D: Deserializer<'de>, T: ValueEnum>(from: D) -> Result<Vec<T>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|word| value(word)).collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// The value of a word, as a flag of the same name takes it.
fn value<T: ValueEnum>(word: &str) -> std::result::Result<T, String> {
    T::from_str(word, false).map_err(|_| {
        let known = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
        format!("`{word}` is not one of {}", known.join(", "))
    })
}
