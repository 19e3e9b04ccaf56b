//! One `[[client]]` of `clients.toml`.

use crate::{
    guard::ConfirmMode,
    settings::toml_file::{from_word, from_words},
};
use highlevel_catalog::Toolset;
use highlevel_store::looks_like_token;
use serde::Deserialize;

/// The most characters of a name.
const MAX_NAME: usize = 64;

/// A client that may connect over HTTP: how it is recognized, and what it may do. The keys of its policy are the flags'
/// names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClientEntry {
    /// The name of the client in the journal.
    pub name: String,
    /// SHA-256 of its token, in hexadecimal. The token itself is not kept.
    pub token_sha256: Option<String>,
    /// The subjects of OAuth tokens that are this client's.
    #[serde(default)]
    pub oauth_subjects: Vec<String>,
    /// The OAuth clients whose tokens are this client's, whoever their subject is.
    #[serde(default)]
    pub oauth_clients: Vec<String>,
    /// The only accounts of accounts.toml, by name or location; empty for all.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Only reads are offered.
    #[serde(default)]
    pub read_only: bool,
    /// The only groups of tools; empty for all.
    #[serde(default, deserialize_with = "from_words")]
    pub toolsets: Vec<Toolset>,
    /// The only tools; empty for all.
    #[serde(default)]
    pub tools: Vec<String>,
    /// The tools that are not offered.
    #[serde(default)]
    pub exclude_tools: Vec<String>,
    /// Patterns of the operations that are not offered.
    #[serde(default)]
    pub exclude_operations: Vec<String>,
    /// How a person confirms.
    #[serde(default, deserialize_with = "from_word")]
    pub confirm: Option<ConfirmMode>,
    /// More tools that need a confirmation.
    #[serde(default)]
    pub confirm_tools: Vec<String>,
    /// The only ones that run without a confirmation, of those that the process allows; without it, all of them.
    pub allow_unconfirmed: Option<Vec<String>>,
    /// How many of them in an hour, if fewer than the process allows.
    pub max_unconfirmed_per_hour: Option<u32>,
    /// How many of them for one recipient in a day, if fewer than the process allows.
    pub max_unconfirmed_per_recipient_day: Option<u32>,
}

impl ClientEntry {
    /// Whether tokens of the OAuth issuer can be this client's.
    pub fn has_oauth(&self) -> bool {
        !self.oauth_subjects.is_empty() || !self.oauth_clients.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        self.check_for_tokens()?;
        let name = &self.name;
        let allowed = |character: char| character.is_alphanumeric() || "-_.@".contains(character);
        if name.is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(allowed) {
            return Err(format!("a client's `name` has 1 to {MAX_NAME} letters, digits, `-`, `_`, `.` or `@`"));
        }
        match &self.token_sha256 {
            None if !self.has_oauth() => Err(format!(
                "the client \"{name}\" has neither a `token-sha256` nor `oauth-subjects` or `oauth-clients`, so that nobody can be it"
            )),
            Some(hash) if !is_sha256(hash) => Err(format!(
                "the `token-sha256` of the client \"{name}\" is not SHA-256 in 64 small hexadecimal digits. `highlevel-mcp clients add` makes a token, and writes its hash"
            )),
            _ => self.check_words(),
        }
    }

    fn check_words(&self) -> Result<(), String> {
        let lists = [
            ("oauth-subjects", &self.oauth_subjects),
            ("oauth-clients", &self.oauth_clients),
            ("accounts", &self.accounts),
        ];
        match lists.into_iter().find(|(_, words)| words.iter().any(|word| word.trim().is_empty())) {
            Some((key, _)) => Err(format!("one of the `{key}` of the client \"{}\" is empty", self.name)),
            None => Ok(()),
        }
    }

    /// Refuses a token among the words, because messages quote them.
    fn check_for_tokens(&self) -> Result<(), String> {
        let lists = [
            ("oauth-subjects", &self.oauth_subjects),
            ("oauth-clients", &self.oauth_clients),
            ("accounts", &self.accounts),
            ("tools", &self.tools),
            ("exclude-tools", &self.exclude_tools),
            ("exclude-operations", &self.exclude_operations),
            ("confirm-tools", &self.confirm_tools),
        ];
        let unconfirmed = self.allow_unconfirmed.as_ref().map(|list| ("allow-unconfirmed", list));
        let listed = lists.into_iter().chain(unconfirmed);
        let mut words = listed.flat_map(|(key, words)| words.iter().map(move |word| (key, word)));
        match words.find(|(_, word)| looks_like_token(word)).or(Some(("name", &self.name))) {
            Some((key, word)) if looks_like_token(word) => {
                Err(format!("the `{key}` of a client looks like a token. Take it out of the file"))
            }
            _ => Ok(()),
        }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
