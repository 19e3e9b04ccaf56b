//! Whether an object of the account is the one that was sent. Pure.

use super::identity::Identity;
use crate::service::normal;
use highlevel_catalog::Invocation;
use serde_json::Value;

/// How an object compares with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It is what was sent.
    Same,
    /// Something that would tell is not there or differs.
    Unclear,
    /// It is another object.
    Different,
}

/// Compares the fields that tell the object from others, then every sent field. Who has the same key and differs in
/// another field is not another object for sure: the API may have changed or dropped what it was sent.
pub(super) fn likeness(identity: &Identity, create: &Invocation, object: &Value) -> Likeness {
    let is_stored = |name: &str, sent: &Value| {
        // A secret is never shown again, so it tells nothing.
        create.spec.is_sensitive(name) || normal::same(name, sent, object.get(name).unwrap_or(&Value::Null))
    };
    match identity.likeness(&create.arguments, object) {
        Likeness::Same if create.arguments.iter().all(|(name, value)| is_stored(name, value)) => Likeness::Same,
        Likeness::Different => Likeness::Different,
        Likeness::Same | Likeness::Unclear => Likeness::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::{Likeness, likeness};
    use crate::service::create::identity::Identity;
    use highlevel_catalog::Catalog;
    use serde_json::{Value, json};

    fn like(tool: &str, sent: &Value, object: &Value) -> Likeness {
        let create =
            Catalog::declared().find(tool).unwrap().parse(serde_json::from_value(sent.clone()).unwrap()).unwrap();
        likeness(&Identity::of(&create).unwrap(), &create, object)
    }

    #[test]
    fn every_sent_field_counts_and_none_other() {
        let sent = json!({"name": "Renewal", "contactId": "c1", "status": "open", "value": 50000, "tags": ["a", "b"]});
        let like = |object| like("create_opportunity", &sent, &object);
        assert_eq!(
            like(json!({
                "name": "renewal ", "contactId": "c1", "status": "open", "value": "50000.0", "tags": ["B", "a"],
                "stage": "x",
            })),
            Likeness::Same
        );
        let other = |name: &str, value: Value| {
            let mut object = sent.clone();
            object[name] = value;
            like(object)
        };
        for (name, value) in [("value", json!(50001)), ("value", json!(null)), ("tags", json!(["a"]))] {
            assert_eq!(other(name, value), Likeness::Unclear, "{name}");
        }
        for (name, value) in [("name", json!("Other")), ("contactId", json!("c2"))] {
            assert_eq!(other(name, value), Likeness::Different, "{name}");
        }
        assert_eq!(like(json!({"contactId": "c1", "value": 50000, "tags": ["a", "b"]})), Likeness::Unclear);
    }

    #[test]
    fn a_contact_is_known_by_its_address_or_its_number() {
        let sent = json!({"firstName": "Ada", "lastName": "L", "email": "Ada@example.com", "phone": "(555) 010-0100"});
        let like = |email: Value, phone: Value| {
            let object = json!({"firstName": "ada", "lastName": "l", "email": email, "phone": phone});
            like("create_contact", &sent, &object)
        };
        assert_eq!(like(json!("ada@example.com"), json!("+15550100100")), Likeness::Same);
        assert_eq!(like(json!("ada@example.com"), json!(null)), Likeness::Unclear);
        assert_eq!(like(json!(null), json!("+15550100100")), Likeness::Unclear);
        assert_eq!(like(json!("bob@example.com"), json!("+15550100101")), Likeness::Different);
    }

    #[test]
    fn a_webhook_is_known_by_its_address_and_its_secret_tells_nothing() {
        let sent = json!({"url": "https://example.com/hook", "events": ["a", "b"], "secret": "s"});
        let like = |object| like("create_webhook", &sent, &object);
        assert_eq!(like(json!({"url": "https://EXAMPLE.com/hook/", "events": ["b", "a"]})), Likeness::Same);
        assert_eq!(like(json!({"url": "https://example.com/hook", "events": ["a"]})), Likeness::Unclear);
        assert_eq!(like(json!({"url": "https://example.com/other", "events": ["a", "b"]})), Likeness::Different);
    }
}
