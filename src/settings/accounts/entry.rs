//! One `[[account]]` of `accounts.toml`.

use super::name::{self, ALL, fold};
use crate::{
    api::Api,
    guard::ConfirmMode,
    settings::toml_file::{from_word, from_words},
};
use highlevel_catalog::{Id, Toolset};
use highlevel_store::{CredentialName, looks_like_token};
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

/// A named account: where it is, what it is reached with, and what may be done there. The keys are the flags' names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NamedAccount {
    /// The name by which calls name the account.
    pub name: String,
    /// The location's id. The account is pinned to it.
    pub location: String,
    /// The stored credential. Several accounts may share an agency's login.
    #[serde(default, deserialize_with = "credential")]
    pub credential: CredentialName,
    /// The API, where the credential does not tell.
    #[serde(default, deserialize_with = "from_word")]
    pub api: Option<Api>,
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
    /// The API's address, where it is another.
    #[serde(default, deserialize_with = "url")]
    pub base_url: Option<Url>,
}

impl NamedAccount {
    /// Whether `text` is exactly the account's name or its location's id.
    pub fn is(&self, text: &str) -> bool {
        self.name == text || self.location == text
    }

    pub(super) fn check(&self) -> Result<(), String> {
        self.check_for_tokens()?;
        name::check(&self.name)?;
        if fold(&self.location) == ALL {
            return Err(format!(
                "\"{}\" cannot have the `location` \"{}\": `{ALL}` stands for every account",
                self.name, self.location
            ));
        }
        match self.location.parse::<Id>() {
            Ok(id) if id.as_str() == self.location => Ok(()),
            Ok(_) => Err(format!("the `location` of \"{}\" has spaces around it", self.name)),
            Err(problem) => Err(format!("the `location` of \"{}\" {problem}", self.name)),
        }
    }
}

impl NamedAccount {
    /// Refuses a token among the words, because messages quote them.
    fn check_for_tokens(&self) -> Result<(), String> {
        let unconfirmed = self.allow_unconfirmed.as_ref();
        let lists = [
            ("tools", &self.tools),
            ("exclude-tools", &self.exclude_tools),
            ("exclude-operations", &self.exclude_operations),
            ("confirm-tools", &self.confirm_tools),
        ];
        let lists = lists.into_iter().chain(unconfirmed.map(|list| ("allow-unconfirmed", list)));
        let listed = lists.flat_map(|(key, words)| words.iter().map(move |word| (key, word)));
        let mut words = [("name", &self.name), ("location", &self.location)].into_iter().chain(listed);
        match words.find(|(_, word)| looks_like_token(word)) {
            None => Ok(()),
            Some((key, _)) => Err(format!(
                "the `{key}` of an account looks like a token. Take it out of the file, and store it with `highlevel-mcp auth set --credential NAME`"
            )),
        }
    }
}

fn credential<'de, D: Deserializer<'de>>(from: D) -> Result<CredentialName, D::Error> {
    String::deserialize(from)?
        .parse()
        .map_err(|problem: highlevel_core::error::Error| D::Error::custom(problem.message))
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|fault| D::Error::custom(format!("`{text}` is not an address: {fault}")))
}
