//! Ids: the only caller input that becomes part of a request's path.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{borrow::Cow, fmt, str::FromStr};

/// The longest accepted id, in bytes.
const MAX_BYTES: usize = 128;

/// An object's id: 1 to 128 ASCII letters, digits, `-` and `_`.
///
/// These characters need no escaping in a path, so an id cannot address another resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() {
            Err("must not be empty".to_owned())
        } else if text.len() > MAX_BYTES {
            Err(format!("has {} bytes; an id has at most {MAX_BYTES}", text.len()))
        } else if text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not an id: ids have only letters, digits, `-` and `_`".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    // A `pattern` would cost every conversation tokens for each tool that takes an id.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::Id;
    use proptest::prelude::*;

    #[test]
    fn path_tricks_are_not_ids() {
        let long = "a".repeat(4096);
        for trick in ["", "../users/me", "a/b", "%2e%2e", "..", ".", "a b", "a\0", "a\n", "é", "a?b", "a#b", &long] {
            assert!(trick.parse::<Id>().is_err(), "{trick:?} parsed as an id");
        }
        assert!("Ab3-_".parse::<Id>().is_ok());
    }

    proptest! {
        #[test]
        fn an_id_is_one_plain_path_segment(text in ".{0,200}") {
            if let Ok(id) = text.parse::<Id>() {
                prop_assert_eq!(id.as_str(), &text);
                prop_assert!(!text.is_empty() && text.len() <= 128);
                let url = url::Url::parse("http://h/contact/").unwrap().join(&text).unwrap();
                prop_assert_eq!(url.path(), format!("/contact/{text}"));
            }
        }
    }
}
