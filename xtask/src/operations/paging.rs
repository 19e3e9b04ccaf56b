//! Lists: the member of the answer that holds the items, and the arguments that page it.

use serde_json::{Map, Value, json};

/// The arguments that limit a page, by the names that HighLevel uses.
const LIMITS: [&str; 6] = ["limit", "pageLimit", "pageSize", "perPage", "rows", "count"];

/// The arguments that skip items.
const OFFSETS: [&str; 2] = ["offset", "skip"];

/// The arguments that number the pages.
const PAGES: [&str; 3] = ["page", "pageNumber", "currentPage"];

/// The list of an operation's answer. `None` if the answer is no list.
pub(super) fn list(answer: &Map<String, Value>, arguments: &Map<String, Value>, reads: bool) -> Option<Value> {
    if !reads {
        return None;
    }
    let member = member(answer)?;
    let find = |names: &[&str]| names.iter().find(|name| arguments.contains_key(**name)).map(|name| (*name).to_owned());
    let mut list = json!({"member": member});
    for (name, argument) in [("limit", find(&LIMITS)), ("offset", find(&OFFSETS)), ("page", find(&PAGES))] {
        if let Some(argument) = argument {
            list[name] = argument.into();
        }
    }
    let most = list["limit"].as_str().and_then(|limit| arguments.get(limit)?.get("maximum")?.as_u64());
    if let Some(most) = most {
        list["most"] = most.into();
    }
    Some(list)
}

/// The only member that is a list of objects. Empty for an answer that is the list itself.
fn member(answer: &Map<String, Value>) -> Option<String> {
    if answer.get("type")?.as_str()? == "array" {
        return Some(String::new());
    }
    let members = answer.get("properties")?.as_object()?;
    let is_list = |schema: &Value| schema["type"] == "array" && schema["items"]["type"] == "object";
    let mut lists = members.iter().filter(|(_, schema)| is_list(schema)).map(|(name, _)| name.clone());
    let only = lists.next()?;
    lists.next().is_none().then_some(only)
}
