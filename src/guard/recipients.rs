//! The people that a call reaches, as its arguments name them.

use highlevel_catalog::{Invocation, OperationSpec};
use highlevel_store::sha256_hex;
use serde_json::Value;
use std::collections::BTreeSet;

/// The arguments that name contacts by their ids. A dot leads into an argument's members.
const CONTACTS: [&str; 6] =
    ["contactId", "contact_id", "contactIds", "contact_ids", "contactDetails.id", "forward.recipientContactId"];

/// The arguments that hold the addresses to which something goes.
const ADDRESSES: [&str; 15] = [
    "to",
    "email",
    "emails",
    "emailTo",
    "toEmail",
    "phone",
    "phones",
    "phoneNumber",
    "toNumber",
    "toPhone",
    "contactDetails.email",
    "contactDetails.phoneNo",
    "sentTo.email",
    "sentTo.phoneNo",
    "forward.toEmail",
];

/// The arguments that hold the addresses of further readers.
const COPIES: [&str; 8] = [
    "emailCc",
    "emailBcc",
    "cc",
    "bcc",
    "ccRecipients",
    "contactDetails.additionalEmails",
    "sentTo.emailCc",
    "sentTo.emailBcc",
];

/// The arguments by which a call reaches people whom it does not name, with the values that do.
const OTHERS: [(&str, &str); 1] = [("emailReplyMode", "reply_all")];

/// How many of a phone number's digits tell it from others, counted from its end. What comes before is written in several
/// ways: `+47`, `0047`, `0`, or nothing.
const PHONE_DIGITS: usize = 8;

/// The fewest digits of a phone number.
const MIN_PHONE_DIGITS: usize = 3;

/// The recipients of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recipients {
    /// What tells each recipient from others, as a hash.
    pub(super) hashes: Vec<String>,
    /// How many messages the call sends. An address of a contact that the call also names is no second one.
    pub(super) messages: u32,
}

impl Recipients {
    /// The recipients of a call. `None` if the arguments do not tell all of them.
    pub(super) fn of(call: &Invocation) -> Option<Self> {
        let at = |path: &str| value_at(call, path);
        let says = |(name, value): &(&str, &str)| at(name).and_then(Value::as_str).is_some_and(|text| text == *value);
        if OTHERS.iter().any(says) {
            return None;
        }
        let contacts = all(&CONTACTS, at, self::contacts)?;
        let addresses = all(&ADDRESSES, at, self::addresses)?;
        let copies = all(&COPIES, at, self::addresses)?;
        if contacts.is_empty() && addresses.is_empty() {
            return None;
        }
        let copies: BTreeSet<String> = copies.difference(&addresses).cloned().collect();
        let messages = contacts.len().max(addresses.len()) + copies.len();
        let everyone = contacts.iter().chain(&addresses).chain(&copies);
        Some(Self {
            hashes: everyone.map(|recipient| sha256_hex(recipient.as_bytes())).collect(),
            messages: u32::try_from(messages).unwrap_or(u32::MAX),
        })
    }

    /// Whether an argument of the operation can name its recipients.
    pub(super) fn can_be_named(spec: &OperationSpec) -> bool {
        let known = spec.input_schema().get("properties").and_then(Value::as_object);
        let outer =
            |path: &&str| path.split('.').next().is_some_and(|name| known.is_some_and(|all| all.contains_key(name)));
        CONTACTS.iter().chain(&ADDRESSES).any(outer)
    }
}

/// The value of an argument, or of a member in it.
fn value_at<'a>(call: &'a Invocation, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let outer = call.arguments.get(names.next()?)?;
    names.try_fold(outer, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// What `read` makes of all these arguments. `None` if it cannot read one of them.
fn all<'a>(
    paths: &[&str],
    at: impl Fn(&str) -> Option<&'a Value>,
    read: impl Fn(&Value) -> Option<Vec<String>>,
) -> Option<BTreeSet<String>> {
    let values: Option<Vec<Vec<String>>> = paths.iter().filter_map(|path| at(path)).map(read).collect();
    Some(values?.into_iter().flatten().collect())
}

/// Contacts, one by its id or a list of them.
fn contacts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(id) => {
            Some(Some(id.trim()).filter(|id| !id.is_empty()).map(|id| format!("contact {id}")).into_iter().collect())
        }
        Value::Array(items) => Some(items.iter().map(contacts).collect::<Option<Vec<_>>>()?.concat()),
        _ => None,
    }
}

/// Addresses: a text with one or several, a list of them, or a list of objects that have one each.
fn addresses(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => {
            text.split([',', ';']).map(str::trim).filter(|text| !text.is_empty()).map(address).collect()
        }
        Value::Number(number) => Some(vec![address(&number.to_string())?]),
        Value::Array(items) => Some(items.iter().map(addresses).collect::<Option<Vec<_>>>()?.concat()),
        Value::Object(members) => addresses(members.get("email")?),
        Value::Null | Value::Bool(_) => None,
    }
}

/// One address in the one form in which it is counted. `None` for a text that is no address.
fn address(text: &str) -> Option<String> {
    if let Some((before, domain)) = text.rsplit_once('@') {
        // `Ada <ada@example.com>`
        let user = before.rsplit('<').next().unwrap_or(before);
        return Some(format!("email {user}@{}", domain.trim_end_matches('>')).to_lowercase());
    }
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let last = digits.get(digits.len().saturating_sub(PHONE_DIGITS)..)?;
    (digits.len() >= MIN_PHONE_DIGITS).then(|| format!("phone {}", last.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_catalog::rows;
    use serde_json::{Map, json};

    fn of(arguments: Value) -> Option<Recipients> {
        let properties: Map<String, Value> =
            arguments.as_object().unwrap().keys().map(|name| (name.clone(), json!({}))).collect();
        let row = json!({"name": "send_it", "title": "Send", "description": "Send.", "toolset": "contacts",
            "effect": "send", "method": "POST", "path": "/x", "answer": {"one": "x"}, "arguments": properties});
        let spec: &'static OperationSpec = Box::leak(Box::new(rows::read(&row.to_string()).unwrap().remove(0)));
        let Value::Object(arguments) = arguments else { unreachable!() };
        Recipients::of(&spec.parse(arguments).unwrap())
    }

    #[test]
    fn spellings_of_one_recipient_are_one() {
        for (one, other) in [
            (json!({"email": "ada@example.com"}), json!({"emailTo": " Ada Lovelace <ADA@example.com>"})),
            (json!({"phone": "+47 12 34 56 78"}), json!({"toNumber": "12345678"})),
            (json!({"phone": "+49 170 1234567"}), json!({"phone": "0170/123 45 67"})),
            (json!({"contactId": "c1"}), json!({"contactIds": ["c1", " c1 "]})),
            (json!({"contactId": "c1", "emailTo": "a@b.co"}), json!({"contact_id": "c1", "emailTo": "A@B.CO, a@b.co"})),
        ] {
            assert_eq!(of(one.clone()).unwrap(), of(other.clone()).unwrap(), "{one} {other}");
        }
        assert_ne!(of(json!({"email": "a@b.co"})), of(json!({"email": "b@b.co"})));
    }

    #[test]
    fn each_message_counts_and_a_contacts_address_is_no_second_one() {
        for (arguments, recipients, messages) in [
            (json!({"contactId": "c1"}), 1, 1),
            (json!({"contactId": "c1", "emailTo": "a@b.co"}), 2, 1),
            (json!({"contactId": "c1", "to": "+1 555 010 0199", "cc": ["a@b.co"]}), 3, 2),
            (json!({"contactIds": ["c1", "c2", "c3"]}), 3, 3),
            (json!({"emails": ["a@b.co", "b@b.co"]}), 2, 2),
            (json!({"contactId": "c1", "emailCc": ["a@b.co"], "emailBcc": "b@b.co;c@b.co"}), 4, 4),
            (
                json!({"contactDetails": {"id": "c1", "email": "a@b.co", "additionalEmails": [{"email": "b@b.co"}]}, "sentTo": {"email": ["a@b.co"]}}),
                3,
                2,
            ),
            (json!({"contactId": "c1", "forward": {"toEmail": "a@b.co", "recipientContactId": "c2"}}), 3, 2),
        ] {
            let found = of(arguments.clone()).unwrap();
            assert_eq!((found.hashes.len(), found.messages), (recipients, messages), "{arguments}");
        }
    }

    #[test]
    fn who_cannot_be_told_is_nobody() {
        for arguments in [
            json!({"name": "To all"}),
            json!({"emailCc": ["a@b.co"]}),
            json!({"contactId": "c1", "emailReplyMode": "reply_all"}),
            json!({"contactIds": [{"name": "Ada"}]}),
            json!({"email": "everyone"}),
            json!({"contactId": "c1", "to": "everyone"}),
            json!({"contactId": "c1", "emailCc": [{"name": "Ada"}]}),
            json!({"contactIds": []}),
        ] {
            assert_eq!(of(arguments.clone()), None, "{arguments}");
        }
    }
}
