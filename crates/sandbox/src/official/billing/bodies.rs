//! The bodies of writes, as the file declares them.

use crate::account::Fields;
use crate::official::errors::unprocessable;
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::Value;

const LOCATION: Shape = Shape::OneOf(&["location"]);
const POSITIVE: Shape = Shape::Number(0.0, f64::INFINITY);

const ADDRESS: &[Field] = &[
    optional("addressLine1", Shape::Text),
    optional("addressLine2", Shape::Text),
    optional("city", Shape::Text),
    optional("state", Shape::Text),
    optional("countryCode", Shape::Text),
    optional("postalCode", Shape::Text),
];

const BUSINESS: &[Field] = &[
    optional("logoUrl", Shape::Text),
    optional("name", Shape::Text),
    optional("phoneNo", Shape::Text),
    optional("address", Shape::Object(ADDRESS)),
    optional("website", Shape::Text),
    optional("customValues", Shape::Texts),
];

const CONTACT: &[Field] = &[
    required("id", Shape::Filled),
    required("name", Shape::Text),
    required("phoneNo", Shape::Text),
    required("email", Shape::Text),
    optional("additionalEmails", Shape::Items(&[required("email", Shape::Email)])),
    optional("companyName", Shape::Text),
    optional("address", Shape::Object(ADDRESS)),
    optional("customFields", Shape::Texts),
];

const TAX: &[Field] = &[
    required("_id", Shape::Filled),
    required("name", Shape::Filled),
    required("rate", POSITIVE),
    optional("calculation", Shape::OneOf(&["exclusive"])),
    optional("description", Shape::Text),
    optional("taxId", Shape::Text),
];

const ITEM: &[Field] = &[
    required("name", Shape::Filled),
    required("currency", Shape::Filled),
    required("amount", POSITIVE),
    required("qty", POSITIVE),
    optional("description", Shape::Text),
    optional("productId", Shape::Text),
    optional("priceId", Shape::Text),
    optional("taxes", Shape::Items(TAX)),
    optional("automaticTaxCategoryId", Shape::Text),
    optional("isSetupFeeItem", Shape::Flag),
    optional("type", Shape::OneOf(&["one_time", "recurring"])),
    optional("taxInclusive", Shape::Flag),
];

const DISCOUNT: &[Field] = &[
    required("type", Shape::OneOf(&["percentage", "fixed"])),
    optional("value", POSITIVE),
    optional("validOnProductIds", Shape::Texts),
];

const SENT_TO: &[Field] = &[
    required("email", Shape::Texts),
    optional("emailCc", Shape::Texts),
    optional("emailBcc", Shape::Texts),
    optional("phoneNo", Shape::Texts),
];

pub(super) const CREATE: &[Field] = &[
    required("altId", Shape::Filled),
    required("altType", LOCATION),
    required("name", Shape::Filled),
    required("businessDetails", Shape::Object(BUSINESS)),
    required("currency", Shape::Filled),
    required("items", Shape::Items(ITEM)),
    required("discount", Shape::Object(DISCOUNT)),
    required("contactDetails", Shape::Object(CONTACT)),
    required("issueDate", Shape::Date),
    required("sentTo", Shape::Object(SENT_TO)),
    required("liveMode", Shape::Flag),
    optional("termsNotes", Shape::Text),
    optional("title", Shape::Text),
    optional("invoiceNumber", Shape::Text),
    optional("dueDate", Shape::Date),
    optional("automaticTaxesEnabled", Shape::Flag),
    optional("paymentSchedule", Shape::AnyObject),
    optional("lateFeesConfiguration", Shape::AnyObject),
    optional("tipsConfiguration", Shape::AnyObject),
    optional("invoiceNumberPrefix", Shape::Text),
    optional("paymentMethods", Shape::AnyObject),
    optional("attachments", Shape::Array),
    optional("miscellaneousCharges", Shape::AnyObject),
];

pub(super) const UPDATE: &[Field] = &[
    required("altId", Shape::Filled),
    required("altType", LOCATION),
    required("name", Shape::Filled),
    required("currency", Shape::Filled),
    required("invoiceItems", Shape::Items(ITEM)),
    required("issueDate", Shape::Date),
    required("dueDate", Shape::Date),
    optional("title", Shape::Text),
    optional("description", Shape::Text),
    optional("businessDetails", Shape::Object(BUSINESS)),
    optional("invoiceNumber", Shape::Text),
    optional("contactId", Shape::Filled),
    optional("contactDetails", Shape::Object(CONTACT)),
    optional("termsNotes", Shape::Text),
    optional("discount", Shape::Object(DISCOUNT)),
    optional("automaticTaxesEnabled", Shape::Flag),
    optional("liveMode", Shape::Flag),
    optional("paymentSchedule", Shape::AnyObject),
    optional("tipsConfiguration", Shape::AnyObject),
    optional("xeroDetails", Shape::AnyObject),
    optional("invoiceNumberPrefix", Shape::Text),
    optional("paymentMethods", Shape::AnyObject),
    optional("attachments", Shape::Array),
    optional("miscellaneousCharges", Shape::AnyObject),
];

pub(super) const SEND: &[Field] = &[
    required("altId", Shape::Filled),
    required("altType", LOCATION),
    required("userId", Shape::Filled),
    required("action", Shape::OneOf(&["sms_and_email", "send_manually", "email", "sms"])),
    required("liveMode", Shape::Flag),
    optional("sentFrom", Shape::Object(&[optional("fromName", Shape::Text), optional("fromEmail", Shape::Email)])),
    optional("autoPayment", Shape::AnyObject),
];

pub(super) const VOID: &[Field] = &[required("altId", Shape::Filled), required("altType", LOCATION)];

/// The file requires the card and the cheque of every payment.
pub(super) const PAYMENT: &[Field] = &[
    required("altId", Shape::Filled),
    required("altType", LOCATION),
    required("mode", Shape::OneOf(&["cash", "card", "cheque", "bank_transfer", "other"])),
    required("card", Shape::Object(&[optional("brand", Shape::Text), optional("last4", Shape::Text)])),
    required("cheque", Shape::Object(&[optional("number", Shape::Text)])),
    required("notes", Shape::Text),
    optional("amount", POSITIVE),
    optional("meta", Shape::AnyObject),
    optional("paymentScheduleIds", Shape::Texts),
    optional("fulfilledAt", Shape::Date),
];

/// The fields of an inner object that the file requires.
fn check_inner(name: &str, fields: &[Field], object: Option<&Value>) -> Result<(), ApiResponse> {
    let Some(object) = object.and_then(Value::as_object) else { return Ok(()) };
    let missing = fields.iter().find(|field| field.required && !object.contains_key(field.name));
    missing.map_or(Ok(()), |field| Err(unprocessable(format!("{name}.{} is required", field.name))))
}

/// Checks a body, and what its inner objects require.
pub(super) fn check(fields: &[Field], items: &str, body: &Fields) -> Result<(), ApiResponse> {
    validate::creation(fields, body).map_err(unprocessable)?;
    check_inner("contactDetails", CONTACT, body.get("contactDetails"))?;
    check_inner("discount", DISCOUNT, body.get("discount"))?;
    check_inner("sentTo", SENT_TO, body.get("sentTo"))?;
    let list = body.get(items).and_then(Value::as_array).into_iter().flatten();
    for (place, item) in list.enumerate() {
        check_inner(&format!("{items}.{place}"), ITEM, Some(item))?;
    }
    Ok(())
}
