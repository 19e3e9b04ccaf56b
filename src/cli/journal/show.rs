//! `journal show`: one write, with the fields that changed.

use super::{
    super::{print, say},
    difference::{change, fields, short},
    plain,
    table::outcome,
};
use highlevel_core::clean;
use highlevel_store::{Journal, JournalEntry};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

/// The most characters of a message.
const MESSAGE_CHARS: usize = 1000;

pub(super) async fn run(journal: &Journal, seq: u64) -> anyhow::Result<ExitCode> {
    let Some(entry) = journal.entry(seq).await? else {
        say(&format!("The journal has no entry {seq}. `highlevel-mcp journal` lists the newest ones."));
        return Ok(ExitCode::FAILURE);
    };
    for line in header(&entry).into_iter().chain(body(&entry)) {
        print(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn header(entry: &JournalEntry) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("{name:10} {text}"));
        }
    };
    let text = |name: &str| plain(entry.text(name));
    add("entry", entry.seq().to_string());
    add("time", text("time"));
    add("tool", text("tool"));
    add("object", text("object"));
    let place = [("", text("account")), ("location ", text("location")), ("credential ", text("login"))];
    let place = place.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what}{text}"));
    add("account", place.collect::<Vec<_>>().join(", "));
    let session = entry.members.get("client").and_then(|client| client.get("session")?.as_str()).map(plain);
    let session = session.map(|session| format!("(session {session})")).unwrap_or_default();
    add("client", format!("{} {session}", plain(entry.client())).trim().to_owned());
    add("caller", plain(&entry.caller()));
    add("job", job(entry));
    add("confirmed", text("confirmation"));
    let approval = |name: &str| entry.members.get("approval").and_then(|approval| approval.get(name)?.as_str());
    add("by", approval("person").map(plain).unwrap_or_default());
    add("note", approval("note").map(plain).unwrap_or_default());
    add("outcome", outcome(entry));
    add("finished", text("finished"));
    add("message", clean::line(entry.text("message"), MESSAGE_CHARS));
    for (name, title) in [("candidates", "candidates"), ("applied", "applied"), ("notApplied", "not taken")] {
        add(
            title,
            entry.members.get(name).map(|names| clean::line(&names.to_string(), MESSAGE_CHARS)).unwrap_or_default(),
        );
    }
    if entry.members.get("partial") == Some(&Value::Bool(true)) {
        add("note", "the object after the write is known in part only".to_owned());
    }
    lines
}

/// The job that the write was made for, with its row.
fn job(entry: &JournalEntry) -> String {
    let job = entry.members.get("job");
    let id = job.and_then(|job| job.get("id")?.as_str()).map(plain);
    let row = job.and_then(|job| job.get("row")?.as_u64());
    id.zip(row).map(|(id, row)| format!("{id}, row {row}")).unwrap_or_default()
}

/// What became of the object; without both images, what was asked and the image that there is.
fn body(entry: &JournalEntry) -> Vec<String> {
    let image = |name: &str| entry.members.get(name).filter(|value| value.is_object());
    match (image("before"), image("after")) {
        (Some(before), Some(after)) if gone(before).is_none() && gone(after).is_none() => changes(entry, before, after),
        (before, after) => {
            let mut lines = Vec::new();
            let sections = [
                ("Arguments", entry.members.get("arguments")),
                ("The object before", before),
                ("The object after", after),
            ];
            for (title, object) in sections {
                let Some(object) = object else { continue };
                match gone(object) {
                    Some(why) => lines.extend([String::new(), format!("{title}: {why}")]),
                    None => section(&mut lines, title, members(object)),
                }
            }
            lines
        }
    }
}

/// Why an image is not there.
fn gone(image: &Value) -> Option<&'static str> {
    let is = |name: &str| image.get(name) == Some(&Value::Bool(true)) && image.get("sha256").is_some();
    match image {
        _ if is("pruned") => Some("pruned (--journal-max, --journal-images-days)"),
        _ if is("missing") => Some("missing; see `highlevel-mcp journal verify`"),
        _ if image.get("omittedBytes").is_some() => Some("not kept by an older version, which had a size limit"),
        _ => None,
    }
}

fn members(object: &Value) -> Vec<String> {
    fields(object).into_iter().map(|(path, value)| format!("{}: {}", plain(&path), short(Some(value)))).collect()
}

fn section(lines: &mut Vec<String>, title: &str, of: Vec<String>) {
    if !of.is_empty() {
        lines.extend([String::new(), title.to_owned()]);
        lines.extend(of.into_iter().map(|line| format!("  {line}")));
    }
}

/// The fields that were asked to change, and those that changed beside them.
fn changes(entry: &JournalEntry, before: &Value, after: &Value) -> Vec<String> {
    let asked = asked(&entry.members);
    let is_asked = |path: &str| {
        asked.iter().any(|field| path == field || path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.')))
    };
    let (old, new) = (fields(before), fields(after));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let (mut wanted, mut beside) = (Vec::new(), Vec::new());
    for path in paths {
        let (old, new) = (old.get(path).copied(), new.get(path).copied());
        match (old == new, is_asked(path)) {
            (false, true) => wanted.extend(change(path, old, new)),
            (false, false) => beside.extend(change(path, old, new)),
            (true, true) => wanted.push(format!("{}: unchanged {}", plain(path), short(new))),
            (true, false) => {}
        }
    }
    for field in untouched(&asked, &old, &new) {
        wanted.push(format!("{}: unchanged {}", plain(field), short(None)));
    }
    let mut lines = Vec::new();
    section(&mut lines, "Asked to change", wanted);
    section(&mut lines, "Changed beside", beside);
    if lines.is_empty() {
        lines = vec![String::new(), "Nothing changed.".to_owned()];
    }
    lines
}

/// The asked fields that neither image has.
fn untouched<'a>(
    asked: &'a BTreeSet<String>,
    old: &BTreeMap<String, &Value>,
    new: &BTreeMap<String, &Value>,
) -> Vec<&'a String> {
    let covers = |field: &str, path: &String| {
        path == field || path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'))
    };
    asked.iter().filter(|field| !old.keys().chain(new.keys()).any(|path| covers(field, path))).collect()
}

fn asked(members: &Map<String, Value>) -> BTreeSet<String> {
    let fields = members.get("fields").and_then(Value::as_array).into_iter().flatten();
    fields.filter_map(Value::as_str).map(str::to_owned).collect()
}
