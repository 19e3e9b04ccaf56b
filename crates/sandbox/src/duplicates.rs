//! The refusal of duplicate contacts, for locations that do not allow them.

use crate::account::{Account, Fields, FilterFields, ObjectKind};
use crate::manners::Manners;
use crate::response::ApiResponse;
use serde_json::{Value, json};

/// Refuses a contact whose e-mail or phone another contact has. A field that the write does not change is not checked.
pub(crate) fn check(
    account: &Account,
    manners: &Manners,
    before: Option<&Fields>,
    contact: &Fields,
) -> Result<(), ApiResponse> {
    if !manners.no_duplicates {
        return Ok(());
    }
    let filter_fields = FilterFields::of(contact);
    let id = contact.get("id").and_then(Value::as_str).unwrap_or_default();
    for field in ["email", "phone"] {
        if before.is_some_and(|before| before.get(field) == contact.get(field)) {
            continue;
        }
        let of = |filter_fields: &FilterFields| {
            if field == "email" { filter_fields.email.clone() } else { filter_fields.phone.clone() }
        };
        let wanted = of(&filter_fields);
        if wanted.is_empty() {
            continue;
        }
        let Some(other) =
            account.find_id(ObjectKind::Contacts, |other, filter_fields| other != id && of(filter_fields) == wanted)
        else {
            continue;
        };
        let mut refusal = ApiResponse::bad_request("This location does not allow duplicated contacts.");
        if let Value::Object(body) = &mut refusal.body {
            body.insert("meta".into(), json!({ "contactId": other, "matchingField": field }));
        }
        return Err(refusal);
    }
    Ok(())
}
