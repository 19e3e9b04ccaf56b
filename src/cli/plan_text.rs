//! A plan in words, for a person.

use serde_json::{Map, Value};

/// The lines of a plan's answer: what it would do, what it leaves out and why, and where every row is.
pub(super) fn lines(plan: &Value) -> Vec<String> {
    let text = |name: &str| plan.get(name).and_then(Value::as_str).map(str::to_owned);
    let count = |name: &str| plan.get(name).and_then(Value::as_u64);
    let mut lines = Vec::new();
    let calls = plan.get("calls").and_then(Value::as_object).into_iter().flatten();
    let calls: Vec<String> = calls.map(|(tool, count)| format!("{count} × {tool}")).collect();
    lines.push(if calls.is_empty() {
        "Nothing is left to do.".to_owned()
    } else {
        format!("Plan: {}", calls.join(", "))
    });
    for (name, words) in [
        ("skipped", "rows are left out as duplicates"),
        ("invalid", "rows are invalid"),
        ("notCompared", "rows could not be compared with the account"),
    ] {
        lines.extend(count(name).map(|count| format!("  {count} {words}")));
    }
    lines.extend(columns(plan));
    lines.extend(items(plan, "fileNotes").map(|note| format!("  {}", shown(note))));
    lines.extend(items(plan, "samples").map(|sample| format!("  {}", sample_line(sample))));
    lines.extend(items(plan, "leftOut").map(|row| format!("  {}", left_out_line(row))));
    if let (Some(requests), Some(minutes)) = (count("requests"), count("minutes")) {
        lines.push(format!("  {requests} requests, about {minutes} min at this quota"));
    }
    lines.extend(text("warning").map(|warning| format!("  {warning}")));
    lines.extend(text("file").map(|file| format!("  every row: {file}")));
    lines
}

fn items<'a>(plan: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    plan.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Which argument each column of the file is for.
fn columns(plan: &Value) -> Vec<String> {
    let mapped = plan.get("columns").and_then(Value::as_object);
    let mapped: Vec<String> =
        mapped.into_iter().flatten().map(|(column, argument)| format!("{column} → {}", shown(argument))).collect();
    let left_out: Vec<String> = items(plan, "leftOutColumns").map(shown).collect();
    let from = plan.get("from").and_then(Value::as_str);
    let mut lines: Vec<String> = from.map(|system| format!("  an export of {system}")).into_iter().collect();
    if !mapped.is_empty() {
        lines.push(format!("  columns: {}", mapped.join("; ")));
    }
    if !left_out.is_empty() {
        lines.push(format!("  columns left out: {}", left_out.join("; ")));
    }
    lines
}

fn sample_line(sample: &Value) -> String {
    let object = |name: &str| sample.get(name).and_then(Value::as_object);
    let from = object("from");
    let to = object("to").into_iter().flatten().map(|(name, value)| match from.and_then(|from| from.get(name)) {
        Some(old) => format!("{name}: {} → {}", shown(old), shown(value)),
        None => format!("{name}: {}", shown(value)),
    });
    let id = sample.get("id").and_then(Value::as_str).map_or(String::new(), |id| format!("{id} "));
    format!("such as row {}: {id}{}", number(sample, "row"), to.collect::<Vec<_>>().join(", "))
}

fn left_out_line(row: &Value) -> String {
    let place = match row.get("line") {
        Some(line) => format!("line {}", shown(line)),
        None => format!("row {}", number(row, "row")),
    };
    let why = row.get("why").and_then(Value::as_str).unwrap_or_default();
    let state = row.get("state").and_then(Value::as_str).unwrap_or_default();
    format!("{place} {state}: {why}")
}

fn number(value: &Value, name: &str) -> String {
    value.get(name).map(shown).unwrap_or_default()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "empty".to_owned(),
        other => other.to_string(),
    }
}

/// How many rows of each state a job has, in words.
pub(super) fn rows(counts: Option<&Map<String, Value>>) -> String {
    let counts = counts.into_iter().flatten().map(|(state, count)| format!("{count} {state}"));
    counts.collect::<Vec<_>>().join(", ")
}
