//! Lists: the member of the answer that holds the items, and the arguments that page it.

use super::Groups;
use serde_json::{Map, Value, json};

/// The arguments that limit a page, by the names that HighLevel uses.
const LIMITS: [&str; 7] = ["limit", "pageLimit", "pageSize", "pageLength", "perPage", "rows", "count"];

/// The arguments that skip items.
const OFFSETS: [&str; 2] = ["offset", "skip"];

/// The arguments that number the pages.
const PAGES: [&str; 3] = ["page", "pageNumber", "currentPage"];

/// Members of an answer that wrap the list.
const WRAPPERS: [&str; 2] = ["results", "data"];

/// Members that are never the list, whatever their type.
const TOTALS: [&str; 3] = ["total", "totalCount", "count"];

/// The largest page, if the description of a parameter that limits pages says it: "will allow maximum up to 100".
pub(super) fn most(name: &str, description: &str) -> Option<u64> {
    let description = description.to_lowercase();
    let after = description.get(description.rfind("max").filter(|_| LIMITS.contains(&name))?..)?;
    let number = after.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Says of each operation that answers with a list where the list is and how to page it.
pub(super) fn add_lists(groups: &mut Groups) {
    for operation in groups.values_mut().flatten() {
        if let (Some(list), Some(members)) = (list(operation), operation.as_object_mut()) {
            members.insert("list".to_owned(), list);
        }
    }
}

/// The list of an operation. `None` if it has none.
fn list(operation: &Value) -> Option<Value> {
    let arguments = operation.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
    let find = |names: &[&str]| names.iter().find(|name| arguments.contains_key(**name)).map(|name| (*name).to_owned());
    let (limit, offset, page) = (find(&LIMITS), find(&OFFSETS), find(&PAGES));
    let is_paged = limit.is_some() || offset.is_some() || page.is_some();
    let path = operation["path"].as_str()?.trim_end_matches('/');
    let searches = operation["method"] == "POST" && (is_paged || path.ends_with("/search"));
    if operation["method"] != "GET" && !searches {
        return None;
    }
    let answer = operation.get("answer")?.as_object()?;
    let member = member(answer, is_paged, path.ends_with('}'))?;
    let bound = |argument: &Option<String>, of: &str| arguments.get(argument.as_deref()?)?.get(of)?.as_u64();
    let most = bound(&limit, "maximum");
    // In a query every value is a text.
    let texts = operation.get("body").is_some()
        && limit.as_ref().is_some_and(|name| arguments.get(name).is_some_and(|schema| schema["type"] == "string"));
    // Pages are numbered from 1 everywhere else.
    let first = bound(&page, "minimum").filter(|first| *first == 0);
    let paging = [
        ("limit", limit.map(Value::from)),
        ("offset", offset.map(Value::from)),
        ("page", page.map(Value::from)),
        ("first", first.map(Value::from)),
        ("most", most.map(Value::from)),
        ("texts", texts.then(|| texts.into())),
        ("cursor", cursor(answer, &arguments)),
    ];
    let mut list = Map::from_iter([("member".to_owned(), member.into())]);
    list.extend(paging.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Some(list.into())
}

/// The path of the only list of objects in an answer. Empty for an answer that is the list itself.
///
/// Without paging arguments, an answer that describes one object may have a list of its parts, which is not meant.
fn member(answer: &Map<String, Value>, is_paged: bool, of_one: bool) -> Option<String> {
    if answer.get("type")?.as_str()? == "array" {
        return Some(String::new());
    }
    let members = answer.get("properties")?.as_object()?;
    let is_one = of_one || ["id", "_id"].iter().any(|id| members.contains_key(*id));
    if is_one && !is_paged {
        return None;
    }
    let mut lists: Vec<String> = lists(members).collect();
    if lists.is_empty() && is_paged {
        let inner = WRAPPERS.iter().filter_map(|name| Some((name, members.get(*name)?["properties"].as_object()?)));
        lists = inner.flat_map(|(name, inner)| self::lists(inner).map(move |list| format!("{name}.{list}"))).collect();
    }
    lists.pop().filter(|_| lists.is_empty())
}

fn lists(members: &Map<String, Value>) -> impl Iterator<Item = String> {
    let is_list = |schema: &Value| {
        let items = &schema["items"];
        let of_objects =
            items["type"] == "object" || items["anyOf"].is_array() || items.as_object().is_some_and(Map::is_empty);
        schema["type"] == "array" && of_objects
    };
    let lists = members.iter().filter(move |(name, schema)| is_list(schema) && !TOTALS.contains(&name.as_str()));
    lists.map(|(name, _)| name.clone())
}

/// The argument that says after which item the next page begins, and where the answer has its value.
fn cursor(answer: &Map<String, Value>, arguments: &Map<String, Value>) -> Option<Value> {
    let members = answer.get("properties")?.as_object()?;
    let data = members.get("data").and_then(|data| data["properties"].as_object());
    let find = |name: &str| match data {
        Some(data) if data.contains_key(name) => Some(format!("data.{name}")),
        _ => members.contains_key(name).then(|| name.to_owned()),
    };
    let mut cursors = arguments.keys().filter_map(|argument| {
        let from = match argument.as_str() {
            "cursor" => find("nextCursor")?,
            last if last.starts_with("last") => find(last)?,
            _ => return None,
        };
        Some(json!({"argument": argument, "from": from}))
    });
    cursors.next()
}

#[cfg(test)]
mod tests {
    use super::{list, most};
    use serde_json::{Value, json};

    fn objects() -> Value {
        json!({"type": "array", "items": {"type": "object"}})
    }

    #[test]
    fn a_page_is_limited_by_what_the_description_says() {
        assert_eq!(
            most("limit", "Limit Per Page records count. will allow maximum up to 100 and default will be 20"),
            Some(100)
        );
        assert_eq!(most("limit", "Maximum number of campaigns. Defaults to 10, maximum is 100"), Some(100));
        assert_eq!(most("limit", "The maximum number of items on a page"), None);
        assert_eq!(most("radius", "Maximum 50"), None);
    }

    #[test]
    fn a_list_has_its_member_and_its_paging() {
        let operation = json!({
            "method": "GET", "path": "/things/{locationId}", "arguments": {"limit": {"maximum": 50}, "lastThingId": {}},
            "answer": {"type": "object", "properties": {
                "data": {"type": "object", "properties": {"things": objects(), "lastThingId": {"type": "string"}}},
            }},
        });
        let cursor = json!({"argument": "lastThingId", "from": "data.lastThingId"});
        let expected = json!({"member": "data.things", "limit": "limit", "most": 50, "cursor": cursor});
        assert_eq!(list(&operation), Some(expected));
    }

    #[test]
    fn the_first_page_may_have_the_number_0() {
        let operation = json!({
            "method": "GET", "path": "/things", "arguments": {"pageSize": {}, "page": {"minimum": 0}},
            "answer": {"type": "object", "properties": {"things": objects()}},
        });
        assert_eq!(
            list(&operation),
            Some(json!({"member": "things", "limit": "pageSize", "page": "page", "first": 0}))
        );
    }

    #[test]
    fn the_parts_of_one_object_are_no_list() {
        let mut operation = json!({
            "method": "GET", "path": "/things/latest",
            "answer": {"type": "object", "properties": {"parts": objects()}},
        });
        assert_eq!(list(&operation), Some(json!({"member": "parts"})));
        operation["answer"]["properties"]["_id"] = json!({"type": "string"});
        assert_eq!(list(&operation), None);
        operation["method"] = "POST".into();
        operation["path"] = "/things/".into();
        assert_eq!(list(&operation), None);
    }
}
