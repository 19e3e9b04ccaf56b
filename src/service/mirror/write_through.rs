//! Write-through: a tool's own calls update the mirror, so that a question after a write sees it.

use super::Mirroring;
use highlevel_catalog::{AnswerShape, Arguments, Effect, Invocation, contacts::DeleteContact};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error},
};
use highlevel_store::{TABLES, Table, ToolWrite};
use serde_json::{Map, Value};

impl Mirroring {
    /// Updates the mirror with the result of a call: the object in its answer, or that it is unknown whether it was
    /// written. Does not create a mirror if the account has none.
    pub(in crate::service) async fn note(
        &self,
        invocation: &Invocation,
        result: Result<&Value, &Error>,
        context: &CallContext,
    ) {
        let unknown = matches!(result, Err(error) if error.code == Code::OutcomeUnknown);
        if result.is_err() && !unknown {
            return;
        }
        // An answer in the API's own form is no row.
        let Some(table) = self.table_of(invocation).filter(|_| invocation.spec.passthrough.is_none()) else { return };
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
            client: context.client.as_ref().map(|client| client.name.clone()).filter(|name| !name.is_empty()),
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
                mirror.wrote(table, all, by).await
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
    fn table_of(&self, invocation: &Invocation) -> Option<&'static Table> {
        let spec = invocation.spec;
        let noun = match &spec.answer {
            AnswerShape::One(noun) => noun.as_ref(),
            AnswerShape::Deleted => spec.name.strip_prefix("delete_")?,
            AnswerShape::Many => return None,
        };
        let is_its_object = |table: &&Table| table.one == noun && self.api.catalog().find(table.tool).is_some();
        let shows_more = |table: &&Table| spec.effect != Effect::Read || !table.listed_whole || table.name == "users";
        TABLES.iter().find(is_its_object).filter(shows_more)
    }
}

/// The arguments that clear a field.
fn cleared(arguments: &Arguments) -> Map<String, Value> {
    let cleared = arguments.iter().filter(|(_, value)| value.is_null());
    cleared.map(|(name, _)| (name.to_owned(), Value::Null)).collect()
}
