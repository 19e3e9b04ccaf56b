//! Pipelines: which stage has which name, and back.

use super::super::account::{Account, Fields, Kind};
use super::team::{all, text};
use serde_json::Value;

/// The pipelines of the account, as it stores them.
pub(super) struct Pipelines(Vec<Fields>);

/// Where a deal stands. A stage that no pipeline knows is in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) pipeline: &'a str,
    pub(super) stage: Option<&'a str>,
}

fn stages(pipeline: &Fields) -> impl Iterator<Item = &Fields> {
    pipeline.get("stages").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

impl Pipelines {
    pub(super) fn of(account: &Account) -> Self {
        Self(all(account, Kind::Pipelines))
    }

    /// The place of a stored stage: in the first pipeline that has it, or in the first one without a stage.
    pub(super) fn place(&self, stage: &str) -> Option<Place<'_>> {
        let found = self.0.iter().find_map(|pipeline| {
            let found = stages(pipeline).find(|one| text(one, "name").eq_ignore_ascii_case(stage))?;
            Some(Place { pipeline: text(pipeline, "id"), stage: Some(text(found, "id")) })
        });
        found.or_else(|| self.0.first().map(|pipeline| Place { pipeline: text(pipeline, "id"), stage: None }))
    }

    /// The name of the stage that a write leads to, if it leads to another; a pipeline alone leads to its first stage.
    pub(super) fn stage(
        &self,
        now: &str,
        pipeline: Option<&str>,
        stage: Option<&str>,
    ) -> Result<Option<String>, String> {
        if pipeline.is_none() && stage.is_none() {
            return Ok(None);
        }
        let current = self.place(now).map(|place| place.pipeline);
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
            // A deal that is in the pipeline already stays where it is.
            None if current == Some(wanted) && !now.is_empty() => Ok(None),
            None => Ok(stages(found).next().and_then(name)),
        }
    }
}
