//! Contacts with the same e-mail or phone, in a location that refuses them.

use super::account::{Account, Fields, Kind, Traits};
use super::answer::Answer;
use super::manners::Manners;
use serde_json::{Value, json};

/// Refuses a contact that another one has the e-mail or the phone of. What a write leaves as it is does not count.
pub(super) fn judge(
    account: &Account,
    manners: &Manners,
    before: Option<&Fields>,
    contact: &Fields,
) -> Result<(), Answer> {
    if !manners.no_duplicates {
        return Ok(());
    }
    let traits = Traits::of(contact);
    let id = contact.get("id").and_then(Value::as_str).unwrap_or_default();
    for field in ["email", "phone"] {
        if before.is_some_and(|before| before.get(field) == contact.get(field)) {
            continue;
        }
        let of = |traits: &Traits| if field == "email" { traits.email.clone() } else { traits.phone.clone() };
        let wanted = of(&traits);
        if wanted.is_empty() {
            continue;
        }
        let Some(other) = account.with(Kind::Contacts, |other, traits| other != id && of(traits) == wanted) else {
            continue;
        };
        let mut refusal = Answer::bad_request("This location does not allow duplicated contacts.");
        if let Value::Object(body) = &mut refusal.body {
            body.insert("meta".into(), json!({ "contactId": other, "matchingField": field }));
        }
        return Err(refusal);
    }
    Ok(())
}
