//! A token, and the source that it is read from.

use super::{token_file, token_life::TokenLife};
use chrono::{DateTime, Utc};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{CredentialName, CredentialStamp, Store, token_from, token_hash};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::path::PathBuf;

/// Where the first token comes from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// A file; text around the token is ignored.
    File(PathBuf),
    /// A value, and the name of its origin, such as `GHL_TOKEN_ID`.
    Value(SecretString, &'static str),
    /// What `auth set` stored under this name.
    Stored(CredentialName),
    /// Nowhere.
    None,
}

/// A token from its source, and the name of that.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) token: SecretString,
    pub(super) origin: String,
}

impl TokenSource {
    /// The current token, to see its kind; `None` where it cannot be read.
    pub async fn peek(&self, store: &Store) -> Option<SecretString> {
        self.read(store).await.ok().flatten().map(|given| given.token)
    }

    /// The error for a source that holds no token.
    pub(super) fn none_set(&self) -> Error {
        let what = match self {
            Self::Stored(name) if name.as_str().is_some() => format!(
                "The credential {name} is not stored. Store it with `highlevel-mcp auth set --credential {name}` or `highlevel-mcp auth login --credential {name}`."
            ),
            _ => "There is no token. Set GHL_TOKEN_ID (or GHL_TOKEN_FILE), or store one with `highlevel-mcp auth set` or `highlevel-mcp auth login`.".to_owned(),
        };
        Error::new(Code::Unauthorized, what)
    }

    /// A stamp that changes with the credential; `None` where it cannot change.
    pub(super) fn stamp(&self, store: &Store) -> Option<CredentialStamp> {
        match self {
            Self::Stored(name) => Some(store.credential_stamp(name)),
            Self::File(path) => Some(CredentialStamp::of_file(path)),
            Self::Value(..) | Self::None => None,
        }
    }

    /// The current token; an empty one counts as none.
    ///
    /// # Errors
    /// `unauthorized`, naming the file that cannot be read.
    pub(super) async fn read(&self, store: &Store) -> Result<Option<Given>> {
        match self {
            Self::None => Ok(None),
            Self::Value(token, name) => Ok(given(token.expose_secret(), (*name).to_owned())),
            Self::Stored(name) => Ok(store.credential(name).await?.and_then(|found| {
                let origin = match name.as_str() {
                    Some(name) => format!("{} of the credential {name}", found.place.describe()),
                    None => found.place.describe().to_owned(),
                };
                given(found.token.expose_secret(), origin)
            })),
            Self::File(path) => {
                let origin = format!("the file {}", path.display());
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || token_file::read(&path)).await;
                match read {
                    Ok(Ok(text)) => Ok(given(&text, origin)),
                    Ok(Err(fault)) => {
                        let message = format!("The token cannot be read from {origin}: {fault}.");
                        Err(Error::new(Code::Unauthorized, message).caused_by(fault))
                    }
                    Err(fault) => {
                        Err(Error::new(Code::Internal, "Reading the token was interrupted.").caused_by(fault))
                    }
                }
            }
        }
    }
}

fn given(text: &str, origin: String) -> Option<Given> {
    (!text.trim().is_empty()).then(|| Given { token: token_from(text, &origin), origin })
}

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) value: SecretString,
    /// Which of the tokens of this process it is, counted from 1.
    pub(crate) generation: u64,
    /// How often a person had changed the credential when it was adopted.
    pub(super) epoch: u64,
    pub(super) hash: String,
    /// What the store knows its line by: its own hash, or the login's.
    pub(super) line: String,
    /// The hash of what is refreshed: its own, or for an OAuth login that of the login's access token.
    pub(super) credential: String,
    /// It came of an OAuth login, which refreshes it.
    pub(super) login: bool,
    /// An agency's token, which has to be exchanged for the location's before anything is sent.
    pub(super) promised: bool,
    pub(super) origin: String,
    pub(super) renewed: bool,
    pub(super) expires_at: Option<DateTime<Utc>>,
    /// When it should be refreshed: two thirds through its life. By the server's clock, like `expires_at`.
    pub(super) due_at: Option<DateTime<Utc>>,
}

impl Token {
    /// A token seen at `now` by the server's clock, with an expiry that came beside it, if one did.
    pub(super) fn new(
        value: SecretString,
        origin: String,
        renewed: bool,
        told: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        let TokenLife { expires_at, due_at } = TokenLife::of(&value, told, now);
        let hash = token_hash(&value);
        Self {
            value,
            generation: 0,
            epoch: 0,
            line: hash.clone(),
            credential: hash.clone(),
            hash,
            login: false,
            promised: false,
            origin,
            renewed,
            expires_at,
            due_at,
        }
    }

    /// Whether it is known to have expired.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Which tokens may be adopted from source and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidates {
    /// The newest of the line: at the beginning, and before a refresh.
    Newest,
    /// Any that was not tried yet: after a refused refresh.
    All,
}

/// Which token to take: the newest of the line; the first only when no other came of it, or when it outlived them.
pub(super) fn in_order(
    newest: Option<Token>,
    first: Option<Token>,
    now: DateTime<Utc>,
    candidates: Candidates,
) -> Vec<Token> {
    let (best, other) = match (newest, first) {
        (Some(newest), Some(first)) if newest.is_over(now) && !first.is_over(now) => (Some(first), Some(newest)),
        (Some(newest), first) => (Some(newest), first),
        (None, first) => (first, None),
    };
    best.into_iter().chain(other.filter(|_| candidates == Candidates::All)).collect()
}

/// Whole seconds, of a number or a text that is one.
pub(super) fn seconds(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    fn jwt(payload: &Value) -> SecretString {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload.to_string())).into()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_tokens_life_is_read_from_its_payload() {
        let token = Token::new(jwt(&json!({"iat": 1000, "exp": 2200})), String::new(), false, None, at(1500));
        assert_eq!((token.expires_at, token.due_at), (Some(at(2200)), Some(at(1800))));
        let token = Token::new(jwt(&json!({"exp": 2200.9})), String::new(), false, None, at(1000));
        assert_eq!((token.expires_at, token.due_at), (Some(at(2200)), Some(at(1800))));
    }

    #[test]
    fn what_is_no_jwt_lives_as_long_as_told_or_nobody_knows() {
        for text in ["opaque", "a.b.c", "..", "e30.e30.", &format!("e30.{}.s", URL_SAFE_NO_PAD.encode("[1]"))] {
            let token = Token::new(text.into(), String::new(), false, None, at(1000));
            assert_eq!((token.expires_at, token.due_at), (None, None), "{text}");
            let token = Token::new(text.into(), String::new(), true, Some(at(1600)), at(1000));
            assert_eq!((token.expires_at, token.due_at), (Some(at(1600)), Some(at(1400))), "{text}");
        }
    }

    #[test]
    fn an_absurd_life_does_no_harm() {
        let token = Token::new(jwt(&json!({"iat": -1, "exp": i64::MAX})), String::new(), false, None, at(1000));
        assert_eq!(token.expires_at, None);
        let token = Token::new(jwt(&json!({"exp": 10})), String::new(), false, None, at(1000));
        assert_eq!(token.due_at, Some(at(1000)), "expired already: due at once");
    }
}
