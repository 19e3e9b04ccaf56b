//! The mask over an entry: every token that the client has held, and the secrets of the call.

use crate::api::Adapter;
use highlevel_catalog::{Catalog, HIDDEN, Invocation, secrets::secret_members};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Replaces secrets in an entry.
pub(super) struct Mask<'a> {
    api: &'a Adapter,
    secrets: Vec<&'a str>,
    /// The members that are secret in any operation: a caller may pass a secret to the wrong tool.
    sensitive: HashSet<&'a str>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(api: &'a Adapter, write: &'a Invocation) -> Self {
        let specs = Catalog::declared().iter().chain(api.catalog().iter());
        let sensitive = specs.flat_map(|spec| spec.sensitive.iter().map(AsRef::as_ref)).collect();
        Self { api, secrets: write.secrets().collect(), sensitive }
    }

    pub(super) fn text(&self, text: &str) -> String {
        let text = self.api.scrub(text).into_owned();
        self.secrets.iter().fold(text, |text, secret| text.replace(secret, HIDDEN))
    }

    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let secret = secret_members(members);
                let masked = members.iter().map(|(name, value)| {
                    let is_secret =
                        (self.sensitive.contains(name.as_str()) || secret.contains(name)) && !value.is_null();
                    (self.text(name), if is_secret { HIDDEN.into() } else { self.value(value) })
                });
                masked.collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}
