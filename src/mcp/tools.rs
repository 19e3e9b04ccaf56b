//! Tools as `tools/list` shows them, each from its spec in the catalogue.

use super::several;
use crate::{account::Account, runtime::Accounts};
use highlevel_catalog::{CONFIRMATION_TOKEN, Effect, OperationSpec, Schemas};
pub use rmcp::model::Tool;
use rmcp::model::{MetaObject, ToolAnnotations};
use serde_json::json;
use std::sync::Arc;

/// The largest value that hosts accept for `anthropic/maxResultSizeChars`.
const MAX_RESULT_CHARS: usize = 500_000;

/// The tools that a server of these accounts lists, in the catalogue's order. Built for each request: a host asks once, and
/// schemas take ten times their text in memory.
pub fn tools(accounts: &Accounts) -> Vec<Tool> {
    if !accounts.are_several() {
        let of = |account: &Account| {
            let build = |spec| tool(spec, account.confirms(spec), account.max_answer(), None);
            account.listed_tools().map(build).collect()
        };
        return accounts.usable().next().map(of).unwrap_or_default();
    }
    let of_several = |name: &str| {
        let spec = several::common_spec(accounts, name)?;
        let mut confirms = false;
        let mut max_answer = 0;
        for account in several::offering(accounts, name) {
            confirms |= account.confirms(spec);
            max_answer = account.max_answer();
        }
        Some(tool(spec, confirms, max_answer, Some(accounts.default_name().is_some())))
    };
    std::iter::once(several::list_accounts_tool()).chain(names(accounts).into_iter().filter_map(of_several)).collect()
}

/// The names of the catalogue's tools that a server of these accounts lists, in the catalogue's order.
pub(super) fn names(accounts: &Accounts) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for spec in accounts.usable().flat_map(Account::listed_tools) {
        if !names.contains(&spec.name.as_ref()) {
            names.push(&spec.name);
        }
    }
    names
}

/// The tool of an operation. `confirms` says whether it takes a confirmation; `max_answer` is the most bytes that its
/// answer may have. `names_account` says that its calls name their account, and whether there is a default for reads.
pub fn tool(spec: &'static OperationSpec, confirms: bool, max_answer: usize, names_account: Option<bool>) -> Tool {
    let Schemas { description, mut input, mut output } = spec.build_schemas();
    if let Some(has_default) = names_account {
        several::add_account(spec, &mut input, &mut output, has_default);
    }
    if confirms && let Some(properties) = input.get_mut("properties").and_then(|all| all.as_object_mut()) {
        properties.insert(CONFIRMATION_TOKEN.to_owned(), json!({"type": "string", "description": "From an answer"}));
    }
    let mut tool = Tool::new(spec.name.as_ref(), description, Arc::new(input))
        .with_title(spec.title.as_ref())
        .with_raw_output_schema(Arc::new(output));
    tool.annotations = Some(annotations(spec));
    tool.meta = host_hints(spec, confirms, max_answer);
    tool
}

/// What Anthropic's hosts read from a tool's `_meta`: that a person is asked whatever the host's settings say, and how large
/// a result may be before the host moves it out of the conversation.
fn host_hints(spec: &OperationSpec, confirms: bool, max_answer: usize) -> Option<MetaObject> {
    let mut meta = MetaObject::default();
    // Most calls of run_operation read. The guard asks for the others.
    if confirms && !spec.runs_any_operation() {
        meta.insert("anthropic/requiresUserInteraction".to_owned(), true.into());
    }
    let is_large = spec.is_list() || spec.is_local() || spec.long_text.is_some();
    if spec.effect == Effect::Read && is_large {
        meta.insert("anthropic/maxResultSizeChars".to_owned(), max_answer.min(MAX_RESULT_CHARS).into());
    }
    (!meta.is_empty()).then_some(meta)
}

/// The protocol's four hints. A tool that is answered on this machine alone does not work in an open world.
fn annotations(spec: &OperationSpec) -> ToolAnnotations {
    let (read_only, destructive, idempotent) = match spec.effect {
        Effect::Read => (true, false, true),
        Effect::Create => (false, false, false),
        Effect::Update | Effect::Publish | Effect::Delete => (false, true, true),
        Effect::Send | Effect::Money | Effect::Start | Effect::Access => (false, true, false),
    };
    ToolAnnotations::new()
        .read_only(read_only)
        .destructive(destructive)
        .idempotent(idempotent)
        .open_world(!spec.is_local())
}
