//! The names of stored credentials.

use super::looks_like_token;
use highlevel_core::error::{Error, Result};
use std::{fmt, str::FromStr};

/// The name of a stored credential. The default one has no name.
///
/// A name is part of a file's name: 1 to 64 of `a` to `z`, `0` to `9` and `-`, a letter or digit first. `default` is the
/// word for the default one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialName(Option<String>);

impl CredentialName {
    /// The name as a person gives it; `None` for the default credential.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// A valid name that is like `text`: its letters and digits in lower case, with `-` for the rest.
    pub fn like(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut name = words.collect::<Vec<_>>().join("-");
        name.truncate(MOST_NAME);
        Self(Some(match name.as_str() {
            "" => "account".to_owned(),
            DEFAULT => format!("{DEFAULT}-account"),
            _ => name,
        }))
    }

    /// The name of the credential's file in the state directory, and of its entry in the keyring.
    pub(super) fn file(&self) -> String {
        self.0.as_ref().map_or_else(|| "token".to_owned(), |name| format!("token-{name}"))
    }

    /// The credential that this file of the state directory is about, if it is about one.
    pub(super) fn of_file(file: &str) -> Option<Self> {
        let file = file.strip_suffix(CHANGED).unwrap_or(file);
        match file.strip_prefix("token")? {
            "" => Some(Self(None)),
            name => name.strip_prefix('-')?.parse().ok(),
        }
    }

    /// The name of a file that is written with each change of the keyring's entry, since checking the keyring itself
    /// is expensive.
    pub(super) fn changed_file(&self) -> String {
        format!("{}{CHANGED}", self.file())
    }
}

/// The end of the name of the file that is written with each change of the keyring's entry.
const CHANGED: &str = ".changed";

/// The word for the credential without a name.
const DEFAULT: &str = "default";

/// The most bytes of a credential's name.
const MOST_NAME: usize = 64;

impl FromStr for CredentialName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text == DEFAULT {
            return Ok(Self(None));
        }
        if looks_like_token(text) {
            let message = "A token stands where the name of a credential has to be. Store the token with `highlevel-mcp auth set --credential NAME`, and give that NAME.";
            return Err(Error::invalid("credential", message));
        }
        let is_valid = text.bytes().all(|byte| is_letter(byte) || byte == b'-')
            && text.bytes().next().is_some_and(is_letter)
            && text.len() <= MOST_NAME;
        if is_valid {
            return Ok(Self(Some(text.to_owned())));
        }
        let example = Self::like(text);
        Err(Error::invalid(
            "credential",
            format!(
                "`{text}` is not a credential's name: a name has lower-case letters, digits and `-`, at most {MOST_NAME}, such as {example}."
            ),
        ))
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str().unwrap_or(DEFAULT))
    }
}
