//! Requests of the session API.

use highlevel_api_client::{Request, Service};
use highlevel_catalog::{Catalog, HttpRoute, Id, Invocation, Method, Toolset, advice_on};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};

/// The request of an invocation.
///
/// # Errors
/// `invalid_arguments` for an id that addresses another resource. `internal` for an operation without a request.
pub fn request(invocation: &Invocation) -> Result<Request> {
    let spec = invocation.spec;
    let route = spec.route.as_http().ok_or_else(|| {
        let message = format!("{} has no request in the session API.", spec.name);
        Error::new(Code::Internal, message)
    })?;
    let in_path: Vec<&str> = route.parameters().collect();
    let sent = |name: &str| !crate::api::LOCAL.contains(&name) && !in_path.contains(&name);
    let fields = invocation.arguments.iter().filter(|(name, _)| sent(name));
    let fields: Map<String, Value> = fields.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let (query, body) = match route.method {
        Method::Get if route.takes_query => (query(&fields), None),
        Method::Get | Method::Delete => (Vec::new(), None),
        // A publish has no fields except its id, so its body is empty.
        Method::Post | Method::Put | Method::Patch => {
            (Vec::new(), (!fields.is_empty()).then_some(Value::Object(fields)))
        }
    };
    Ok(Request {
        method: crate::api::http_method(route.method),
        service: service(spec.toolset),
        path: path(invocation, route)?,
        version: None,
        scope: None,
        query,
        body,
        files: None,
        repeat: crate::api::repeat_of(invocation),
        expect: crate::api::expect(&spec.answer),
        save: None,
    })
}

/// The service that serves a resource.
fn service(toolset: Toolset) -> Service {
    match toolset {
        Toolset::Locations => Service::Location,
        Toolset::Pages | Toolset::Funnels => Service::PageBuilder,
        _ => Service::Backend,
    }
}

fn path(invocation: &Invocation, route: &HttpRoute) -> Result<String> {
    let (Some(parameter), Some(id)) = (route.parameters().next(), &invocation.id) else {
        return Ok(route.path.to_string());
    };
    let fill = |text: &str| route.path.replace(&format!("{{{parameter}}}"), text);
    // For example, the path of `get_user` with the id `me` is that of `get_current_user`.
    let plain = fill(id.as_str());
    let is_other = |path: &str| path == plain;
    if Catalog::session().iter().filter_map(|spec| spec.route.as_http()).any(|other| is_other(&other.path)) {
        return Err(Error::invalid(parameter, format!("`{parameter}` is not an id: {plain} is another resource.")));
    }
    Ok(fill(&crate::api::path_segment(id.as_str())))
}

fn query(fields: &Map<String, Value>) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.clone(), crate::api::query_text(value))).collect()
}

/// The argument that names a user.
const OWNER: &str = "assignedTo";

/// Refuses names in arguments that take an id. Only the official API accepts names.
///
/// # Errors
/// `invalid_arguments` with the tool that finds the id.
pub fn check_ids(invocation: &Invocation) -> Result<()> {
    match invocation.arguments.text(OWNER).map(|text| (text, text.parse::<Id>())) {
        Some((text, Err(problem))) => {
            let advice = advice_on("user", text);
            Err(Error::invalid(OWNER, format!("`{OWNER}` {problem}.{advice}")))
        }
        _ => Ok(()),
    }
}
