//! The named accounts of `accounts.toml`.

mod edit;
mod entry;
mod name;
mod served;
mod settings;

pub use edit::AccountsEditor;
pub use entry::NamedAccount;
pub use name::{ALL, MAX_NAME, fold, is_name};
pub use served::ServedAccounts;

use super::toml_file::{TomlFile, wrong_toml};
use highlevel_core::error::Result;
use serde::Deserialize;
use std::{collections::HashMap, path::Path};

/// The setting that names the file.
const FILE: TomlFile = TomlFile("--accounts-file");

/// The named accounts, in the order of their file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountsFile {
    /// The account of reads that name none.
    pub default: Option<String>,
    /// Every `[[account]]`.
    #[serde(default, rename = "account")]
    pub accounts: Vec<NamedAccount>,
}

impl AccountsFile {
    /// Reads the file; `None` if it does not exist.
    ///
    /// # Errors
    /// `invalid_arguments` with the file, and the line or the account that is wrong.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        // Whoever writes this file decides where tokens are sent.
        let Some(text) = FILE.read_trusted(path)? else { return Ok(None) };
        Self::parse(&text).map(Some).map_err(|problem| FILE.wrong(path, &problem))
    }

    /// Parses the file's text.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Self =
            toml_edit::de::from_str(text).map_err(|fault| wrong_toml(text, fault.message(), fault.span()))?;
        file.check()?;
        Ok(file)
    }

    /// The account of this name.
    pub fn named(&self, name: &str) -> Option<&NamedAccount> {
        self.accounts.iter().find(|account| account.name == name)
    }

    /// Refuses accounts that a caller could take for one another.
    fn check(&self) -> Result<(), String> {
        let mut names: HashMap<String, &str> = HashMap::new();
        let mut locations: HashMap<&str, &str> = HashMap::new();
        for account in &self.accounts {
            let name = account.name.as_str();
            account.check()?;
            if let Some(other) = names.insert(fold(name), name) {
                return Err(format!(
                    "the accounts \"{other}\" and \"{name}\" differ only in case, spaces or invisible characters. Give one of them another name"
                ));
            }
            if let Some(other) = locations.insert(&account.location, name) {
                return Err(format!(
                    "the accounts \"{other}\" and \"{name}\" have the same location, {}",
                    account.location
                ));
            }
        }
        for other in &self.accounts {
            if let Some(name) = names.get(&fold(&other.location)).filter(|name| **name != other.name) {
                return Err(format!("the account \"{name}\" is named like the location of \"{}\"", other.name));
            }
        }
        match &self.default {
            Some(default) if self.named(default).is_none() => {
                Err(format!("`default` is \"{default}\", which is none of the accounts"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::Api, guard::ConfirmMode};
    use highlevel_catalog::Toolset;

    const TWO: &str = r#"
default = "Smile Dental"

[[account]]
name = "Smile Dental"
location = "loc1"
credential = "agency"

[[account]]
name = "Acme, Inc."
location = "loc2"
credential = "acme"
api = "session"
read-only = true
toolsets = ["contacts", "insights"]
confirm = "human"
confirm-tools = ["update_page"]
exclude-tools = ["list_webhooks"]
base-url = "http://127.0.0.1:1"
"#;

    #[test]
    fn a_file_is_read_whole() {
        let file = AccountsFile::parse(TWO).unwrap();
        assert_eq!(file.default.as_deref(), Some("Smile Dental"));
        let acme = file.named("Acme, Inc.").unwrap();
        assert_eq!((acme.location.as_str(), acme.credential.as_str(), acme.read_only), ("loc2", Some("acme"), true));
        assert_eq!((acme.api, acme.confirm), (Some(Api::Session), Some(ConfirmMode::Human)));
        assert_eq!(acme.toolsets, [Toolset::Contacts, Toolset::Insights]);
        assert!(file.named("acme, inc.").is_none());
    }

    #[test]
    fn what_a_caller_could_mistake_is_refused() {
        for (from, to, problem) in [
            ("Acme, Inc.", "smile  dental", "differ only in case"),
            ("Acme, Inc.", "Smile\u{200b} Dental", "invisible"),
            ("Acme, Inc.", "Ｓmile Dental", "differ only in case"),
            ("Acme, Inc.", " Acme", "begins or ends with a space"),
            ("Acme, Inc.", "ALL", "`all` stands for every account"),
            ("Acme, Inc.", "loc1", "named like the location"),
            ("Acme, Inc.", "LOC1", "named like the location"),
            ("Acme, Inc.", "[\\\"Smile Dental\\\"]", "a list"),
            ("Acme, Inc.", "A\u{3164}B", "invisible characters"),
            ("Acme, Inc.", "Smile\u{2800}Dental", "differ only in case"),
            ("Acme, Inc.", "pit-0a1b2c3d-4e5f-6789-abcd-ef0123456789", "`name` of an account looks like a token"),
            ("loc2", "all", "stands for every account"),
            ("loc2", "loc1", "the same location"),
            ("loc2", "a/b", "location"),
            ("default = \"Smile Dental\"", "default = \"Smile\"", "none of the accounts"),
            ("credential = \"acme\"", "credential = \"Acme Inc\"", "acme-inc"),
            ("credential = \"acme\"", "token = \"canary\"", "unknown field"),
            ("\"session\"", "\"sesion\"", "session"),
            ("\"human\"", "\"maybe\"", "two-step"),
            ("\"contacts\"", "\"contact\"", "contacts"),
        ] {
            let text = TWO.replacen(from, to, if from.starts_with("loc") || from == "Acme, Inc." { 1 } else { 9 });
            assert_ne!(text, TWO, "{from}");
            let error = AccountsFile::parse(&text).unwrap_err();
            assert!(error.contains(problem), "{from} -> {to}: {error}");
        }
    }
}
