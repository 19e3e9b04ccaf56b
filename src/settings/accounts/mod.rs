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

use highlevel_core::error::{Error, Result};
use highlevel_store::hide_tokens;
use serde::Deserialize;
use std::{collections::HashMap, fs, io, ops::Range, path::Path};

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
        let Some(text) = read_text(path)? else { return Ok(None) };
        if let Some(problem) = others_can_write(path) {
            return Err(wrong(path, &problem));
        }
        Self::parse(&text).map(Some).map_err(|problem| wrong(path, &problem))
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

/// Whoever writes this file decides where tokens are sent.
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

/// The file's text, without the mark that some editors put first; `None` if it does not exist.
fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(wrong(path, &format!("it cannot be read: {fault}")).caused_by(fault)),
    }
}

/// What is wrong with a file's form, and where. The line itself is not shown: it may hold a token.
fn wrong_toml(text: &str, problem: &str, span: Option<Range<usize>>) -> String {
    let problem = hide_tokens(problem.trim_end());
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or_else(|| problem.clone(), |before| format!("line {}: {problem}", before.matches('\n').count() + 1))
}

fn wrong(path: &Path, problem: &str) -> Error {
    Error::invalid("--accounts-file", format!("{}: {problem}.", path.display()))
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
