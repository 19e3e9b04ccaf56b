//! Conversations and their messages.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::{Lookup, LookupField, LookupFilter},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    text::{Date, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A conversation: all messages with one contact.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Conversation {
    pub id: String,
    pub contact_id: Option<String>,
    pub contact_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The id of the user who owns the contact.
    pub assigned_to: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub unread_count: Option<f64>,
    pub last_message_at: Option<String>,
    /// inbound: the contact waits for an answer.
    pub last_message_direction: Option<String>,
    pub last_message_type: Option<String>,
    pub last_message_body: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Conversation {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("conversation"));
}

/// A message of any channel, an e-mail, or a call.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Message {
    pub id: String,
    pub conversation_id: Option<String>,
    pub contact_id: Option<String>,
    pub direction: Option<String>,
    /// The channel as `send_message` takes it; absent for other kinds.
    pub channel: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// pending, sent, delivered, read, failed and others.
    pub status: Option<String>,
    pub subject: Option<String>,
    /// As plain text.
    pub body: Option<String>,
    pub source: Option<String>,
    pub user_id: Option<String>,
    /// In seconds.
    pub call_duration: Option<f64>,
    pub call_status: Option<String>,
    pub transcript: Option<String>,
    pub created_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Message {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("message"));
}

/// The filters of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum ConversationFilter {
    Unanswered,
    Unread,
    Starred,
}

/// The channels by which messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum Channel {
    #[serde(rename = "SMS")]
    Sms,
    Email,
    WhatsApp,
    #[serde(rename = "RCS")]
    Rcs,
    #[serde(rename = "FB")]
    Facebook,
    #[serde(rename = "IG")]
    Instagram,
    #[serde(rename = "Live_Chat")]
    LiveChat,
    #[serde(rename = "TIKTOK")]
    TikTok,
}

/// The channels by which messages are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum ListedChannel {
    Call,
    #[serde(rename = "SMS")]
    Sms,
    Email,
    WhatsApp,
    #[serde(rename = "RCS")]
    Rcs,
    #[serde(rename = "FB")]
    Facebook,
    #[serde(rename = "IG")]
    Instagram,
    #[serde(rename = "Live_Chat")]
    LiveChat,
    #[serde(rename = "TIKTOK")]
    TikTok,
}

/// List conversations, latest message first.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListConversations {
    #[serde(flatten)]
    pub paging: Paging,
    pub contact_id: Option<Id>,
    /// User's name, email or id
    pub assigned_to: Option<UserRef>,
    pub status: Option<ConversationFilter>,
    pub query: Option<String>,
}

impl Operation for ListConversations {
    type Output = List<Conversation>;
    const NAME: &'static str = "list_conversations";
    const TITLE: &'static str = "List conversations";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Conversations;
    const SESSION: Route = Route::Absent;
}

/// List messages, newest first: of a contact or conversation with e-mail bodies and calls, or of the whole account.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListMessages {
    #[serde(flatten)]
    pub paging: Paging,
    pub contact_id: Option<Id>,
    pub conversation_id: Option<Id>,
    pub channel: Option<ListedChannel>,
    pub since: Option<Date>,
}

impl Operation for ListMessages {
    type Output = List<Message>;
    const NAME: &'static str = "list_messages";
    const TITLE: &'static str = "List messages";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Conversations;
    const SESSION: Route = Route::Absent;
}

/// Send a contact a message, once a person confirms. Refused for who asked not to be disturbed.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct SendMessage {
    pub contact_id: Id,
    pub channel: Channel,
    pub body: String,
    pub subject: Option<String>,
    pub to: Option<String>,
    pub from: Option<String>,
    pub cc: Option<Vec<String>>,
    pub bcc: Option<Vec<String>>,
    /// URLs
    pub attachments: Option<Vec<String>>,
    /// Message id
    pub reply_to: Option<Id>,
    /// Send later
    pub at: Option<String>,
}

impl Operation for SendMessage {
    type Output = Message;
    const NAME: &'static str = "send_message";
    const TITLE: &'static str = "Send message";
    const EFFECT: Effect = Effect::Send;
    const TOOLSET: Toolset = Toolset::Conversations;
    const SESSION: Route = Route::Absent;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListMessages::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("contactId", LookupFilter::AsSent),
            LookupField::filtered("channel", LookupFilter::AsSent),
            LookupField::compared("body"),
        ]),
        any: false,
    });
}
