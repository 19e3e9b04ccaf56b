//! Conversations and their messages.

use super::{ColumnKind, DAY, Inclusion, ON_DEMAND, Recent, Table, body, column, date, number, text};
use std::time::Duration;

pub(super) const CONVERSATIONS: Table = Table {
    name: "conversations",
    one: "conversation",
    tool: "list_conversations",
    columns: &[
        text("contactId"),
        text("contactName"),
        text("assignedTo"),
        text("type"),
        number("unreadCount"),
        date("lastMessageAt"),
        text("lastMessageDirection"),
        text("lastMessageType"),
        body("lastMessageBody"),
        column("lastManualMessageAt", "lastManualMessageDate", ColumnKind::Date),
        date("createdAt"),
        date("updatedAt"),
    ],
    title: &["contactName"],
    shown: &["lastMessageAt", "lastMessageDirection", "unreadCount", "assignedTo"],
    indexes: &["contactId"],
    inclusion: Inclusion::IfNamed,
    detailed: true,
    remark: "lastMessageDirection inbound: it waits for an answer",
    ..ON_DEMAND
};

pub(super) const MESSAGES: Table = Table {
    name: "messages",
    one: "message",
    tool: "list_messages",
    columns: &[
        text("conversationId"),
        text("contactId"),
        text("direction"),
        text("channel"),
        text("type"),
        text("status"),
        text("subject"),
        body("body"),
        text("source"),
        text("userId"),
        number("callDuration"),
        text("callStatus"),
        date("createdAt"),
    ],
    title: &["subject"],
    searched: &["body"],
    shown: &["direction", "type", "status", "createdAt", "contactId", "userId"],
    indexes: &["contactId, createdAt", "conversationId, createdAt", "createdAt"],
    inclusion: Inclusion::IfNamed,
    detailed: true,
    // A message's status follows within days, and nothing else of it changes.
    recent: Some(Recent { argument: "since", overlap: Duration::from_secs(3 * DAY), full: Duration::from_secs(DAY) }),
    remark: "direction inbound or outbound; type TYPE_SMS, TYPE_CALL, TYPE_ACTIVITY_…; no texts of e-mails",
    ..ON_DEMAND
};
