//! Contacts.

use super::{
    argument_rules::ArgumentRules,
    id::Id,
    list::{Deleted, List, Paging},
    meaning::{FilterGap, GapValues, Inverse, Lookup, LookupField, LookupFilter, ReadBack},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    tags::TagChanges,
    text::{Email, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A contact.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Contact {
    pub id: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company_name: Option<String>,
    pub tags: Option<Vec<String>>,
    pub source: Option<String>,
    /// The id of the user who owns the contact.
    pub assigned_to: Option<String>,
    pub address: Option<Map<String, Value>>,
    pub custom_fields: Option<Map<String, Value>>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Contact {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("contact"));
}

/// A postal address, in whole or in part.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct Address {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

/// The fields of a contact except its name and e-mail address.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ContactDetails {
    pub phone: Option<String>,
    pub company_name: Option<String>,
    pub tags: Option<Vec<String>>,
    pub source: Option<String>,
    /// User id
    pub assigned_to: Option<UserRef>,
    pub address: Option<Address>,
    pub custom_fields: Option<Map<String, Value>>,
}

/// List contacts, filtered by exact email, phone in any form, or tags (all of them).
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListContacts {
    #[serde(flatten)]
    pub paging: Paging,
    pub email: Option<Email>,
    pub phone: Option<String>,
    pub tags: Option<Vec<String>>,
}

impl Operation for ListContacts {
    type Output = List<Contact>;
    const NAME: &'static str = "list_contacts";
    const TITLE: &'static str = "List contacts";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Contacts;
    const SESSION: Route = Route::get("/contact");
    const SESSION_FILTER_GAPS: &'static [FilterGap] = &[
        // The API compares phone numbers as text.
        FilterGap { argument: Cow::Borrowed("phone"), values: GapValues::OtherForms },
        FilterGap { argument: Cow::Borrowed("tags"), values: GapValues::WithComma },
    ];
}

/// Get a contact.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetContact {
    pub id: Id,
}

impl Operation for GetContact {
    type Output = Contact;
    const NAME: &'static str = "get_contact";
    const TITLE: &'static str = "Get contact";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Contacts;
    const SESSION: Route = Route::get("/contact/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|contact| &contact.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
}

/// Create a contact. Look for the email first: duplicates are not refused.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateContact {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<Email>,
    #[serde(flatten)]
    pub details: ContactDetails,
}

impl Operation for CreateContact {
    type Output = Contact;
    const NAME: &'static str = "create_contact";
    const TITLE: &'static str = "Create contact";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Contacts;
    const SESSION: Route = Route::post("/contact");
    const SESSION_ARGUMENTS: ArgumentRules =
        ArgumentRules { required: &["firstName", "lastName", "email"], ..ArgumentRules::NONE };
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListContacts::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("email", LookupFilter::Email),
            LookupField::filtered("phone", LookupFilter::Phone),
        ]),
        any: true,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetContact::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::by_id(DeleteContact::NAME));
}

/// Update a contact. Only the fields given change; address and customFields are merged, tags replace the whole set.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpdateContact {
    pub id: Id,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<Email>,
    #[serde(flatten)]
    pub details: ContactDetails,
    #[serde(flatten)]
    pub tag_changes: TagChanges,
    /// Fields to empty
    pub clear: Option<Vec<String>>,
}

impl Operation for UpdateContact {
    type Output = Contact;
    const NAME: &'static str = "update_contact";
    const TITLE: &'static str = "Update contact";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Contacts;
    const SESSION: Route = Route::put("/contact/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|contact| &contact.id);
    const CLEARABLE: &'static [&'static str] =
        &["phone", "companyName", "tags", "source", "assignedTo", "address", "customFields"];
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetContact::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(Self::NAME));
}

/// Create a contact, or change the one with this email, else this phone. Tags are added.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpsertContact {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<Email>,
    #[serde(flatten)]
    pub details: ContactDetails,
}

/// A contact that was created or changed.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Contact")]
pub struct UpsertedContact {
    /// Whether it is new.
    pub created: Option<bool>,
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
}

impl Output for UpsertedContact {
    const SHAPE: AnswerShape = Contact::SHAPE;
}

impl Operation for UpsertContact {
    type Output = UpsertedContact;
    const NAME: &'static str = "upsert_contact";
    const TITLE: &'static str = "Create or update contact";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Contacts;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetContact::NAME));
    // Of the update. A contact that it created is deleted as one of create_contact is.
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(UpdateContact::NAME));
}

/// Delete a contact.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct DeleteContact {
    pub id: Id,
}

impl Operation for DeleteContact {
    type Output = Deleted;
    const NAME: &'static str = "delete_contact";
    const TITLE: &'static str = "Delete contact";
    const EFFECT: Effect = Effect::Delete;
    const TOOLSET: Toolset = Toolset::Contacts;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|contact| &contact.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetContact::NAME));
    const CONSEQUENCE: Option<&'static str> =
        Some("Its deals, notes, tasks, appointments and conversations are deleted with it.");
}
