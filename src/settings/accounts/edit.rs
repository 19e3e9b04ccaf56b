//! Changes to `accounts.toml` that keep a person's comments and order.

use super::{AccountsFile, FILE, NamedAccount};
use crate::settings::toml_file::{TomlEditor, word};
use highlevel_core::error::Result;
use std::path::Path;
use toml_edit::{Array, Table, value};

/// The name of the file's tables.
const ACCOUNT: &str = "account";

/// The file in its own words, to be changed and written back. While it is open, no other process of this program changes
/// the file.
#[derive(Debug)]
pub struct AccountsEditor(TomlEditor);

impl AccountsEditor {
    /// Opens the file, when no other process has it open; one that does not exist is empty.
    ///
    /// # Errors
    /// `invalid_arguments` with the file and what is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        TomlEditor::open(FILE, path, |text| AccountsFile::parse(text).map(drop)).map(Self)
    }

    /// The accounts as they stand.
    ///
    /// # Errors
    /// `invalid_arguments` with what would be wrong with the file.
    pub fn accounts(&self) -> Result<AccountsFile> {
        self.0.read(AccountsFile::parse)
    }

    /// Adds accounts at the end, all of them or none.
    ///
    /// # Errors
    /// `invalid_arguments` if another account has the name or the location of one of them.
    pub fn add(&mut self, accounts: &[NamedAccount]) -> Result<()> {
        let before = self.0.document.clone();
        self.0.add(ACCOUNT, accounts.iter().map(table_of))?;
        let checked = self.accounts().map(drop);
        if checked.is_err() {
            self.0.document = before;
        }
        checked
    }

    /// Removes the account of this name, if there is one.
    ///
    /// # Errors
    /// `invalid_arguments` for a file whose form cannot be changed.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        if self.0.remove(ACCOUNT, name)? && self.0.text("default") == Some(name) {
            self.0.document.remove("default");
        }
        Ok(())
    }

    /// Makes this account the default one.
    pub fn set_default(&mut self, name: &str) {
        self.0.document.insert("default", value(name));
    }

    /// Writes the file, in one step.
    ///
    /// # Errors
    /// `invalid_arguments` with the file, if it cannot be written.
    pub fn save(&self) -> Result<()> {
        self.0.save()
    }
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
