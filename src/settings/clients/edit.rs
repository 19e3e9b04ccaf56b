//! Changes to `clients.toml` that keep a person's comments and order.

use super::{ClientEntry, ClientsFile, FILE};
use crate::settings::toml_file::{TomlEditor, word};
use highlevel_core::error::Result;
use std::path::Path;
use toml_edit::{Array, Table, value};

/// The name of the file's tables.
const CLIENT: &str = "client";

/// The file in its own words, to be changed and written back. While it is open, no other process of this program changes
/// the file.
#[derive(Debug)]
pub struct ClientsEditor(TomlEditor);

impl ClientsEditor {
    /// Opens the file, when no other process has it open; one that does not exist is empty.
    ///
    /// # Errors
    /// `invalid_arguments` with the file and what is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        TomlEditor::open(FILE, path, |text| ClientsFile::parse(text).map(drop)).map(Self)
    }

    /// The clients as they stand.
    ///
    /// # Errors
    /// `invalid_arguments` with what would be wrong with the file.
    pub fn clients(&self) -> Result<ClientsFile> {
        self.0.read(ClientsFile::parse)
    }

    /// Adds a client at the end.
    ///
    /// # Errors
    /// `invalid_arguments` if another client has its name, its token or one of its OAuth subjects or clients.
    pub fn add(&mut self, client: &ClientEntry) -> Result<()> {
        let before = self.0.document.clone();
        self.0.add(CLIENT, std::iter::once(table_of(client)))?;
        let checked = self.clients().map(drop);
        if checked.is_err() {
            self.0.document = before;
        }
        checked
    }

    /// Removes the client of this name, if there is one.
    ///
    /// # Errors
    /// `invalid_arguments` for a file whose form cannot be changed.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        self.0.remove(CLIENT, name).map(drop)
    }

    /// Writes the file, in one step.
    ///
    /// # Errors
    /// `invalid_arguments` with the file, if it cannot be written.
    pub fn save(&self) -> Result<()> {
        self.0.save()
    }
}

/// The client as it stands in the file: what is as in every client is left out.
fn table_of(client: &ClientEntry) -> Table {
    let mut table = Table::new();
    table.insert("name", value(&client.name));
    if let Some(hash) = &client.token_sha256 {
        table.insert("token-sha256", value(hash));
    }
    if client.read_only {
        table.insert("read-only", value(true));
    }
    let toolsets: Vec<String> = client.toolsets.iter().filter_map(word).collect();
    for (key, words) in [
        ("oauth-subjects", &client.oauth_subjects),
        ("oauth-clients", &client.oauth_clients),
        ("accounts", &client.accounts),
        ("toolsets", &toolsets),
        ("tools", &client.tools),
        ("exclude-tools", &client.exclude_tools),
        ("exclude-operations", &client.exclude_operations),
        ("confirm-tools", &client.confirm_tools),
    ] {
        if !words.is_empty() {
            table.insert(key, value(words.iter().collect::<Array>()));
        }
    }
    if let Some(names) = &client.allow_unconfirmed {
        table.insert("allow-unconfirmed", value(names.iter().collect::<Array>()));
    }
    for (key, ceiling) in [
        ("max-unconfirmed-per-hour", client.max_unconfirmed_per_hour),
        ("max-unconfirmed-per-recipient-day", client.max_unconfirmed_per_recipient_day),
    ] {
        if let Some(ceiling) = ceiling {
            table.insert(key, value(i64::from(ceiling)));
        }
    }
    if let Some(mode) = client.confirm.as_ref().and_then(word) {
        table.insert("confirm", value(mode));
    }
    table
}
