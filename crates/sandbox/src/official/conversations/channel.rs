//! The channels of messages: their names and numbers, and the address that a message by each needs.

use crate::account::Fields;
use serde_json::Value;

/// The address that a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    Phone,
    Email,
    /// The profile that the contact wrote from before.
    Profile,
}

/// A channel by which messages are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    /// The word in a request.
    pub(crate) word: &'static str,
    /// The word in messages.
    pub(crate) message_type: &'static str,
    pub(crate) address: Address,
    /// The member of a contact's `dndSettings`, if it has one for the channel.
    pub(crate) dnd: Option<&'static str>,
}

const fn channel(
    word: &'static str,
    message_type: &'static str,
    address: Address,
    dnd: Option<&'static str>,
) -> Channel {
    Channel { word, message_type, address, dnd }
}

const CHANNELS: &[Channel] = &[
    channel("SMS", "TYPE_SMS", Address::Phone, Some("SMS")),
    channel("RCS", "TYPE_RCS", Address::Phone, Some("SMS")),
    channel("Email", "TYPE_EMAIL", Address::Email, Some("Email")),
    channel("WhatsApp", "TYPE_WHATSAPP", Address::Phone, Some("WhatsApp")),
    channel("IG", "TYPE_INSTAGRAM", Address::Profile, None),
    channel("FB", "TYPE_FACEBOOK", Address::Profile, Some("FB")),
    channel("Custom", "TYPE_CUSTOM_SMS", Address::Phone, None),
    channel("Live_Chat", "TYPE_LIVE_CHAT", Address::Profile, None),
    channel("TIKTOK", "TYPE_TIKTOK", Address::Profile, None),
];

/// The words for a channel in a request.
pub(crate) const WORDS: &[&str] = &["SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK"];

/// The types of messages, in the order of HighLevel's file. `RCS` was added later and shifts no number.
pub(crate) const TYPES: &[&str] = &[
    "TYPE_CALL",
    "TYPE_SMS",
    "TYPE_EMAIL",
    "TYPE_SMS_REVIEW_REQUEST",
    "TYPE_WEBCHAT",
    "TYPE_SMS_NO_SHOW_REQUEST",
    "TYPE_CAMPAIGN_SMS",
    "TYPE_CAMPAIGN_CALL",
    "TYPE_CAMPAIGN_EMAIL",
    "TYPE_CAMPAIGN_VOICEMAIL",
    "TYPE_FACEBOOK",
    "TYPE_CAMPAIGN_FACEBOOK",
    "TYPE_CAMPAIGN_MANUAL_CALL",
    "TYPE_CAMPAIGN_MANUAL_SMS",
    "TYPE_GMB",
    "TYPE_CAMPAIGN_GMB",
    "TYPE_REVIEW",
    "TYPE_INSTAGRAM",
    "TYPE_WHATSAPP",
    "TYPE_CUSTOM_SMS",
    "TYPE_CUSTOM_EMAIL",
    "TYPE_CUSTOM_PROVIDER_SMS",
    "TYPE_CUSTOM_PROVIDER_EMAIL",
    "TYPE_IVR_CALL",
    "TYPE_ACTIVITY_CONTACT",
    "TYPE_ACTIVITY_INVOICE",
    "TYPE_ACTIVITY_PAYMENT",
    "TYPE_ACTIVITY_OPPORTUNITY",
    "TYPE_LIVE_CHAT",
    "TYPE_LIVE_CHAT_INFO_MESSAGE",
    "TYPE_ACTIVITY_APPOINTMENT",
    "TYPE_FACEBOOK_COMMENT",
    "TYPE_INSTAGRAM_COMMENT",
    "TYPE_CUSTOM_CALL",
    "TYPE_INTERNAL_COMMENT",
    "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
    "TYPE_TIKTOK",
    "TYPE_TIKTOK_COMMENT",
    "TYPE_ACTIVITY_WHATSAPP",
    "TYPE_FORM_SUBMISSION",
    "TYPE_SMS_REACTION",
    "TYPE_RCS",
];

/// The number of a type of message.
pub(crate) fn number(message_type: &str) -> usize {
    TYPES.iter().position(|known| *known == message_type).map_or(0, |position| position + 1)
}

/// The channel with this word.
pub(crate) fn named(word: &str) -> Option<&'static Channel> {
    CHANNELS.iter().find(|channel| channel.word == word)
}

/// The type of message that a channel's word in the query of an export stands for.
pub(crate) fn exported(word: &str) -> &'static str {
    match word {
        "Call" => "TYPE_CALL",
        "Instagram" => "TYPE_INSTAGRAM",
        "Facebook" => "TYPE_FACEBOOK",
        word => named(word).map_or("", |channel| channel.message_type),
    }
}

impl Channel {
    /// Whether a contact asked not to be disturbed by this channel.
    pub(crate) fn is_blocked(&self, contact: &Fields) -> bool {
        if contact.get("dnd") == Some(&Value::Bool(true)) {
            return true;
        }
        let setting = self.dnd.and_then(|name| contact.get("dndSettings")?.get(name)?.get("status")?.as_str());
        matches!(setting, Some("active" | "permanent"))
    }
}
