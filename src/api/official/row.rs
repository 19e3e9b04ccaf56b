//! Requests of operations from rows of data.

use super::{endpoint::Account, request};
use highlevel_api_client::{Request, Service};
use highlevel_catalog::{Invocation, Method, Scope};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};

/// The path parameter for the account's location.
const LOCATION: &str = "locationId";

/// The request of an invocation. Arguments fill the path's parameters, then the query or the body. Fields for the
/// location are filled in.
///
/// # Errors
/// `internal` for an operation without a request. `policy_denied` for another location.
pub(super) fn request(invocation: &Invocation, account: &Account<'_>) -> Result<Request> {
    let spec = invocation.spec;
    let route = spec
        .route
        .as_http()
        .ok_or_else(|| Error::new(Code::Internal, format!("{} has no request in the official API.", spec.name)))?;
    let sent = invocation.arguments.iter().filter(|(name, _)| !crate::api::LOCAL.contains(name));
    let mut fields: Map<String, Value> = sent.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for field in spec.scope_fields.iter().filter(|field| field.of == Scope::Location) {
        let given = fields.entry(field.name.to_string()).or_insert_with(|| account.location.into());
        if given.as_str() != Some(account.location) {
            let message =
                format!("`{}` names another location: this server is pinned to {}.", field.name, account.location);
            return Err(Error { field: Some(field.name.to_string()), ..Error::new(Code::PolicyDenied, message) });
        }
    }
    let mut path = route.path.to_string();
    for parameter in route.parameters() {
        let value = fields.shift_remove(parameter).unwrap_or_else(|| match parameter {
            LOCATION => account.location.into(),
            _ => Value::Null,
        });
        // Escaping keeps each parameter in one path segment.
        let segment = crate::api::path_segment(&crate::api::query_text(&value));
        path = path.replace(&format!("{{{parameter}}}"), &segment);
    }
    let has_query = matches!(route.method, Method::Get | Method::Delete);
    let (query, body) = if has_query {
        (fields.iter().map(|(name, value)| (name.clone(), crate::api::query_text(value))).collect(), None)
    } else {
        (Vec::new(), Some(Value::Object(fields)))
    };
    Ok(Request {
        method: crate::api::http_method(route.method),
        service: Service::Backend,
        path,
        version: Some(spec_version(spec)),
        scope: scope(spec),
        query,
        body,
        files: None,
        repeat: crate::api::repeat_of(invocation),
        expect: crate::api::expect(&spec.answer),
        save: None,
    })
}

fn spec_version(spec: &'static highlevel_catalog::OperationSpec) -> &'static str {
    spec.version.as_deref().unwrap_or(request::VERSION)
}

fn scope(spec: &'static highlevel_catalog::OperationSpec) -> Option<&'static str> {
    spec.scopes.first().map(AsRef::as_ref)
}
