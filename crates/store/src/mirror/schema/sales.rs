//! Contacts, opportunities and their pipelines.

use super::{Child, ON_DEMAND, PLAIN, Parts, Table, date, day, number, text, within};

pub(super) const CONTACTS: Table = Table {
    name: "contacts",
    one: "contact",
    tool: "list_contacts",
    columns: &[
        text("firstName"),
        text("lastName"),
        text("email"),
        text("phone"),
        text("companyName"),
        text("source"),
        text("assignedTo"),
        within("street", "address.street"),
        within("city", "address.city"),
        within("state", "address.state"),
        within("postalCode", "address.postalCode"),
        within("country", "address.country"),
        date("createdAt"),
        date("updatedAt"),
    ],
    children: &[
        Child { name: "contact_tags", from: "tags", parts: Parts::Tags, columns: &["contactId", "tag"] },
        Child {
            name: "contact_fields",
            from: "customFields",
            parts: Parts::Fields,
            columns: &["contactId", "key", "value"],
        },
    ],
    title: &["firstName", "lastName"],
    searched: &["email", "companyName", "phone"],
    indexes: &["email COLLATE NOCASE"],
    detailed: true,
    ..PLAIN
};

pub(super) const OPPORTUNITIES: Table = Table {
    name: "opportunities",
    one: "opportunity",
    tool: "list_opportunities",
    columns: &[
        text("name"),
        text("contactId"),
        number("value"),
        text("currency"),
        text("status"),
        text("stage"),
        number("probability"),
        day("expectedCloseDate"),
        text("assignedTo"),
        date("createdAt"),
        date("updatedAt"),
    ],
    children: &[Child {
        name: "opportunity_tags",
        from: "tags",
        parts: Parts::Tags,
        columns: &["opportunityId", "tag"],
    }],
    shown: &["status", "stage", "value", "currency", "assignedTo", "contactId"],
    money: &["value"],
    indexes: &["contactId"],
    detailed: true,
    ..PLAIN
};

pub(super) const PIPELINES: Table = Table {
    name: "pipelines",
    one: "pipeline",
    tool: "list_pipelines",
    columns: &[text("name")],
    children: &[Child {
        name: "pipeline_stages",
        from: "stages",
        parts: Parts::InOrder,
        columns: &["pipelineId", "stageId", "name", "position"],
    }],
    ..ON_DEMAND
};
