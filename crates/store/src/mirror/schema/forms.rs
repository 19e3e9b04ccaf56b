//! Forms and what was submitted.

use super::{Child, DAY, ON_DEMAND, Parts, Recent, Table, date, text};
use std::time::Duration;

pub(super) const FORMS: Table =
    Table { name: "forms", one: "form", tool: "list_forms", columns: &[text("name"), text("kind")], ..ON_DEMAND };

pub(super) const SUBMISSIONS: Table = Table {
    name: "submissions",
    one: "submission",
    tool: "list_submissions",
    columns: &[
        text("kind"),
        text("formId"),
        text("formName"),
        text("contactId"),
        text("name"),
        text("email"),
        date("createdAt"),
    ],
    children: &[Child {
        name: "submission_fields",
        from: "fields",
        parts: Parts::Fields,
        columns: &["submissionId", "key", "value"],
    }],
    searched: &["email"],
    shown: &["formId", "contactId", "createdAt"],
    indexes: &["contactId", "formId"],
    // Nothing of a submission changes.
    recent: Some(Recent { argument: "since", overlap: Duration::from_secs(3 * DAY), full: Duration::from_secs(DAY) }),
    remark: "kind form or survey",
    ..ON_DEMAND
};
