//! The clients of `clients.toml`: who may connect over HTTP, and what each may do.

mod edit;
mod entry;
mod settings;
mod token;

pub use edit::ClientsEditor;
pub use entry::ClientEntry;
pub use settings::ClientAccounts;
pub use token::{new_token, token_hash};

use super::toml_file::{TomlFile, wrong_toml};
use highlevel_core::error::Result;
use serde::Deserialize;
use std::{collections::HashSet, path::Path};

/// The setting that names the file.
const FILE: TomlFile = TomlFile("--clients-file");

/// The clients, in the order of their file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsFile {
    /// Every `[[client]]`.
    #[serde(default, rename = "client")]
    pub clients: Vec<ClientEntry>,
}

impl ClientsFile {
    /// Reads the file; `None` if it does not exist.
    ///
    /// # Errors
    /// `invalid_arguments` with the file, and the line or the client that is wrong.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        // Whoever writes this file decides who may use the accounts.
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

    /// The client of this name.
    pub fn named(&self, name: &str) -> Option<&ClientEntry> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// Refuses clients that could be taken for one another.
    fn check(&self) -> Result<(), String> {
        let (mut names, mut tokens, mut people) = (HashSet::new(), HashSet::new(), HashSet::new());
        for client in &self.clients {
            client.check()?;
            let name = &client.name;
            if !names.insert(name.to_lowercase()) {
                return Err(format!("two clients are named \"{name}\". Names that differ only in case count as one"));
            }
            if let Some(token) = &client.token_sha256
                && !tokens.insert(token.as_str())
            {
                return Err(format!("the client \"{name}\" has the token of another one"));
            }
            let claims = client.oauth_subjects.iter().map(|value| ("subject", value));
            for claim in claims.chain(client.oauth_clients.iter().map(|value| ("client", value))) {
                if !people.insert(claim) {
                    let (what, value) = claim;
                    return Err(format!("two clients have the OAuth {what} \"{value}\""));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::ConfirmMode;

    const TWO: &str = r#"
[[client]]
name = "claude"
token-sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
accounts = ["Smile Dental"]
read-only = true
confirm = "human"

[[client]]
name = "staff"
oauth-subjects = ["anna@example.com"]
oauth-clients = ["chat"]
"#;

    #[test]
    fn a_file_is_read_whole() {
        let file = ClientsFile::parse(TWO).unwrap();
        let claude = file.named("claude").unwrap();
        assert!(claude.read_only && claude.accounts == ["Smile Dental"] && claude.confirm == Some(ConfirmMode::Human));
        assert_eq!(file.named("staff").unwrap().oauth_subjects, ["anna@example.com"]);
    }

    #[test]
    fn what_could_be_mistaken_or_opens_too_much_is_refused() {
        for (from, to, problem) in [
            ("\"staff\"", "\"Claude\"", "two clients are named"),
            ("\"staff\"", "\"sta ff\"", "letters, digits"),
            ("\"staff\"", "\"\"", "letters, digits"),
            ("e3b0c44298fc1c14", "E3b0c44298fc1c14", "clients add"),
            ("e3b0c44298fc1c14", "", "clients add"),
            ("oauth-subjects = [\"anna@example.com\"]\noauth-clients = [\"chat\"]", "", "neither a `token-sha256`"),
            ("\"chat\"", "\"chat\", \"chat\"", "two clients have the OAuth client"),
            ("\"chat\"", "\" \"", "is empty"),
            ("read-only", "readonly", "unknown field"),
            ("\"human\"", "\"maybe\"", "two-step"),
            ("\"Smile Dental\"", "\"pit-0a1b2c3d-4e5f-6789-abcd-ef0123456789\"", "looks like a token"),
        ] {
            let text = TWO.replacen(from, to, 1);
            assert_ne!(text, TWO, "{from}");
            let error = ClientsFile::parse(&text).unwrap_err();
            assert!(error.contains(problem), "{from} -> {to}: {error}");
        }
    }
}
