//! Changes to `accounts.toml` that keep a person's comments and order.

use super::{AccountsFile, NamedAccount, read_text, wrong, wrong_toml};
use clap::ValueEnum;
use highlevel_core::error::Result;
use highlevel_store::{FileLock, replace_file};
use std::{
    fs,
    path::{Path, PathBuf},
};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// How the file has to be written for a command to change it.
const FORM: &str = "write each account as [[account]], not in one line";

/// The file in its own words, to be changed and written back. While it is open, no other process of this program changes
/// the file.
#[derive(Debug)]
pub struct AccountsEditor {
    path: PathBuf,
    document: DocumentMut,
    _lock: FileLock,
}

impl AccountsEditor {
    /// Opens the file, when no other process has it open; one that does not exist is empty.
    ///
    /// # Errors
    /// `invalid_arguments` with the file and what is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        let path = target(path);
        let lock = FileLock::acquire(&path)
            .map_err(|fault| wrong(&path, &format!("it cannot be changed: {fault}")).caused_by(fault))?;
        let text = read_text(&path)?.unwrap_or_default();
        AccountsFile::parse(&text).map_err(|problem| wrong(&path, &problem))?;
        let parsed: Result<DocumentMut, toml_edit::TomlError> = text.parse();
        let document = parsed.map_err(|fault| wrong(&path, &wrong_toml(&text, fault.message(), fault.span())))?;
        Ok(Self { path, document, _lock: lock })
    }

    /// The accounts as they stand.
    ///
    /// # Errors
    /// `invalid_arguments` with what would be wrong with the file.
    pub fn accounts(&self) -> Result<AccountsFile> {
        AccountsFile::parse(&self.document.to_string()).map_err(|problem| wrong(&self.path, &problem))
    }

    /// Adds accounts at the end, all of them or none.
    ///
    /// # Errors
    /// `invalid_arguments` if another account has the name or the location of one of them.
    pub fn add(&mut self, accounts: &[NamedAccount]) -> Result<()> {
        let before = self.document.clone();
        let all = self.document.entry("account").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        match all.as_array_of_tables_mut() {
            Some(tables) => accounts.iter().for_each(|account| tables.push(table_of(account))),
            None => return Err(wrong(&self.path, FORM)),
        }
        let checked = self.accounts().map(drop);
        if checked.is_err() {
            self.document = before;
        }
        checked
    }

    /// Removes the account of this name, if there is one.
    ///
    /// # Errors
    /// `invalid_arguments` for a file whose form cannot be changed.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        let Some(all) = self.document.get_mut("account") else { return Ok(()) };
        let tables = all.as_array_of_tables_mut().ok_or_else(|| wrong(&self.path, FORM))?;
        tables.retain(|table| table.get("name").and_then(Item::as_str) != Some(name));
        if self.document.get("default").and_then(Item::as_str) == Some(name) {
            self.document.remove("default");
        }
        Ok(())
    }

    /// Makes this account the default one.
    pub fn set_default(&mut self, name: &str) {
        self.document.insert("default", value(name));
    }

    /// Writes the file, in one step.
    ///
    /// # Errors
    /// `invalid_arguments` with the file, if it cannot be written.
    pub fn save(&self) -> Result<()> {
        let written = replace_file(&self.path, self.document.to_string().as_bytes());
        written.map_err(|fault| wrong(&self.path, &format!("it cannot be written: {fault}")).caused_by(fault))
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

/// The account as it stands in the file: what is as in every account is left out.
fn table_of(account: &NamedAccount) -> Table {
    let mut table = Table::new();
    table.insert("name", value(&account.name));
    table.insert("location", value(&account.location));
    if let Some(name) = account.credential.as_str() {
        table.insert("credential", value(name));
    }
    if let Some(api) = account.api {
        table.insert("api", value(api.as_str()));
    }
    if account.read_only {
        table.insert("read-only", value(true));
    }
    let toolsets: Vec<String> = account.toolsets.iter().filter_map(word).collect();
    for (key, words) in [
        ("toolsets", &toolsets),
        ("tools", &account.tools),
        ("exclude-tools", &account.exclude_tools),
        ("exclude-operations", &account.exclude_operations),
        ("confirm-tools", &account.confirm_tools),
    ] {
        if !words.is_empty() {
            table.insert(key, value(words.iter().collect::<Array>()));
        }
    }
    if let Some(names) = &account.allow_unconfirmed {
        table.insert("allow-unconfirmed", value(names.iter().collect::<Array>()));
    }
    for (key, ceiling) in [
        ("max-unconfirmed-per-hour", account.max_unconfirmed_per_hour),
        ("max-unconfirmed-per-recipient-day", account.max_unconfirmed_per_recipient_day),
    ] {
        if let Some(ceiling) = ceiling {
            table.insert(key, value(i64::from(ceiling)));
        }
    }
    if let Some(mode) = account.confirm.as_ref().and_then(word) {
        table.insert("confirm", value(mode));
    }
    if let Some(url) = &account.base_url {
        table.insert("base-url", value(url.as_str()));
    }
    table
}

/// The word for a value, as a flag of the same name takes it.
fn word<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}
