//! Conversations and their messages.

use super::{Inclusion, ON_DEMAND, Recent, Table, body, date, number, text};
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
    recent: Some(Recent {
        argument: "since",
        overlap: Duration::from_secs(3 * 24 * 3600),
        full: Duration::from_secs(24 * 3600),
    }),
    remark: "direction inbound or outbound; userId who sent it; callDuration in s",
    ..ON_DEMAND
};
