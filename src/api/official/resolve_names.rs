//! What a caller's arguments mean here: names become ids, and custom fields get the form of their types.

use super::{
    Official,
    fields::{self, Model},
    name_cache::{Looked, NameList},
    names, opportunities, request,
};
use highlevel_catalog::{Effect, Invocation, Toolset};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};

impl Official {
    /// The same call with ids for names.
    pub(in crate::api) async fn resolve_names(
        &self,
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<Invocation> {
        let mut meant = invocation.clone();
        if let Some(owner) = invocation.arguments.text("assignedTo") {
            let id = self.owner(owner, context).await?;
            meant.arguments.set("assignedTo", id);
        }
        if let Some(values) = invocation.arguments.members("customFields") {
            let named = self.custom_fields(Model::of(invocation.spec.toolset), values, context).await?;
            meant.arguments.set("customFields", named);
        }
        match (invocation.arguments.text("stage"), invocation.spec.toolset, invocation.spec.effect) {
            (Some(stage), Toolset::Opportunities, _) => self.place(&mut meant, stage, context).await?,
            (None, Toolset::Opportunities, Effect::Create) => self.only_pipeline(&mut meant, context).await?,
            _ => {}
        }
        Ok(meant)
    }

    /// The id of a user.
    async fn owner(&self, wanted: &str, context: &CallContext) -> Result<String> {
        let find = |users: &[Value]| names::user_id(users, "assignedTo", wanted);
        match self.find(NameList::Users, context, find).await? {
            Looked::Found(id) => Ok(id),
            Looked::Unreadable(list) if names::is_id(wanted.trim()) => {
                context.note(format!("{} `assignedTo` was taken for a user's id, unchecked.", list.reason()));
                Ok(wanted.trim().to_owned())
            }
            Looked::Unreadable(list) => {
                Err(list.refusal("assignedTo", &format!("`{wanted}` is no user's id, and cannot be looked up.")))
            }
        }
    }

    /// Custom fields by key, with values as their types have them.
    async fn custom_fields(
        &self,
        model: Model,
        given: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Map<String, Value>> {
        let check = |dictionary: &[Value]| fields::checked(dictionary, model, given);
        let list = match self.find(NameList::CustomFields, context, check).await? {
            Looked::Found(map) => return Ok(map),
            Looked::Unreadable(list) => list,
        };
        let last = list.last.as_deref().map(Vec::as_slice).unwrap_or_default();
        match fields::unchecked(last, model, given)? {
            Ok(map) => {
                context.note(format!("{} The values of `customFields` were sent unchecked.", list.reason()));
                Ok(map)
            }
            Err(name) => {
                let what = format!("`{name}` is no key and no id, and cannot be looked up.");
                Err(list.refusal(&format!("customFields.{name}"), &what))
            }
        }
    }

    /// Puts the stage that is meant into a deal's arguments, with its pipeline.
    async fn place(&self, deal: &mut Invocation, wanted: &str, context: &CallContext) -> Result<()> {
        let own = |stage: names::Stage<'_>| {
            [("stage", stage.name), ("pipelineStageId", stage.id), ("pipelineId", stage.pipeline_id)]
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
        };
        let find = |pipelines: &[Value]| {
            let several = names::stages_named(pipelines, wanted)?;
            Ok(several.into_iter().map(|stage| (names::whole(&stage), own(stage))).collect::<Vec<_>>())
        };
        let found = match self.find(NameList::Pipelines, context, find).await? {
            Looked::Found(found) => found,
            // A deal that is there has a pipeline; a new one needs to be told it.
            Looked::Unreadable(list) if deal.id.is_some() && names::is_id(wanted.trim()) => {
                context.note(format!("{} `stage` was taken for a stage's id, unchecked.", list.reason()));
                deal.arguments.set("pipelineStageId", wanted.trim());
                return Ok(());
            }
            Looked::Unreadable(list) => {
                let what = format!("the pipeline of the stage `{wanted}` is needed, and cannot be looked up.");
                return Err(list.refusal("stage", &what));
            }
        };
        let mut found = found.into_iter();
        match (found.next(), found.as_slice()) {
            (Some((_, only)), []) => put(deal, only),
            (Some(first), others) => {
                // Several pipelines have a stage of this name: a deal that is there stays in its own.
                let pipeline = self.pipeline_of(deal, context).await?;
                let all: Vec<_> = std::iter::once(&first).chain(others).collect();
                let is_in_own = |(_, arguments): &&&(String, [(String, Value); 3])| {
                    arguments.iter().any(|(name, value)| name == "pipelineId" && value.as_str() == pipeline.as_deref())
                };
                let in_own: Vec<_> = all.iter().filter(is_in_own).collect();
                let [(_, arguments)] = in_own.as_slice() else {
                    let names: Vec<String> = all.iter().map(|(name, stage)| with_id(name, stage)).collect();
                    let message =
                        format!("`stage`: several stages have that name. Give one of {}.", names.join(" or "));
                    return Err(Error::invalid("stage", message));
                };
                put(deal, arguments.clone());
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// The pipeline that a deal is in, if it is there already.
    async fn pipeline_of(&self, deal: &Invocation, context: &CallContext) -> Result<Option<String>> {
        if deal.id.is_none() {
            return Ok(None);
        }
        let response = self.client.send(&opportunities::get(deal), context).await.map_err(|failed| failed.error)?;
        let deal = request::object(request::body(response)?, "opportunity");
        Ok(request::text(&deal, "pipelineId").map(str::to_owned))
    }

    /// A new deal without a stage goes into the account's pipeline, if there is only one.
    async fn only_pipeline(&self, deal: &mut Invocation, context: &CallContext) -> Result<()> {
        let find = |pipelines: &[Value]| match pipelines {
            [only] => Ok(only.get("id").and_then(Value::as_str).map(str::to_owned)),
            several => {
                let known: Vec<String> = names::stages(several).map(|stage| names::whole(&stage)).collect();
                let message = format!("`stage` is required here, to tell the pipeline. Known: {}.", known.join(", "));
                Err(Error::invalid("stage", message))
            }
        };
        let id = match self.find(NameList::Pipelines, context, find).await? {
            Looked::Found(id) => id,
            Looked::Unreadable(list) => {
                return Err(list.refusal("stage", "a new deal needs a pipeline, which cannot be looked up."));
            }
        };
        if let Some(id) = id {
            deal.arguments.set("pipelineId", id);
        }
        Ok(())
    }
}

/// A stage as an error shows it, to be told from another of its name.
fn with_id(name: &str, stage: &[(String, Value)]) -> String {
    let id = stage.iter().find(|(name, _)| name == "pipelineStageId").and_then(|(_, id)| id.as_str());
    id.map_or_else(|| name.to_owned(), |id| format!("{name} ({id})"))
}

fn put(deal: &mut Invocation, arguments: [(String, Value); 3]) {
    for (name, value) in arguments {
        deal.arguments.set(&name, value);
    }
}
