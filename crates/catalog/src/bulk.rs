//! Work on many objects, kept as jobs (docs/bulk.md), and the way back (docs/undo.md).

use crate::{
    operation::{AnswerShape, Condition, Effect, EffectRule, Operation, Output, Toolset},
    operations::AnyAnswer,
    passthrough::Touches,
    route::Route,
    text::Date,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// What a plan does with a row whose contact exists already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values name what is done")]
pub enum OnDuplicate {
    #[default]
    Skip,
    Update,
    Create,
}

/// Plan one operation for many rows, for run_bulk. Changes nothing.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct PlanBulk {
    /// Such as update_contact
    pub operation: String,
    /// Arguments; {{column}} takes a row's value
    pub template: Option<Map<String, Value>>,
    pub sql: Option<String>,
    /// CSV, TSV, XLSX, JSON or JSON Lines
    pub file: Option<String>,
    pub rows: Option<Vec<Map<String, Value>>>,
    /// Column to argument or null
    pub columns: Option<Map<String, Value>>,
    pub on_duplicate: Option<OnDuplicate>,
}

/// Run a plan. It goes on by itself; get_bulk tells how far.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct RunBulk {
    pub plan: String,
}

/// What get_bulk does with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values name what is done")]
pub enum BulkAction {
    Cancel,
    Resume,
    Retry,
}

/// Show jobs and what went wrong; cancel, resume, or retry rows.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetBulk {
    pub job: Option<String>,
    pub action: Option<BulkAction>,
    pub rows: Option<Vec<u64>>,
}

/// Plan to undo a journal entry, a job, or all since a time, for run_bulk.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UndoChanges {
    pub entry: Option<u64>,
    pub job: Option<String>,
    /// Date or RFC 3339 time
    pub since: Option<Date>,
    pub client: Option<String>,
}

/// What a plan would do.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BulkPlan {
    /// The plan's id, for run_bulk.
    #[serde(default)]
    pub plan: String,
    /// What else the plan tells.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for BulkPlan {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("answer"));
}

impl Operation for PlanBulk {
    type Output = BulkPlan;
    const NAME: &'static str = "plan_bulk";
    const TITLE: &'static str = "Plan bulk changes";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Bulk;
    const SESSION: Route = Route::Jobs;
}

impl Operation for RunBulk {
    type Output = AnyAnswer;
    const NAME: &'static str = "run_bulk";
    const TITLE: &'static str = "Run bulk changes";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Bulk;
    const SESSION: Route = Route::Jobs;
    const TOUCHES: Touches = Touches::Unknown;
}

impl Operation for GetBulk {
    type Output = AnyAnswer;
    const NAME: &'static str = "get_bulk";
    const TITLE: &'static str = "Show bulk jobs";
    // It may cancel a job and let one go on.
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Bulk;
    const SESSION: Route = Route::Jobs;
    // A retry may double what a row of unknown outcome did.
    const EFFECT_RULES: &'static [EffectRule] = &[EffectRule {
        effect: Effect::Send,
        when: Condition::Argument { name: Cow::Borrowed("action"), values: Cow::Borrowed(&[Cow::Borrowed("retry")]) },
    }];
}

impl Operation for UndoChanges {
    type Output = BulkPlan;
    const NAME: &'static str = "undo_changes";
    const TITLE: &'static str = "Plan to undo changes";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Bulk;
    const SESSION: Route = Route::Jobs;
}
