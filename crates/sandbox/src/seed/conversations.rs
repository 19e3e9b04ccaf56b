//! Sample conversations: threads in several channels, some of which wait for an answer, with failed messages, calls, and
//! contacts who do not want to be disturbed.

use super::contacts::Person;
use super::{AsOf, add};
use crate::account::{Account, Fields, ObjectKind};
use chrono::DateTime;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// One message of a script.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// A text by this type of message, from the contact or to them, with its status.
    Text(&'static str, Way, &'static str, &'static str),
    /// An email with its subject and body. A subject that was used before continues its thread.
    Email(Way, &'static str, &'static str),
    /// A call with its status, its duration in seconds, and what was said.
    Call(Way, &'static str, u32, &'static [&'static str]),
}

/// Whether a message comes from the contact or goes to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

use Line::{Call, Email, Text};
use Way::{In, Out};

const SMS: &str = "TYPE_SMS";

/// What a contact does not want, as HighLevel's file names it.
type DoNotDisturb = Option<fn() -> Value>;

/// The scripts, each with what its contact does not want.
const SCRIPTS: &[(&[Line], DoNotDisturb)] = &[
    (
        &[
            Text(SMS, In, "Hi, do you still have a slot this week for the audit call?", "delivered"),
            Text(SMS, Out, "We do: Thursday at 10 or Friday at 2. Which suits you?", "delivered"),
            Text(SMS, In, "Friday at 2. And what does the audit cost?", "delivered"),
        ],
        None,
    ),
    (
        &[
            Email(In, "Invoice question", "<p>Hello, the last invoice lists the ads twice. Could you check?</p>"),
            Email(Out, "Invoice question", "<p>Thanks for telling us, a corrected invoice is on its way.</p>"),
            Email(In, "Invoice question", "<p>Got it. The amount is still wrong, it should be $450.</p>"),
        ],
        None,
    ),
    (
        &[
            Call(In, "completed", 184, &["Thanks for calling Brightwater.", "I want to talk about our website."]),
            Text(SMS, Out, "Good talking to you! Here is the proposal: https://brightwater.example/p/1", "delivered"),
        ],
        None,
    ),
    (
        &[
            Text("TYPE_WHATSAPP", In, "¿Hablan español? Necesito anuncios para mi panadería.", "delivered"),
            Text("TYPE_WHATSAPP", Out, "¡Claro! ¿Le llamo mañana a las 11?", "read"),
        ],
        None,
    ),
    (
        &[
            Text(SMS, Out, "Your free audit is ready. Shall I walk you through it?", "delivered"),
            Text(SMS, In, "STOP", "delivered"),
        ],
        Some(|| json!({ "dnd": true, "dndSettings": { "SMS": { "status": "permanent", "message": "STOP" } } })),
    ),
    (
        &[
            Text(SMS, Out, "Quick reminder of our call tomorrow at 9.", "delivered"),
            Text(SMS, In, "Please mail me instead, no texts.", "delivered"),
        ],
        Some(|| {
            json!({ "dnd": false, "dndSettings": { "SMS": { "status": "active", "message": "asked for email" },
                         "Email": { "status": "inactive" } } })
        }),
    ),
    (
        &[Email(Out, "November newsletter", "<h1>What worked in October</h1><p>Three campaigns that paid off.</p>")],
        Some(
            || json!({ "dnd": false, "dndSettings": { "Email": { "status": "permanent", "message": "unsubscribed" } } }),
        ),
    ),
    (
        &[
            Text(SMS, Out, "Hi! You asked for a quote for the new site. When may I call?", "failed"),
            Text(SMS, Out, "Trying once more: when may I call about the quote?", "failed"),
        ],
        None,
    ),
    (
        &[
            Call(In, "no-answer", 0, &[]),
            Text(SMS, Out, "Sorry we missed your call! How can we help?", "delivered"),
            Call(In, "voicemail", 31, &["Hi, it is about the booking page.", "It shows the wrong hours."]),
        ],
        None,
    ),
    (
        &[
            Text("TYPE_LIVE_CHAT", In, "Is anyone there? The contact form gives an error.", "delivered"),
            Text("TYPE_LIVE_CHAT", Out, "Yes! Which page are you on?", "delivered"),
            Text("TYPE_LIVE_CHAT", In, "/contact, after I press send", "delivered"),
        ],
        None,
    ),
    (
        &[
            Text("TYPE_FACEBOOK", In, "Do you do menus as well?", "delivered"),
            Text("TYPE_FACEBOOK", Out, "We do. Send us a photo of yours and we'll quote it.", "delivered"),
        ],
        None,
    ),
    (
        &[
            Email(In, "Cancelling our plan", "<p>We would like to stop at the end of the month.</p>"),
            Text("TYPE_ACTIVITY_OPPORTUNITY", Out, "Opportunity moved to negotiation", "delivered"),
        ],
        None,
    ),
];

/// The most conversations of an account.
const MOST: usize = 30;

/// Adds conversations of recent contacts. New ids come from a random stream of their own.
pub(crate) fn fill(account: &mut Account, rng: ChaCha8Rng, users: &[String], people: &[Person], as_of: AsOf) {
    let former = account.swap_ids(rng);
    let chosen = people.iter().rev().step_by(2).take(MOST);
    for ((number, person), (lines, unwanted)) in chosen.enumerate().zip(SCRIPTS.iter().cycle()) {
        if let Some(unwanted) = unwanted
            && let Some(mut contact) = account.get(ObjectKind::Contacts, &person.id)
        {
            contact.extend(unwanted().as_object().cloned().unwrap_or_default());
            account.put(ObjectKind::Contacts, &person.id, &contact);
        }
        let user = users.get(number % users.len().max(1)).cloned().unwrap_or_default();
        Thread { account, person, user, as_of, conversation: String::new(), mails: Vec::new() }.write(lines);
    }
    account.swap_ids(former);
}

/// The messages of one conversation while they are written.
struct Thread<'a> {
    account: &'a mut Account,
    person: &'a Person,
    /// The user who answers.
    user: String,
    as_of: AsOf,
    conversation: String,
    /// The threads of emails: subject, and the message's fields.
    mails: Vec<(&'static str, Fields)>,
}

impl Thread<'_> {
    fn write(mut self, lines: &[Line]) {
        let count = i64::try_from(lines.len()).unwrap_or(1);
        let at = |place: i64| self.as_of.minutes_ago(self.person.since * (count - place) / (count + 1));
        let times: Vec<String> = (0..count).map(at).collect();
        let unanswered = lines.iter().rev().take_while(|line| line.way() == In).count();
        let (Some(first), Some(last), Some(final_line)) = (times.first(), times.last(), lines.last()) else { return };
        let mut conversation = json!({
            "contactId": self.person.id,
            "unreadCount": unanswered,
            "starred": false,
            "dateAdded": millis(first),
            "dateUpdated": millis(last),
            "lastMessageDate": millis(last),
            "lastMessageBody": final_line.words(),
            "lastMessageType": final_line.message_type(),
            "lastMessageDirection": final_line.way().word(),
        });
        let outbound = lines.iter().zip(&times).rfind(|(line, _)| line.way() == Out).map(|(_, at)| millis(at));
        if let (Some(at), Value::Object(fields)) = (outbound, &mut conversation) {
            fields.insert("lastManualMessageDate".into(), at.into());
            fields.insert("lastOutboundMessageAction".into(), "manual".into());
        }
        self.conversation = add(self.account, ObjectKind::Conversations, conversation);
        for (line, at) in lines.iter().zip(&times) {
            self.add(*line, at);
        }
    }

    fn add(&mut self, line: Line, at: &str) {
        let mut message = json!({
            "messageType": line.message_type(),
            "contactId": self.person.id,
            "conversationId": self.conversation,
            "direction": line.way().word(),
            "contentType": "text/plain",
            "attachments": [],
            "source": "app",
            "dateAdded": at,
            "dateUpdated": at,
        });
        let Value::Object(fields) = &mut message else { return };
        if line.way() == Out {
            fields.insert("userId".into(), self.user.clone().into());
        }
        match line {
            Text(_, _, words, status) => {
                fields.insert("body".into(), words.into());
                fields.insert("status".into(), status.into());
                if status == "failed" {
                    fields.insert("error".into(), "30003: the destination cannot be reached".into());
                }
            }
            Call(_, status, seconds, said) => {
                fields.insert("status".into(), if status == "completed" { "delivered" } else { "failed" }.into());
                fields.insert("meta".into(), json!({ "callDuration": seconds.to_string(), "callStatus": status }));
                if !said.is_empty() {
                    fields.insert("transcript".into(), transcript(said));
                }
            }
            Email(_, subject, body) => {
                fields.insert("status".into(), "delivered".into());
                fields.insert("contentType".into(), "text/html".into());
                let fields = fields.clone();
                return self.mail(fields, subject, body);
            }
        }
        add(self.account, ObjectKind::Messages, message);
    }

    /// Adds an email to the thread of its subject.
    fn mail(&mut self, message: Fields, subject: &'static str, body: &str) {
        let mut email = message.clone();
        email.shift_remove("messageType");
        email.insert("subject".into(), subject.into());
        email.insert("body".into(), body.into());
        let contact = self.account.get(ObjectKind::Contacts, &self.person.id).unwrap_or_default();
        let (own, theirs) = ("hello@brightwater.example".into(), contact.get("email").cloned().unwrap_or_default());
        let is_inbound = message.get("direction").and_then(Value::as_str) == Some("inbound");
        let (from, to) = if is_inbound { (theirs, own) } else { (own, theirs) };
        email.insert("from".into(), from);
        email.insert("to".into(), json!([to]));
        let id = add(self.account, ObjectKind::Emails, Value::Object(email.clone()));
        let known = self.mails.iter().position(|(of, _)| *of == subject);
        let mut thread = match known.and_then(|place| self.mails.get(place)) {
            Some((_, thread)) => thread.clone(),
            None => message.clone(),
        };
        let mut ids =
            thread.get("meta").and_then(|meta| meta.pointer("/email/messageIds").cloned()).unwrap_or(json!([]));
        if let Some(ids) = ids.as_array_mut() {
            ids.push(id.clone().into());
        }
        thread.insert("meta".into(), json!({ "email": { "messageIds": ids } }));
        for name in ["status", "dateUpdated"] {
            thread.extend(message.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        let thread_id = match (known, thread.get("id").and_then(Value::as_str)) {
            (Some(_), Some(id)) => {
                let id = id.to_owned();
                self.account.put(ObjectKind::Messages, &id, &thread);
                id
            }
            _ => {
                let id = add(self.account, ObjectKind::Messages, Value::Object(thread.clone()));
                thread.insert("id".into(), id.clone().into());
                id
            }
        };
        match known.and_then(|place| self.mails.get_mut(place)) {
            Some((_, stored)) => *stored = thread,
            None => self.mails.push((subject, thread)),
        }
        email.insert("id".into(), id.clone().into());
        email.insert("threadId".into(), thread_id.into());
        self.account.put(ObjectKind::Emails, &id, &email);
    }
}

impl Way {
    fn word(self) -> &'static str {
        if self == In { "inbound" } else { "outbound" }
    }
}

impl Line {
    fn way(self) -> Way {
        match self {
            Text(_, way, ..) | Email(way, ..) | Call(way, ..) => way,
        }
    }

    fn message_type(self) -> &'static str {
        match self {
            Text(message_type, ..) => message_type,
            Email(..) => "TYPE_EMAIL",
            Call(..) => "TYPE_CALL",
        }
    }

    /// What the list of conversations shows of it.
    fn words(self) -> &'static str {
        match self {
            Text(_, _, words, _) => words,
            Email(_, subject, _) => subject,
            Call(..) => "",
        }
    }
}

fn millis(at: &str) -> i64 {
    DateTime::parse_from_rfc3339(at).map(|at| at.timestamp_millis()).unwrap_or_default()
}

/// The sentences of a call, one after the other.
fn transcript(said: &[&str]) -> Value {
    let sentence = |(index, words): (i64, &&str)| {
        json!({
            "mediaChannel": index % 2 + 1,
            "sentenceIndex": index,
            "startTime": index * 4_000,
            "endTime": index * 4_000 + 3_500,
            "transcript": words,
            "confidence": 0.9,
        })
    };
    (0..).zip(said).map(sentence).collect()
}
