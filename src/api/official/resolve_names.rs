//! Resolution of names in arguments: names become ids, and values of custom fields are converted to their types.

use super::{
    Official,
    fields::{self, Model},
    name_cache::{LookupResult, NameList},
    names, opportunities, request,
};
use highlevel_catalog::{Effect, Invocation, Toolset};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};

impl Official {
    /// Replaces names in the arguments by ids.
    pub(in crate::api) async fn resolve_names(
        &self,
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<Invocation> {
        let mut resolved = invocation.clone();
        if let Some(owner) = invocation.arguments.text("assignedTo") {
            let id = self.owner(owner, context).await?;
            resolved.arguments.set("assignedTo", id);
        }
        if let Some(values) = invocation.arguments.members("customFields") {
            let named = self.custom_fields(Model::of(invocation.spec.toolset), values, context).await?;
            resolved.arguments.set("customFields", named);
        }
        if invocation.spec.toolset == Toolset::Calendars {
            self.resolve_calendar(&mut resolved, context).await?;
        }
        match (invocation.arguments.text("stage"), invocation.spec.toolset, invocation.spec.effect) {
            (Some(stage), Toolset::Opportunities, _) => self.set_stage(&mut resolved, stage, context).await?,
            (None, Toolset::Opportunities, Effect::Create) => self.set_only_pipeline(&mut resolved, context).await?,
            _ => {}
        }
        if invocation.spec.toolset == Toolset::Tasks {
            self.resolve_due(&mut resolved, context).await?;
        }
        Ok(resolved)
    }

    /// The id of the user `wanted`.
    async fn owner(&self, wanted: &str, context: &CallContext) -> Result<String> {
        let find = |users: &[Value]| names::user_id(users, "assignedTo", wanted);
        match self.find(NameList::Users, context, find).await? {
            LookupResult::Found(id) => Ok(id),
            LookupResult::Unreadable(list) if names::is_id(wanted.trim()) => {
                context.note(format!("{} `assignedTo` was sent unchecked, as a user's id.", list.reason()));
                Ok(wanted.trim().to_owned())
            }
            LookupResult::Unreadable(list) => {
                Err(list.refusal("assignedTo", &format!("`{wanted}` is not an id and cannot be looked up.")))
            }
        }
    }

    /// The custom fields by key, with values converted to their types.
    async fn custom_fields(
        &self,
        model: Model,
        given: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Map<String, Value>> {
        let check = |dictionary: &[Value]| fields::checked(dictionary, model, given);
        let list = match self.find(NameList::CustomFields, context, check).await? {
            LookupResult::Found(map) => return Ok(map),
            LookupResult::Unreadable(list) => list,
        };
        let last = list.last.as_deref().map(Vec::as_slice).unwrap_or_default();
        match fields::unchecked(last, model, given)? {
            Ok(map) => {
                context.note(format!("{} The values of `customFields` were sent unchecked.", list.reason()));
                Ok(map)
            }
            Err(name) => {
                let what = format!("`{name}` is neither a key nor an id and cannot be looked up.");
                Err(list.refusal(&format!("customFields.{name}"), &what))
            }
        }
    }

    /// Sets the ids of the stage and its pipeline in a deal's arguments.
    async fn set_stage(&self, deal: &mut Invocation, wanted: &str, context: &CallContext) -> Result<()> {
        let ids = |stage: names::Stage<'_>| {
            [("stage", stage.name), ("pipelineStageId", stage.id), ("pipelineId", stage.pipeline_id)]
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
        };
        let find = |pipelines: &[Value]| {
            let several = names::stages_named(pipelines, wanted)?;
            Ok(several.into_iter().map(|stage| (names::full_name(&stage), ids(stage))).collect::<Vec<_>>())
        };
        let found = match self.find(NameList::Pipelines, context, find).await? {
            LookupResult::Found(found) => found,
            // An existing deal has a pipeline. A new deal needs one, so the list has to be read.
            LookupResult::Unreadable(list) if deal.id.is_some() && names::is_id(wanted.trim()) => {
                context.note(format!("{} `stage` was sent unchecked, as a stage's id.", list.reason()));
                deal.arguments.set("pipelineStageId", wanted.trim());
                return Ok(());
            }
            LookupResult::Unreadable(list) => {
                let what = format!("the pipeline of the stage `{wanted}` cannot be looked up.");
                return Err(list.refusal("stage", &what));
            }
        };
        let mut found = found.into_iter();
        match (found.next(), found.as_slice()) {
            (Some((_, only)), []) => set_all(deal, only),
            (Some(first), others) => {
                // Several pipelines have a stage of this name. An existing deal stays in its pipeline.
                let pipeline = self.pipeline_of(deal, context).await?;
                let all: Vec<_> = std::iter::once(&first).chain(others).collect();
                let is_in_own = |(_, arguments): &&&(String, [(String, Value); 3])| {
                    arguments.iter().any(|(name, value)| name == "pipelineId" && value.as_str() == pipeline.as_deref())
                };
                let in_own: Vec<_> = all.iter().filter(is_in_own).collect();
                let [(_, arguments)] = in_own.as_slice() else {
                    let names: Vec<String> = all.iter().map(|(name, stage)| with_id(name, stage)).collect();
                    let message =
                        format!("`stage`: several stages have this name. Give one of {}.", names.join(" or "));
                    return Err(Error::invalid("stage", message));
                };
                set_all(deal, arguments.clone());
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// The pipeline of an existing deal.
    async fn pipeline_of(&self, deal: &Invocation, context: &CallContext) -> Result<Option<String>> {
        if deal.id.is_none() {
            return Ok(None);
        }
        let response = self.client.send(&opportunities::get(deal), context).await.map_err(|failed| failed.error)?;
        let deal = request::object(request::body(response)?, "opportunity");
        Ok(request::text(&deal, "pipelineId").map(str::to_owned))
    }

    /// Sets the pipeline of a new deal without a stage, if the account has only one.
    async fn set_only_pipeline(&self, deal: &mut Invocation, context: &CallContext) -> Result<()> {
        let find = |pipelines: &[Value]| match pipelines {
            [only] => Ok(only.get("id").and_then(Value::as_str).map(str::to_owned)),
            several => {
                let known: Vec<String> = names::stages(several).map(|stage| names::full_name(&stage)).collect();
                let message = format!("`stage` is required: it selects the pipeline. Known: {}.", known.join(", "));
                Err(Error::invalid("stage", message))
            }
        };
        let id = match self.find(NameList::Pipelines, context, find).await? {
            LookupResult::Found(id) => id,
            LookupResult::Unreadable(list) => {
                return Err(list.refusal("stage", "the pipeline of the new deal cannot be looked up."));
            }
        };
        if let Some(id) = id {
            deal.arguments.set("pipelineId", id);
        }
        Ok(())
    }
}

/// A stage's name with its id, to distinguish stages of the same name in an error.
fn with_id(name: &str, stage: &[(String, Value)]) -> String {
    let id = stage.iter().find(|(name, _)| name == "pipelineStageId").and_then(|(_, id)| id.as_str());
    id.map_or_else(|| name.to_owned(), |id| format!("{name} ({id})"))
}

fn set_all(deal: &mut Invocation, arguments: [(String, Value); 3]) {
    for (name, value) in arguments {
        deal.arguments.set(&name, value);
    }
}
