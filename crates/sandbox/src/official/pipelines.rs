//! Pipelines: translates between the names and the ids of stages.

use super::organization::{all, text};
use crate::account::{Account, Fields, ObjectKind};
use serde_json::Value;

/// The stored pipelines of the account.
pub(crate) struct Pipelines(Vec<Fields>);

/// The pipeline and the stage of a deal. An unknown stage is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StageRef<'a> {
    pub(crate) pipeline: &'a str,
    pub(crate) stage: Option<&'a str>,
}

fn stages(pipeline: &Fields) -> impl Iterator<Item = &Fields> {
    pipeline.get("stages").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

impl Pipelines {
    pub(crate) fn of(account: &Account) -> Self {
        Self(all(account, ObjectKind::Pipelines))
    }

    /// The first pipeline that has a stage with this name, or the first pipeline without a stage.
    pub(crate) fn stage_ref(&self, stage: &str) -> Option<StageRef<'_>> {
        let found = self.0.iter().find_map(|pipeline| {
            let found = stages(pipeline).find(|one| text(one, "name").eq_ignore_ascii_case(stage))?;
            Some(StageRef { pipeline: text(pipeline, "id"), stage: Some(text(found, "id")) })
        });
        found.or_else(|| self.0.first().map(|pipeline| StageRef { pipeline: text(pipeline, "id"), stage: None }))
    }

    /// The name of the stage that a write moves a deal to, if it moves it. A pipeline alone moves it to its first stage.
    pub(crate) fn stage(
        &self,
        now: &str,
        pipeline: Option<&str>,
        stage: Option<&str>,
    ) -> Result<Option<String>, String> {
        if pipeline.is_none() && stage.is_none() {
            return Ok(None);
        }
        let current = self.stage_ref(now).map(|place| place.pipeline);
        let wanted = pipeline.or(current).unwrap_or_default();
        let Some(found) = self.0.iter().find(|one| text(one, "id") == wanted) else {
            return Err("pipelineId names no pipeline of this location".to_owned());
        };
        let name = |stage: &Fields| Some(text(stage, "name").to_owned());
        match stage {
            Some(stage) => match stages(found).find(|one| text(one, "id") == stage) {
                Some(stage) => Ok(name(stage)),
                None => Err("pipelineStageId names no stage of this pipeline".to_owned()),
            },
            // A deal that is already in the pipeline stays in its stage.
            None if current == Some(wanted) && !now.is_empty() => Ok(None),
            None => Ok(stages(found).next().and_then(name)),
        }
    }
}
