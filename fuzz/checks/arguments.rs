//! A caller's arguments, to a request: no panic, and no argument reaches another path, host or service.

use super::tool;
use highlevel_api_client::ServiceUrls;
use highlevel_catalog::OperationSpec;
use highlevel_mcp::api::session;
use serde_json::{Map, Value};
use url::Url;

pub(crate) fn check(data: &[u8]) {
    let Some((entry, rest)) = tool::of(data) else { return };
    let Ok(invocation) = entry.parse(arguments_of(entry, rest)) else { return };
    let Ok(request) = session::request(&invocation) else { return };
    let route = entry.route.as_http().unwrap();
    let (before, after) = around_id(&route.path);
    assert!(request.path.starts_with(before) && request.path.ends_with(after), "{}", request.path);
    assert_eq!(request.path.matches('/').count(), route.path.matches('/').count(), "{}", request.path);

    let urls = ServiceUrls::all("base", &Url::parse("https://api.example/").unwrap()).unwrap();
    let url = urls.address_of(&request).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("api.example"), request.path.as_str()));
    assert!(url.fragment().is_none() && (route.takes_query || url.query().is_none()), "{url}");
}

/// Each line becomes an argument, as JSON if it is any; a line that is an object gives arguments by name.
fn arguments_of(spec: &OperationSpec, data: &[u8]) -> Map<String, Value> {
    let names = spec.input_schema().get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut arguments = Map::new();
    for ((name, _), line) in names.zip(data.split(|byte| *byte == b'\n')) {
        let text = String::from_utf8_lossy(line).into_owned();
        match serde_json::from_str(&text) {
            Ok(Value::Object(named)) if arguments.is_empty() => arguments.extend(named),
            Ok(value) => drop(arguments.insert(name.clone(), value)),
            Err(_) => drop(arguments.insert(name.clone(), text.into())),
        }
    }
    arguments
}

/// What stands before and behind the id in a path.
fn around_id(path: &str) -> (&str, &str) {
    let Some((before, rest)) = path.split_once('{') else { return (path, "") };
    (before, rest.split_once('}').map_or("", |(_, after)| after))
}
