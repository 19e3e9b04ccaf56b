//! Comparison of an object with the one that a create sent. Pure.

use super::identity::Identity;
use crate::service::normal;
use highlevel_catalog::Invocation;
use serde_json::Value;

/// Whether an object is the one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    /// A field that would decide is missing or differs.
    Unclear,
    Different,
}

/// Compares the identifying fields, then every sent field. An object with the same identity may still be the sent one
/// if another field differs, because the API may have changed or dropped that field.
pub(super) fn likeness(identity: &Identity, create: &Invocation, object: &Value) -> Likeness {
    let is_stored = |name: &str, sent: &Value| {
        // The API does not show secrets, so they cannot be compared.
        // Nor does it show switches that are about the call, such as whether people are notified.
        let is_switch = sent.is_boolean() && create.spec.unreported.iter().any(|other| other == name);
        create.spec.is_sensitive(name)
            || is_switch
            || normal::same(name, sent, object.get(name).unwrap_or(&Value::Null))
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
    use crate::service::create_once::identity::Identity;
    use highlevel_catalog::Catalog;
    use serde_json::{Value, json};

    fn like(tool: &str, sent: &Value, object: &Value) -> Likeness {
        let create =
            Catalog::declared().find(tool).unwrap().parse(serde_json::from_value(sent.clone()).unwrap()).unwrap();
        likeness(&Identity::of(&create).unwrap(), &create, object)
    }

    #[test]
    fn only_sent_fields_count() {
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
    fn a_contact_is_identified_by_its_email_or_its_phone() {
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
    fn a_webhook_is_identified_by_its_url_and_its_secret_is_ignored() {
        let sent = json!({"url": "https://example.com/hook", "events": ["a", "b"], "secret": "s"});
        let like = |object| like("create_webhook", &sent, &object);
        assert_eq!(like(json!({"url": "https://EXAMPLE.com/hook/", "events": ["b", "a"]})), Likeness::Same);
        assert_eq!(like(json!({"url": "https://example.com/hook", "events": ["a"]})), Likeness::Unclear);
        assert_eq!(like(json!({"url": "https://example.com/other", "events": ["a", "b"]})), Likeness::Different);
    }
}
