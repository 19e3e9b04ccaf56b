//! Changes to `accounts.toml` that keep a person's comments and order.

use super::{AccountsFile, NamedAccount, wrong};
use highlevel_core::error::Result;
use highlevel_store::replace_file;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// The file in its own words, to be changed and written back.
#[derive(Debug)]
pub struct AccountsEditor {
    path: PathBuf,
    document: DocumentMut,
}

impl AccountsEditor {
    /// Opens the file; one that does not exist is empty.
    ///
    /// # Errors
    /// `invalid_arguments` with the file and what is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|fault| wrong(path, &format!("it cannot be read: {fault}")).caused_by(fault))?,
        };
        AccountsFile::parse(&text).map_err(|problem| wrong(path, &problem))?;
        // A link to the file stays a link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let document = text.parse().map_err(|fault: toml_edit::TomlError| wrong(&path, &fault.to_string()))?;
        Ok(Self { path, document })
    }

    /// The accounts as they stand.
    ///
    /// # Errors
    /// `invalid_arguments` with what would be wrong with the file.
    pub fn accounts(&self) -> Result<AccountsFile> {
        AccountsFile::parse(&self.document.to_string()).map_err(|problem| wrong(&self.path, &problem))
    }

    /// Adds an account at the end.
    ///
    /// # Errors
    /// `invalid_arguments` if another account has its name or its location.
    pub fn add(&mut self, account: &NamedAccount) -> Result<()> {
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
        if let Some(url) = &account.base_url {
            table.insert("base-url", value(url.as_str()));
        }
        let all = self.document.entry("account").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let before = all.clone();
        match all.as_array_of_tables_mut() {
            Some(tables) => tables.push(table),
            None => return Err(wrong(&self.path, "write each account as [[account]], not in one line")),
        }
        if let Err(error) = self.accounts() {
            self.document.insert("account", before);
            return Err(error);
        }
        Ok(())
    }

    /// Removes the account of this name. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let Some(tables) = self.document.get_mut("account").and_then(Item::as_array_of_tables_mut) else {
            return false;
        };
        let before = tables.len();
        tables.retain(|table| table.get("name").and_then(Item::as_str) != Some(name));
        let is_removed = tables.len() < before;
        if is_removed && self.document.get("default").and_then(Item::as_str) == Some(name) {
            self.document.remove("default");
        }
        is_removed
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
