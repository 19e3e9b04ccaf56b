//! Contacts ("Contact Management", "Contact Model").

use super::{
    id::Id,
    list::{List, Paging},
    operation::{Effect, Operation, Output, Route, Shape, Toolset},
    text::Email,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Contact {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The id of the user who owns the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Fields that the document does not name.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Contact {
    const SHAPE: Shape = Shape::One("contact");
}

/// A postal address, in whole or in part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = super::schema::wordless)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The fields that a contact may have beside its name and e-mail address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct ContactDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// User id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
}

/// List contacts, filtered by exact email, phone, or tags (all of them).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct ListContacts {
    #[serde(flatten)]
    pub paging: Paging,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

impl Operation for ListContacts {
    type Output = List<Contact>;
    const NAME: &'static str = "list_contacts";
    const TITLE: &'static str = "List contacts";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Contacts;
    const ROUTE: Route<Self> = Route::get("/contact");
}

/// Get a contact.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct GetContact {
    pub id: Id,
}

impl Operation for GetContact {
    type Output = Contact;
    const NAME: &'static str = "get_contact";
    const TITLE: &'static str = "Get contact";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Contacts;
    const ROUTE: Route<Self> = Route::get("/contact/{id}").of(|contact| &contact.id);
}

/// Create a contact. Look for the email first: duplicates are not refused.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct CreateContact {
    pub first_name: String,
    pub last_name: String,
    pub email: Email,
    #[serde(flatten)]
    pub details: ContactDetails,
}

impl Operation for CreateContact {
    type Output = Contact;
    const NAME: &'static str = "create_contact";
    const TITLE: &'static str = "Create contact";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Contacts;
    const ROUTE: Route<Self> = Route::post("/contact");
}

/// Update a contact. Only the fields given change; address and customFields are merged, tags replace the whole set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct UpdateContact {
    pub id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(flatten)]
    pub details: ContactDetails,
    /// Fields to empty
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Option<Vec<String>>,
}

impl Operation for UpdateContact {
    type Output = Contact;
    const NAME: &'static str = "update_contact";
    const TITLE: &'static str = "Update contact";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Contacts;
    const ROUTE: Route<Self> = Route::put("/contact/{id}").of(|contact| &contact.id);
    const CLEARABLE: &'static [&'static str] =
        &["phone", "companyName", "tags", "source", "assignedTo", "address", "customFields"];
}
