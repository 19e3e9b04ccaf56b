//! Tasks and workflows.

use super::{ON_DEMAND, Table, body, date, flag, text};

pub(super) const TASKS: Table = Table {
    name: "tasks",
    one: "task",
    tool: "list_tasks",
    columns: &[
        text("title"),
        body("body"),
        text("contactId"),
        text("assignedTo"),
        date("dueDate"),
        flag("completed"),
        date("createdAt"),
        date("updatedAt"),
    ],
    // The contact's own name is in contacts.
    dropped: &["contactName"],
    title: &["title"],
    searched: &["body"],
    shown: &["dueDate", "completed", "contactId", "assignedTo"],
    indexes: &["contactId"],
    detailed: true,
    remark: "completed 1 or 0",
    ..ON_DEMAND
};

pub(super) const WORKFLOWS: Table = Table {
    name: "workflows",
    one: "workflow",
    tool: "list_workflows",
    columns: &[text("name"), text("status"), date("createdAt"), date("updatedAt")],
    ..ON_DEMAND
};
