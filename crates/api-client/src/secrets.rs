//! Every token that this process has held and every fixed header's value, to be removed from all that leaves.

use super::escapes;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};
use std::{
    borrow::Cow,
    sync::{PoisonError, RwLock},
};

/// The replacement for a token.
const REDACTED: &str = "[redacted]";

/// Shorter texts are not tokens, and replacing them would damage words.
const SHORTEST: usize = 8;

/// The tokens to keep out of messages, logs and answers.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    held: RwLock<Vec<SecretString>>,
}

impl Secrets {
    pub(crate) fn add(&self, token: &SecretString) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let value = token.expose_secret();
        if value.len() >= SHORTEST && !held.iter().any(|known| known.expose_secret() == value) {
            held.push(token.clone());
            // One may contain another: the longer is replaced first, so that no part of it is left.
            held.sort_by_key(|known| std::cmp::Reverse(known.expose_secret().len()));
        }
    }

    /// The text with every token replaced, also one that is written with escapes: an API may echo it in JSON or in an
    /// address.
    pub(crate) fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let plain = held.iter().map(ExposeSecret::expose_secret).fold(Cow::Borrowed(text), |text, token| {
            if memmem::find(text.as_bytes(), token.as_bytes()).is_some() {
                Cow::Owned(text.replace(token, REDACTED))
            } else {
                text
            }
        });
        if held.is_empty() || !escapes::has_escapes(plain.as_bytes()) {
            return plain;
        }
        let tokens: Vec<&str> = held.iter().map(ExposeSecret::expose_secret).collect();
        let found = escapes::find(&plain, &tokens);
        if found.is_empty() {
            return plain;
        }
        let mut clean = plain.into_owned();
        found.into_iter().rev().for_each(|range| clean.replace_range(range, REDACTED));
        Cow::Owned(clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_replaced_and_short_words_stay() {
        let secrets = Secrets::default();
        for token in ["first-token", "first-token-renewed", "short"] {
            secrets.add(&token.into());
        }
        assert_eq!(secrets.scrub("a first-token-renewed, a first-token: short"), "a [redacted], a [redacted]: short");
        assert!(matches!(secrets.scrub("nothing"), Cow::Borrowed(_)));
        assert!(matches!(secrets.scrub("5 % of \\u0041 & more"), Cow::Borrowed(_)));
        assert_eq!(secrets.scrub(r"a \u0066irst-token, %66irst%2Dtoken"), "a [redacted], [redacted]");
    }
}
