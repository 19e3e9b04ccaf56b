//! The fields of contacts and opportunities that a column can be.

use crate::{Result, TabularError};
use std::{fmt, str::FromStr};

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowObject {
    /// Contacts.
    Contact,
    /// Opportunities, with the contact that each belongs to.
    Opportunity,
}

impl RowObject {
    /// `contact` or `opportunity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Opportunity => "opportunity",
        }
    }
}

/// A field of a contact or an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are HighLevel's")]
pub enum Field {
    ContactId,
    FirstName,
    LastName,
    FullName,
    Email,
    /// Further addresses. HighLevel's API takes one; the first of these fills an empty [`Field::Email`].
    AdditionalEmails,
    Phone,
    /// Further numbers. HighLevel's API takes one; the first of these fills an empty [`Field::Phone`].
    AdditionalPhones,
    CompanyName,
    Address1,
    City,
    State,
    PostalCode,
    Country,
    Website,
    Timezone,
    DateOfBirth,
    Gender,
    Source,
    Tags,
    /// No messages and calls at all.
    Dnd,
    DndEmail,
    DndCall,
    DndSms,
    AssignedTo,
    OpportunityId,
    OpportunityName,
    Status,
    /// The pipeline's name.
    Pipeline,
    PipelineId,
    /// The stage's name.
    Stage,
    StageId,
    MonetaryValue,
    OpportunitySource,
    OpportunityAssignedTo,
    LostReason,
}

/// How the text of a cell becomes a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Text,
    Emails,
    Phones,
    Tags,
    Date,
    Bool,
    Number,
    Status,
}

impl Field {
    /// Every field, with its name.
    const NAMES: [(Self, &'static str, Value); 36] = [
        (Self::ContactId, "contact.id", Value::Text),
        (Self::FirstName, "contact.firstName", Value::Text),
        (Self::LastName, "contact.lastName", Value::Text),
        (Self::FullName, "contact.name", Value::Text),
        (Self::Email, "contact.email", Value::Emails),
        (Self::AdditionalEmails, "contact.additionalEmails", Value::Emails),
        (Self::Phone, "contact.phone", Value::Phones),
        (Self::AdditionalPhones, "contact.additionalPhones", Value::Phones),
        (Self::CompanyName, "contact.companyName", Value::Text),
        (Self::Address1, "contact.address1", Value::Text),
        (Self::City, "contact.city", Value::Text),
        (Self::State, "contact.state", Value::Text),
        (Self::PostalCode, "contact.postalCode", Value::Text),
        (Self::Country, "contact.country", Value::Text),
        (Self::Website, "contact.website", Value::Text),
        (Self::Timezone, "contact.timezone", Value::Text),
        (Self::DateOfBirth, "contact.dateOfBirth", Value::Date),
        (Self::Gender, "contact.gender", Value::Text),
        (Self::Source, "contact.source", Value::Text),
        (Self::Tags, "contact.tags", Value::Tags),
        (Self::Dnd, "contact.dnd", Value::Bool),
        (Self::DndEmail, "contact.dndSettings.Email", Value::Bool),
        (Self::DndCall, "contact.dndSettings.Call", Value::Bool),
        (Self::DndSms, "contact.dndSettings.SMS", Value::Bool),
        (Self::AssignedTo, "contact.assignedTo", Value::Text),
        (Self::OpportunityId, "opportunity.id", Value::Text),
        (Self::OpportunityName, "opportunity.name", Value::Text),
        (Self::Status, "opportunity.status", Value::Status),
        (Self::Pipeline, "opportunity.pipeline", Value::Text),
        (Self::PipelineId, "opportunity.pipelineId", Value::Text),
        (Self::Stage, "opportunity.stage", Value::Text),
        (Self::StageId, "opportunity.pipelineStageId", Value::Text),
        (Self::MonetaryValue, "opportunity.monetaryValue", Value::Number),
        (Self::OpportunitySource, "opportunity.source", Value::Text),
        (Self::OpportunityAssignedTo, "opportunity.assignedTo", Value::Text),
        (Self::LostReason, "opportunity.lostReason", Value::Text),
    ];

    /// Every field.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(field, ..)| *field)
    }

    /// The name, such as `contact.firstName`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }

    pub(crate) fn value(self) -> Value {
        Self::NAMES.iter().find(|(field, ..)| *field == self).map_or(Value::Text, |(.., value)| *value)
    }

    /// The object that the field is of.
    pub fn object(self) -> RowObject {
        if self.name().starts_with("opportunity.") { RowObject::Opportunity } else { RowObject::Contact }
    }

    /// The name within its object, such as `firstName`.
    pub fn key(self) -> &'static str {
        self.name().split_once('.').map_or("", |(_, key)| key)
    }

    /// The field for further values, if there is one.
    pub const fn additional(self) -> Option<Self> {
        match self {
            Self::Email => Some(Self::AdditionalEmails),
            Self::Phone => Some(Self::AdditionalPhones),
            _ => None,
        }
    }

    /// Whether several columns may be the field.
    pub const fn takes_several(self) -> bool {
        matches!(self, Self::Tags | Self::AdditionalEmails | Self::AdditionalPhones)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Field {
    type Err = TabularError;

    /// Reads a field by its name, with or without its object: `contact.firstName`, `firstName`.
    fn from_str(text: &str) -> Result<Self> {
        let by_name = Self::all().find(|field| field.name() == text);
        by_name.or_else(|| Self::all().find(|field| field.key() == text)).ok_or_else(|| {
            let allowed: Vec<&str> = Self::all().map(Self::name).collect();
            TabularError::Option(format!(
                "Unknown field \"{text}\"; allowed are {}, and customFields.KEY.",
                allowed.join(", ")
            ))
        })
    }
}
