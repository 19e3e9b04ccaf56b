//! What a caller's arguments mean here: what has no place is refused, and names become ids.

use super::{Official, ask, known::Kind, names, opportunities};
use crate::{
    context::CallContext,
    crm::{Effect, Invocation, Toolset},
    error::{Error, Result},
};
use serde_json::Value;

impl Official {
    /// The same call with ids for names.
    pub(in crate::backend) async fn understand(
        &self,
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<Invocation> {
        let mut meant = invocation.clone();
        if let Some(owner) = invocation.text("assignedTo") {
            let id = self.find(Kind::Users, context, |users| names::user_id(users, "assignedTo", owner)).await?;
            meant.arguments.insert("assignedTo".to_owned(), id.into());
        }
        if let Some(values) = invocation.arguments.get("customFields").and_then(Value::as_object) {
            let model = if invocation.entry.toolset == Toolset::Contacts { "contact" } else { "opportunity" };
            let named =
                self.find(Kind::CustomFields, context, |fields| names::with_keys(fields, model, values)).await?;
            meant.arguments.insert("customFields".to_owned(), named.into());
        }
        match (invocation.text("stage"), invocation.entry.toolset, invocation.entry.effect) {
            (Some(stage), Toolset::Opportunities, _) => self.place(&mut meant, stage, context).await?,
            (None, Toolset::Opportunities, Effect::Create) => self.only_pipeline(&mut meant, context).await?,
            _ => {}
        }
        Ok(meant)
    }

    /// Puts the stage that is meant into a deal's arguments, with its pipeline.
    async fn place(&self, deal: &mut Invocation, wanted: &str, context: &CallContext) -> Result<()> {
        let own = |stage: names::Stage<'_>| {
            [("stage", stage.name), ("pipelineStageId", stage.id), ("pipelineId", stage.pipeline_id)]
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
        };
        let found = self
            .find(Kind::Pipelines, context, |pipelines| {
                let several = names::stages_named(pipelines, wanted)?;
                Ok(several.into_iter().map(|stage| (names::whole(&stage), own(stage))).collect::<Vec<_>>())
            })
            .await?;
        let mut found = found.into_iter();
        match (found.next(), found.as_slice()) {
            (Some((_, only)), []) => deal.arguments.extend(only),
            (Some(first), others) => {
                // Several pipelines have a stage of this name: a deal that is there stays in its own.
                let pipeline = self.pipeline_of(deal, context).await?;
                let all: Vec<_> = std::iter::once(&first).chain(others).collect();
                let in_own = all.iter().find(|(_, arguments)| {
                    arguments.iter().any(|(name, value)| name == "pipelineId" && value.as_str() == pipeline.as_deref())
                });
                let Some((_, arguments)) = in_own else {
                    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                    let message =
                        format!("`stage`: several pipelines have one of that name. Give {}.", names.join(" or "));
                    return Err(Error::invalid("stage", message));
                };
                deal.arguments.extend(arguments.clone());
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
        let deal = ask::object(ask::body(response)?, "opportunity");
        Ok(ask::text(&deal, "pipelineId").map(str::to_owned))
    }

    /// A new deal without a stage goes into the account's pipeline, if there is only one.
    async fn only_pipeline(&self, deal: &mut Invocation, context: &CallContext) -> Result<()> {
        let id = self
            .find(Kind::Pipelines, context, |pipelines| match pipelines {
                [only] => Ok(only.get("id").and_then(Value::as_str).map(str::to_owned)),
                several => {
                    let known: Vec<String> = names::stages(several).map(|stage| names::whole(&stage)).collect();
                    let message =
                        format!("`stage` is required here, to tell the pipeline. Known: {}.", known.join(", "));
                    Err(Error::invalid("stage", message))
                }
            })
            .await?;
        deal.arguments.extend(id.map(|id| ("pipelineId".to_owned(), id.into())));
        Ok(())
    }
}
