//! The writable fields of each resource, transcribed from the API's description.

use crate::validate::{Field, Shape, optional, required};

const ADDRESS: &[Field] = &[
    optional("street", Shape::Text),
    optional("city", Shape::Text),
    optional("state", Shape::Text),
    optional("postalCode", Shape::Text),
    optional("country", Shape::Text),
];

pub(crate) const CONTACT: &[Field] = &[
    required("firstName", Shape::Filled),
    required("lastName", Shape::Filled),
    required("email", Shape::Email),
    optional("phone", Shape::Text),
    optional("companyName", Shape::Text),
    optional("tags", Shape::Texts),
    optional("source", Shape::Text),
    optional("assignedTo", Shape::Text),
    optional("address", Shape::Object(ADDRESS)),
    optional("customFields", Shape::AnyObject),
];

pub(crate) const OPPORTUNITY: &[Field] = &[
    required("name", Shape::Filled),
    required("contactId", Shape::Filled),
    required("value", Shape::Number(0.0, f64::INFINITY)),
    required("status", Shape::OneOf(&["open", "negotiation", "won", "lost"])),
    optional("currency", Shape::Filled),
    optional("stage", Shape::Text),
    optional("probability", Shape::Number(0.0, 100.0)),
    optional("expectedCloseDate", Shape::Date),
    optional("assignedTo", Shape::Text),
    optional("tags", Shape::Texts),
];

pub(crate) const CAMPAIGN: &[Field] = &[
    required("name", Shape::Filled),
    required("type", Shape::Filled),
    optional("status", Shape::OneOf(&["draft", "active", "paused", "archived"])),
    optional("template", Shape::Text),
];

/// Without `status` and `url`, which only the service sets.
pub(crate) const PAGE: &[Field] = &[
    required("name", Shape::Filled),
    required("slug", Shape::Filled),
    optional("title", Shape::Text),
    optional("description", Shape::Text),
    optional("content", Shape::Text),
    optional("seoTitle", Shape::Text),
    optional("seoDescription", Shape::Text),
    optional("seoKeywords", Shape::Texts),
];

pub(crate) const WEBHOOK: &[Field] =
    &[required("url", Shape::HttpsUrl), required("events", Shape::FilledTexts), optional("secret", Shape::Text)];
