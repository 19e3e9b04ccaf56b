//! The routes of conversations and workflows.

use super::channel::TYPES;
use crate::official::routes::{BodyRule, DATED, Holds, Op, Parameter, Route, json, may, must, read};
use crate::operation::Effect;

/// An operation on conversations or workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConversationOp {
    Search,
    Get,
    Create,
    Update,
    Messages,
    GetMessage,
    GetEmail,
    Export,
    Transcription,
    Recording,
    TranscriptFile,
    Send,
    CancelMessage,
    CancelEmail,
    Workflows,
    AddToWorkflow,
    RemoveFromWorkflow,
}

use ConversationOp::{
    AddToWorkflow, CancelEmail, CancelMessage, Create, Export, Get, GetEmail, GetMessage, Messages, Recording,
    RemoveFromWorkflow, Search, Send, TranscriptFile, Transcription, Update, Workflows,
};

/// The version of conversations.
const APRIL: Option<&str> = Some("2021-04-15");

const ANY: Holds = Holds::Whole(0, usize::MAX);

const SEARCH: &[Parameter] = &[
    must("locationId", Holds::Text),
    may("contactId", Holds::Text),
    may("assignedTo", Holds::Text),
    may("followers", Holds::Text),
    may("mentions", Holds::Text),
    may("query", Holds::Text),
    may("sort", Holds::OneOf(&["asc", "desc"])),
    may("startAfterDate", Holds::Text),
    may("id", Holds::Text),
    may("limit", Holds::Whole(1, 100)),
    may("lastMessageType", Holds::OneOf(TYPES)),
    may("lastMessageAction", Holds::OneOf(&["automated", "manual"])),
    may("lastMessageDirection", Holds::OneOf(&["inbound", "outbound"])),
    may("status", Holds::OneOf(&["all", "read", "unread", "starred", "recents"])),
    may(
        "sortBy",
        Holds::OneOf(&["last_manual_message_date", "last_message_date", "score_profile", "overdue_at", "due_at"]),
    ),
    may("sortScoreProfile", Holds::Text),
    may("scoreProfile", Holds::Text),
    may("scoreProfileMin", ANY),
    may("scoreProfileMax", ANY),
    may("startDate", ANY),
    may("endDate", ANY),
];

const LIST: &[Parameter] =
    &[may("lastMessageId", Holds::Text), may("limit", Holds::Whole(1, 100)), may("type", Holds::Text)];

const EXPORT: &[Parameter] = &[
    must("locationId", Holds::Text),
    may("limit", Holds::Whole(10, 500)),
    may("cursor", Holds::Text),
    may("sortBy", Holds::OneOf(&["createdAt", "updatedAt"])),
    may("sortOrder", Holds::OneOf(&["asc", "desc"])),
    may("conversationId", Holds::Text),
    may("contactId", Holds::Text),
    may("channel", Holds::OneOf(&["Call", "SMS", "Email", "WhatsApp", "Instagram", "Facebook"])),
    may("startDate", Holds::Text),
    may("endDate", Holds::Text),
];

const TRANSCRIPT: &str = "GET /conversations/locations/{locationId}/messages/{messageId}/transcription";

const TRANSCRIPT_FILE: &str = "GET /conversations/locations/{locationId}/messages/{messageId}/transcription/download";

const RECORDING: &str = "GET /conversations/messages/{messageId}/locations/{locationId}/recording";

/// A read of conversations, which the session API does not have.
const fn get(op: ConversationOp, name: &'static str, query: &'static [Parameter]) -> Route {
    let mut route = read(Op::Conversation(op), name, "", query).version(APRIL);
    route.session_name = None;
    route
}

/// A write with a body.
const fn write(op: ConversationOp, name: &'static str) -> Route {
    let mut route = json(Effect::Write, Op::Conversation(op), name, "").version(APRIL);
    route.session_name = None;
    route
}

/// A write without a body.
const fn bare(op: ConversationOp, name: &'static str) -> Route {
    let mut route = write(op, name);
    route.body = BodyRule::None;
    route
}

/// Every route. A literal path comes before a pattern that also matches it.
pub(crate) const ROUTES: &[Route] = &[
    get(Search, "GET /conversations/search", SEARCH),
    get(Export, "GET /conversations/messages/export", EXPORT),
    get(GetEmail, "GET /conversations/messages/email/{id}", &[]).version(None),
    get(GetMessage, "GET /conversations/messages/{id}", &[]),
    get(Transcription, TRANSCRIPT, &[]),
    get(TranscriptFile, TRANSCRIPT_FILE, &[]),
    get(Recording, RECORDING, &[]),
    get(Messages, "GET /conversations/{conversationId}/messages", LIST),
    get(Get, "GET /conversations/{conversationId}", &[]),
    write(Update, "PUT /conversations/{conversationId}"),
    write(Create, "POST /conversations/"),
    write(Send, "POST /conversations/messages"),
    bare(CancelMessage, "DELETE /conversations/messages/{messageId}/schedule"),
    bare(CancelEmail, "DELETE /conversations/messages/email/{emailMessageId}/schedule").version(None),
    get(Workflows, "GET /workflows/", &[must("locationId", Holds::Text)]).version(Some(DATED)),
    write(AddToWorkflow, "POST /contacts/{contactId}/workflow/{workflowId}").version(Some(DATED)),
    write(RemoveFromWorkflow, "DELETE /contacts/{contactId}/workflow/{workflowId}").version(Some(DATED)),
];
