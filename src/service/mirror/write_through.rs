//! Write-through: a tool's own calls update the mirror, so that a question after a write sees it.

use super::Mirroring;
use chrono::{SecondsFormat, Utc};
use highlevel_catalog::{AnswerShape, Arguments, Effect, Invocation, contacts::DeleteContact};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Mirror, TABLES, Table, ToolWrite};
use serde_json::{Map, Value};

/// Nouns of answers that are not what a table calls its rows.
const NOUNS: [(&str, &str); 1] = [("event", "appointment")];

impl Mirroring {
    /// Updates the mirror with the result of a call: the object in its answer, or that it is unknown whether it was
    /// written. Does not create a mirror if the account has none.
    pub(in crate::service) async fn note(
        &self,
        invocation: &Invocation,
        result: std::result::Result<&Value, &Error>,
        context: &CallContext,
    ) {
        let unknown = matches!(result, Err(error) if error.code == Code::OutcomeUnknown);
        if result.is_err() && !unknown {
            return;
        }
        // An answer in the API's own form is no row.
        let Some(table) = self.table_of(invocation).filter(|_| invocation.spec.passthrough.is_none()) else { return };
        if invocation.spec.effect != Effect::Read {
            self.writes().tell(table, invocation, result.ok());
        }
        let Ok(mirror) = self.mirror().await else { return };
        if !mirror.path().exists() {
            return;
        }
        let effect = invocation.spec.effect;
        let id = invocation.id.as_ref().map(|id| id.as_str());
        let by = ToolWrite {
            tool: (effect != Effect::Read).then_some(invocation.spec.name.as_ref()),
            members: if effect == Effect::Update {
                invocation.arguments.names().map(str::to_owned).collect()
            } else {
                Vec::new()
            },
            client: context.client.as_ref().map(|client| client.shown()).filter(|name| !name.is_empty()),
        };
        let noted = match (effect, result, id) {
            (Effect::Delete, Ok(_), Some(id)) => match mirror.removed(table, id, by.clone()).await {
                Ok(()) if invocation.spec.is::<DeleteContact>() => mirror.removed_of_contact(id, by).await,
                removed => removed,
            },
            (_, Ok(Value::Object(object)), _) if effect != Effect::Delete => {
                // An answer leaves out the fields that the update cleared.
                let mut all = if effect == Effect::Update { cleared(&invocation.arguments) } else { Map::new() };
                all.extend(object.clone());
                if table.name == "messages" {
                    sent(mirror, table, all, by).await
                } else {
                    mirror.wrote(table, all, by).await
                }
            }
            (_, Err(_), Some(id)) if effect != Effect::Read => mirror.tried(table, id, by).await,
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!("the mirror could not be updated after {}: {}", invocation.spec.name, error.message);
        }
    }

    /// The table of the single object that a call is about. Reads only count for users and locations, which no list
    /// shows in full.
    pub(in crate::service) fn table_of(&self, invocation: &Invocation) -> Option<&'static Table> {
        let spec = invocation.spec;
        let noun = match &spec.answer {
            AnswerShape::One(noun) => noun.as_ref(),
            AnswerShape::Deleted => spec.name.strip_prefix("delete_")?,
            AnswerShape::Many => return None,
        };
        let noun = NOUNS.iter().find(|(of, _)| *of == noun).map_or(noun, |(_, one)| one);
        let is_its_object = |table: &&Table| table.one == noun && self.api.catalog().find(table.tool).is_some();
        let shows_more = |table: &&Table| spec.effect != Effect::Read || !table.listed_whole || table.name == "users";
        TABLES.iter().find(is_its_object).filter(shows_more)
    }
}

/// The type of a message by its channel, where it is not the channel in capitals.
const TYPES: [(&str, &str); 2] = [("FB", "TYPE_FACEBOOK"), ("IG", "TYPE_INSTAGRAM")];

/// Stores a message that was sent, which is its conversation's last one from now on. The answer to a send has neither time nor
/// type. One of a thread of e-mails has no row: the list has one for the whole thread.
async fn sent(mirror: &Mirror, table: &'static Table, mut message: Map<String, Value>, by: ToolWrite) -> Result<()> {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    message.entry("createdAt").or_insert_with(|| now.clone().into());
    if let Some(channel) = message.get("channel").and_then(Value::as_str) {
        let known = TYPES.iter().find(|(of, _)| *of == channel).map(|(_, kind)| (*kind).to_owned());
        let kind = known.unwrap_or_else(|| format!("TYPE_{}", channel.to_uppercase()));
        message.entry("type").or_insert_with(|| kind.into());
    }
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let conversation = text("conversationId").filter(|_| text("status") != Some("scheduled"));
    if let (Some(id), Some(conversations)) = (conversation, Table::named("conversations")) {
        let mut last = Map::new();
        last.insert("id".to_owned(), id.into());
        last.insert("lastMessageDirection".to_owned(), "outbound".into());
        last.insert("lastMessageAt".to_owned(), now.clone().into());
        last.insert("lastManualMessageDate".to_owned(), now.into());
        for (from, to) in [("contactId", "contactId"), ("type", "lastMessageType"), ("body", "lastMessageBody")] {
            last.extend(message.get(from).map(|value| (to.to_owned(), value.clone())));
        }
        mirror.wrote(conversations, last, by.clone()).await?;
    }
    match text("threadId") {
        Some(_) => Ok(()),
        None => mirror.wrote(table, message, by).await,
    }
}

/// The arguments that clear a field.
fn cleared(arguments: &Arguments) -> Map<String, Value> {
    let cleared = arguments.iter().filter(|(_, value)| value.is_null());
    cleared.map(|(name, _)| (name.to_owned(), Value::Null)).collect()
}
