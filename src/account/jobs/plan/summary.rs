//! The end of a plan: its file, the hash that a person agrees to, and what they are shown.

use super::planner::Planner;
use crate::{account::Reply, guard::Confirmation};
use highlevel_catalog::{Effect, Invocation, bulk::RunBulk};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::JobState;
use serde_json::{Map, Value, json};

/// What no undo takes back.
const WORKFLOWS: &str = "Tags, stages and new contacts may set off workflows, and no undo calls back what those do.";

impl Planner<'_> {
    /// Ends the plan, and answers with what it would do. `told` is what its source adds to that.
    ///
    /// # Errors
    /// `invalid_arguments` for a plan that would send nothing because no row is valid; `internal` when its file cannot be
    /// written.
    pub(in super::super) async fn finish(
        mut self,
        told: Map<String, Value>,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<Reply> {
        self.check_batch(context).await?;
        let account = self.account;
        let store = &account.queue.store;
        let (path, sha256) = account.write_plan(&self.job).await?;
        let shown = self.shown(&told, &path.display().to_string(), &sha256);
        let count: u64 = self.send.values().sum();
        let facts = json!({"shown": shown, "sha256": sha256, "sentence": self.sentence()?});
        store.tell(&self.job, super::super::members(facts)).await?;
        store.step(&self.job, &[JobState::Draft], JobState::Planned).await?;
        let mut answer = Map::from_iter([("plan".to_owned(), Value::from(self.job.as_str()))]);
        answer.extend(shown);
        answer.shift_remove("sha256");
        if !self.problems.is_empty() {
            answer.insert("leftOut".to_owned(), self.problems.clone().into());
        }
        if count == 0 {
            answer.insert("note".to_owned(), "Nothing is left to do.".into());
        } else {
            self.offer(&mut answer, confirmation, context).await?;
        }
        account.job_reply(answer)
    }

    /// What a person agrees to.
    fn shown(&self, told: &Map<String, Value>, path: &str, sha256: &str) -> Map<String, Value> {
        let mut shown = Map::new();
        let send: Map<String, Value> = self.send.iter().map(|(tool, count)| (tool.clone(), (*count).into())).collect();
        shown.insert("calls".to_owned(), send.into());
        for (name, count) in [
            ("skipped", self.skipped),
            ("invalid", self.invalid),
            ("changed", self.changed),
            ("notCompared", self.uncompared),
        ] {
            if count > 0 {
                shown.insert(name.to_owned(), count.into());
            }
        }
        shown.extend(told.clone());
        if !self.samples.is_empty() {
            shown.insert("samples".to_owned(), self.samples.clone().into());
        }
        shown.insert("requests".to_owned(), self.requests.into());
        shown.insert("minutes".to_owned(), self.account.minutes(self.requests).into());
        if self.may_start_workflows {
            shown.insert("warning".to_owned(), WORKFLOWS.into());
        }
        shown.insert("file".to_owned(), path.into());
        shown.insert("sha256".to_owned(), sha256.into());
        shown
    }

    /// The question: how many calls of each kind, and what they do that cannot be taken back.
    fn sentence(&self) -> Result<String> {
        let mut parts = Vec::new();
        let mut consequences: Vec<&str> = Vec::new();
        for (tool, count) in &self.send {
            let spec = self.account.row_spec(tool)?;
            parts.push(format!("{count} × {}", spec.title));
            let consequence = match spec.effect {
                Effect::Send => "It reaches people and cannot be recalled.",
                Effect::Delete => "What is deleted cannot be brought back.",
                Effect::Publish => "It becomes public.",
                Effect::Money => "It moves money.",
                Effect::Start => "It starts what acts by itself.",
                Effect::Access => "It gives others access.",
                Effect::Read | Effect::Create | Effect::Update => continue,
            };
            if !consequences.contains(&consequence) {
                consequences.push(consequence);
            }
        }
        let consequences = consequences.iter().map(|text| format!(" {text}")).collect::<String>();
        Ok(format!("{}?{consequences}", parts.join(", ")))
    }

    /// Adds a confirmation token, where the host cannot ask a person.
    async fn offer(
        &self,
        answer: &mut Map<String, Value>,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<()> {
        let account = self.account;
        let run = account.catalog.get::<RunBulk>()?;
        let run: Invocation = run.parse(Map::from_iter([("plan".to_owned(), self.job.as_str().into())]))?;
        let job = account.own_job("plan", &self.job).await?;
        let subject = account.plan_subject(&job, context).await?;
        if let Some((ticket, next)) = account.guard.offer(&run, subject, confirmation, context).await? {
            answer.insert(highlevel_catalog::CONFIRMATION_TOKEN.to_owned(), ticket.as_str().into());
            answer.insert("next".to_owned(), next.into());
        }
        Ok(())
    }
}
