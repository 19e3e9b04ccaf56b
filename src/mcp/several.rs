//! What a server of several accounts has beside that of one: the argument `account`, list_accounts, and what a model
//! reads of it first.

use super::result::mark_provenance;
use crate::{
    account::{ACCOUNT, Account},
    runtime::{ALL, Accounts, quoted},
};
use highlevel_catalog::{Effect, OperationSpec};
use highlevel_core::{
    clean,
    error::{Error, Result},
};
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The tool that lists the accounts.
pub(super) const LIST_ACCOUNTS: &str = "list_accounts";

/// The argument of list_accounts.
const TEXT: &str = "text";

/// The most bytes of a list of accounts of which none can be served.
const FEW_BYTES: usize = 16 * 1024;

/// The most characters of a wrong value that an error repeats.
const REPEATED: usize = 100;

/// The most accounts that the instructions name.
const NAMED: usize = 12;

/// The account that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WantedAccount {
    /// None.
    Unnamed,
    /// This one.
    One(String),
    /// Several, for one question over all of them.
    Several(Vec<String>),
    /// Every one.
    All,
}

/// Whether a question of this tool may be about several accounts at once.
pub(super) fn spans_accounts(spec: &OperationSpec) -> bool {
    ["query_crm", "chart_crm", "export_crm"].contains(&spec.name.as_ref())
}

/// Takes `account` out of a call's arguments.
///
/// # Errors
/// `invalid_arguments` for what names no account.
pub(super) fn take_account(spec: &OperationSpec, arguments: &mut JsonObject) -> Result<WantedAccount> {
    let Some(key) = arguments.keys().find(|key| key.eq_ignore_ascii_case(ACCOUNT)).cloned() else {
        return Ok(WantedAccount::Unnamed);
    };
    let given = arguments.shift_remove(&key).unwrap_or_default();
    // Some hosts write a list as its JSON text.
    let given = match given {
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str::<Vec<String>>(&text).map_or(Value::String(text), Value::from)
        }
        other => other,
    };
    let mut names = match given {
        Value::Null => return Ok(WantedAccount::Unnamed),
        Value::String(name) => vec![name],
        Value::Array(items) => items.into_iter().map(text_of).collect::<Result<_>>()?,
        other => return text_of(other).map(WantedAccount::One),
    };
    let all = names.iter().any(|name| name.trim().eq_ignore_ascii_case(ALL));
    match (names.len(), spans_accounts(spec)) {
        (_, true) if all => Ok(WantedAccount::All),
        (0, _) => Ok(WantedAccount::Unnamed),
        (1, _) => Ok(names.pop().filter(|name| !name.is_empty()).map_or(WantedAccount::Unnamed, WantedAccount::One)),
        (_, true) => Ok(WantedAccount::Several(names)),
        (_, false) => {
            let message = format!("`account`: {} works in one account at a time. Call it once for each.", spec.name);
            Err(Error::invalid(ACCOUNT, message))
        }
    }
}

fn text_of(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => {
            let other = clean::line(&other.to_string(), REPEATED);
            let message = format!("`account` takes an account's name or location id as a text, not {other}.");
            Err(Error::invalid(ACCOUNT, message))
        }
    }
}

/// Adds `account` to a tool's input and output.
pub(super) fn add_account(spec: &OperationSpec, input: &mut JsonObject, output: &mut JsonObject, has_default: bool) {
    let schema = if spans_accounts(spec) {
        json!({"type": "array", "items": {"type": "string"}, "description": "Names or location ids, or all: tables then have the column account"})
    } else {
        json!({"type": "string", "description": "Name or location id"})
    };
    if let Some(properties) = properties(input) {
        properties.shift_insert(0, ACCOUNT.to_owned(), schema);
    }
    if spec.effect != Effect::Read || !has_default {
        let required = input.entry("required").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(required) = required.as_array_mut() {
            required.insert(0, ACCOUNT.into());
        }
    }
    if let Some(properties) = properties(output) {
        properties.shift_insert(0, ACCOUNT.to_owned(), json!({"type": "string"}));
    }
}

fn properties(schema: &mut JsonObject) -> Option<&mut Map<String, Value>> {
    schema.entry("properties").or_insert_with(|| Map::new().into()).as_object_mut()
}

/// The tool list_accounts.
pub(super) fn list_accounts_tool() -> Tool {
    let input = json!({"type": "object", "properties": {TEXT: {"type": "string", "description": "Part of a name"}}});
    let account = json!({"type": "object", "properties": {
        "name": {"type": "string"}, "location": {"type": "string"}, "default": {"type": "boolean"},
        "readOnly": {"type": "boolean"}, "problem": {"type": "string"},
    }});
    let output = json!({"type": "object", "properties": {
        "accounts": {"type": "array", "items": account}, "note": {"type": "string"},
    }, "required": ["accounts"]});
    let object = |value: Value| Arc::new(if let Value::Object(object) = value { object } else { Map::new() });
    let mut tool = Tool::new(LIST_ACCOUNTS, "List the accounts that `account` can name.", object(input))
        .with_title("List accounts")
        .with_raw_output_schema(object(output));
    let annotations = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false);
    tool.annotations = Some(annotations);
    tool
}

/// The answer of list_accounts. It is as large as other answers at most.
///
/// # Errors
/// `invalid_arguments` for another argument than `text`.
pub(super) fn list_accounts(accounts: &Accounts, mut arguments: JsonObject) -> Result<CallToolResponse> {
    let max_bytes = accounts.usable().next().map_or(FEW_BYTES, Account::max_answer);
    let typed = match arguments.shift_remove(TEXT) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => {
            let other = clean::line(&other.to_string(), REPEATED);
            return Err(Error::invalid(TEXT, format!("`text` takes a text, such as a part of a name, not {other}.")));
        }
    };
    if let Some(unknown) = arguments.keys().next() {
        let unknown = clean::line(unknown, REPEATED);
        let message = format!("`{unknown}` is not an argument of list_accounts. It takes `text`, a part of a name.");
        return Err(Error::invalid(unknown, message));
    }
    let default = accounts.default_name();
    let mut listed: Vec<Value> = Vec::new();
    for member in accounts.like(&typed) {
        let mut one = Map::new();
        one.insert("name".into(), member.entry.name.as_str().into());
        one.insert("location".into(), member.entry.location.as_str().into());
        if default == Some(member.entry.name.as_str()) {
            one.insert("default".into(), true.into());
        }
        match &member.account {
            Ok(account) if account.is_read_only() => drop(one.insert("readOnly".into(), true.into())),
            Ok(_) => {}
            Err(error) => drop(one.insert("problem".into(), error.message.as_str().into())),
        }
        listed.push(one.into());
    }
    let total = listed.len();
    let mut bytes = 0;
    listed.retain(|one| {
        bytes += one.to_string().len() + 1;
        bytes <= max_bytes
    });
    let mut value = json!({"accounts": listed});
    if let (Some(members), true) = (value.as_object_mut(), listed.len() < total) {
        let note = format!("Only {} of {total} fit in one answer. Give `text`, a part of the name.", listed.len());
        members.insert("note".into(), note.into());
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(value.to_string())]);
    result.structured_content = Some(value);
    mark_provenance(&mut result.meta);
    Ok(result.into())
}

/// What a model reads first of several accounts.
pub(super) fn introduction(accounts: &Accounts) -> String {
    let members = accounts.members();
    let mut names = members.iter().take(NAMED).map(|member| quoted(&member.entry.name)).collect::<Vec<_>>().join(", ");
    if members.len() > NAMED {
        names.push_str(", … (list_accounts)");
    }
    let reads = match accounts.default_name() {
        Some(default) => format!("reads without one are for {}", quoted(default)),
        None => "reads, too".to_owned(),
    };
    format!(
        "Tools for {} GoHighLevel CRM accounts of different clients: {names}. Every write names its `account` exactly ({reads}); if it is not clear which is meant, ask.",
        members.len()
    )
}

/// A tool's spec for the accounts of this server: what all of their APIs have in common, where they differ.
pub(super) fn common_spec(accounts: &Accounts, name: &str) -> Option<&'static OperationSpec> {
    let declared = highlevel_catalog::Catalog::declared().find(name);
    let mut specs = accounts.usable().filter_map(|account| account.find(name));
    // Where no account can be served, a call says why its own cannot.
    let Some(first) = specs.next() else { return declared };
    let is_same = specs.all(|other| std::ptr::eq(first, other));
    if is_same { Some(first) } else { declared.or(Some(first)) }
}

/// The accounts that list this tool.
pub(super) fn offering<'a>(accounts: &'a Accounts, name: &str) -> impl Iterator<Item = &'a Account> {
    accounts.usable().filter(move |account| account.tools().any(|spec| spec.name == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_catalog::Catalog;

    fn take(tool: &str, account: Value) -> Result<WantedAccount> {
        let mut arguments = json!({"id": "c-1", ACCOUNT: account}).as_object().unwrap().clone();
        let wanted = take_account(Catalog::declared().find(tool).unwrap(), &mut arguments)?;
        assert!(!arguments.contains_key(ACCOUNT) && arguments.contains_key("id"));
        Ok(wanted)
    }

    #[test]
    fn a_question_may_span_accounts_and_nothing_else_may() {
        let names = |names: &[&str]| WantedAccount::Several(names.iter().map(ToString::to_string).collect());
        assert_eq!(take("query_crm", json!("all")).unwrap(), WantedAccount::All);
        assert_eq!(take("chart_crm", json!(["All"])).unwrap(), WantedAccount::All);
        assert_eq!(take("query_crm", json!(["A", "B, Inc."])).unwrap(), names(&["A", "B, Inc."]));
        assert_eq!(take("query_crm", json!("[\"A\", \"B\"]")).unwrap(), names(&["A", "B"]));
        assert_eq!(take("query_crm", json!("A")).unwrap(), WantedAccount::One("A".to_owned()));
        assert_eq!(take("update_contact", json!(["A"])).unwrap(), WantedAccount::One("A".to_owned()));
        assert_eq!(take("update_contact", json!("all")).unwrap(), WantedAccount::One("all".to_owned()));
        for nothing in [json!(null), json!(""), json!([])] {
            assert_eq!(take("update_contact", nothing).unwrap(), WantedAccount::Unnamed);
        }
        for wrong in [json!(["A", "B"]), json!(3), json!({"name": "A"}), json!([1])] {
            assert_eq!(take("update_contact", wrong.clone()).unwrap_err().field.as_deref(), Some(ACCOUNT), "{wrong}");
        }
    }
}
