//! Forms and what was submitted.

use super::{Child, ON_DEMAND, Parts, Table, date, text};

pub(super) const FORMS: Table =
    Table { name: "forms", one: "form", tool: "list_forms", columns: &[text("name"), text("type")], ..ON_DEMAND };

pub(super) const SUBMISSIONS: Table = Table {
    name: "submissions",
    one: "submission",
    tool: "list_submissions",
    columns: &[text("formId"), text("contactId"), text("name"), text("email"), date("createdAt")],
    children: &[Child {
        name: "submission_fields",
        from: "fields",
        parts: Parts::Fields,
        columns: &["submissionId", "key", "value"],
    }],
    searched: &["email"],
    shown: &["formId", "contactId", "createdAt"],
    indexes: &["contactId", "formId"],
    ..ON_DEMAND
};
