//! `plan_bulk`: rows become calls, each checked as it will be sent, and nothing is sent.

mod before;
mod columns;
mod duplicates;
mod file;
mod planner;
mod source;
mod summary;
mod template;

pub(super) use planner::{CHANGED_BEFORE, PlanRow, Planner};

use super::super::Account;
use crate::{account::Reply, guard::Confirmation};
use highlevel_catalog::bulk::PlanBulk;
use highlevel_core::{context::CallContext, error::Result};
use serde_json::{Map, json};
use source::Source;
use template::Template;

impl Account {
    pub(super) async fn plan_bulk(
        &self,
        asked: &PlanBulk,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<Reply> {
        let spec = self.row_spec(&asked.operation)?;
        let mut source = Source::open(self, asked, spec, context).await?;
        let template = Template::read(asked.template.as_ref(), source.columns())?;
        let facts = json!({"operation": asked.operation, "source": source.title()});
        let what = format!("{} for {}", asked.operation, source.title());
        let mut planner = Planner::start(self, what, super::members(facts), context).await?;
        planner.on_duplicate = asked.on_duplicate.unwrap_or_default();
        let planned = self.plan_rows(&mut source, &template, &asked.operation, &mut planner, context).await;
        match planned {
            Ok(()) => planner.finish(source.told(), confirmation, context).await,
            Err(error) => {
                planner.discard().await;
                Err(error)
            }
        }
    }

    async fn plan_rows(
        &self,
        source: &mut Source,
        template: &Template,
        operation: &str,
        planner: &mut Planner<'_>,
        context: &CallContext,
    ) -> Result<()> {
        while let Some(row) = source.next().await? {
            let call = row.values.and_then(|values| template.fill(values, source.id_field()));
            let (arguments, problem) = match call {
                Ok(arguments) => (arguments, None),
                Err(error) => (Map::new(), Some(error)),
            };
            let row = PlanRow {
                line: row.line,
                tool: operation.to_owned(),
                arguments,
                source: row.source,
                before: None,
                problem,
            };
            planner.add(row, context).await?;
        }
        Ok(())
    }
}
