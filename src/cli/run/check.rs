//! The check of a script before anything is sent: tools, arguments, references.

use super::{
    references::Results,
    script::{Script, ScriptLine},
};
use crate::{
    account::{ACCOUNT, Account},
    cli::start::Started,
};
use highlevel_core::{
    error::{Code, Error, Result},
    suggest::did_you_mean,
};
use serde_json::{Map, Value};

/// What is wrong with each line.
///
/// # Errors
/// Why no account can be used.
pub(super) fn problems(script: &Script, started: &Started) -> Result<Vec<(usize, Error)>> {
    let accounts = started.runtime.accounts();
    let account = accounts.any()?;
    let results = Results::of(script);
    let wrong = script.lines.iter().filter_map(|line| {
        let checked = check(line, account, &results, accounts.are_several());
        Some((line.number, checked.err()?))
    });
    Ok(wrong.collect())
}

fn check(line: &ScriptLine, account: &Account, results: &Results, are_several: bool) -> Result<()> {
    let spec = account.find(&line.tool).ok_or_else(|| no_tool(account, &line.tool))?;
    if !account.tools().any(|tool| tool.name == spec.name) {
        let message = format!("{} may not be called here: the settings or the API leave it out.", spec.name);
        return Err(Error::new(Code::PolicyDenied, message));
    }
    results.check(line)?;
    let known = spec.input_schema().get("properties").and_then(Value::as_object);
    let (open, mut arguments): (Map<String, Value>, Map<String, Value>) =
        line.arguments.clone().into_iter().partition(|(_, value)| results.has_references(value));
    if are_several {
        arguments.shift_remove(ACCOUNT);
    }
    highlevel_catalog::drop_location(spec, &mut arguments, account.location())?;
    if let (Some(name), Some(known)) =
        (open.keys().find(|name| known.is_some_and(|all| !all.contains_key(*name))), known)
        && !(are_several && name == ACCOUNT)
    {
        let hint = did_you_mean(name, known.keys().map(String::as_str));
        return Err(Error::invalid(name, format!("{} has no argument {name}.{hint}", spec.name)));
    }
    // A stand-in, so that the other arguments are checked, too.
    for name in open.keys().filter(|name| !(are_several && *name == ACCOUNT)) {
        let schema = known.and_then(|all| all.get(name));
        arguments.extend(schema.map(|schema| (name.clone(), stand_in(schema))));
    }
    match spec.parse(arguments) {
        Ok(_) => Ok(()),
        // The value is only known when an earlier line is done. The call itself checks it then.
        Err(error) if !open.is_empty() && is_about(&error, &open) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A value of the type that a schema wants.
fn stand_in(schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("boolean") => true.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Map::new().into(),
        _ => "reference".into(),
    }
}

/// Whether an error is about an argument that is not known yet, or about arguments that are missing.
fn is_about(error: &Error, open: &Map<String, Value>) -> bool {
    let field = error.field.as_deref().unwrap_or_default();
    let outer = field.split(['.', '[']).next().unwrap_or_default();
    field.is_empty() || open.contains_key(outer)
}

/// The error for a name that is no tool.
pub(super) fn no_tool(account: &Account, name: &str) -> Error {
    let hint = did_you_mean(name, account.tools().map(|spec| spec.name.as_ref()));
    Error::invalid("tool", format!("There is no tool {name}.{hint} `highlevel-mcp tools` lists all tools."))
}
