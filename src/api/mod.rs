//! HighLevel's APIs: turns operations into requests, and responses into answers.

mod adapter;
mod conflict;
pub(crate) mod custom_fields;
#[cfg(test)]
mod declarations;
#[cfg(test)]
mod invocations;
mod official;
mod page;
mod refusal;
pub mod session;

pub use adapter::{Adapter, Done};
pub use highlevel_catalog::Api;
pub use official::Registry;
pub use page::{Flaw, Page, may_be_cap};

use highlevel_api_client::{Expect, Repeat};
use highlevel_catalog::{AnswerShape, Catalog, Effect, Invocation, Method};
use serde_json::Value;

/// Arguments that the service handles and the API never receives.
const LOCAL: [&str; 2] = ["fields", "contentOffset"];

/// The characters that are escaped in a path segment: all except the unreserved ones of RFC 3986.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The operations of an API.
pub fn catalog(api: Api) -> &'static Catalog {
    match api {
        Api::Session => Catalog::session(),
        Api::Official => Registry::standard().catalog(),
    }
}

/// The typed tool of the official API that sends this request first. The names of path parameters do not count.
pub fn typed_tool(method: Method, path: &str) -> Option<&'static str> {
    let mut typed = catalog(Api::Official).iter();
    let found = typed.find(|spec| spec.route.as_http().is_some_and(|route| route.is(method, path)));
    found.map(|spec| spec.name.as_ref())
}

/// The text of a query parameter. Arrays are joined with commas.
fn query_text(value: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => text(other),
    }
}

/// A text escaped as one path segment.
fn path_segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, PATH_SEGMENT).to_string()
}

/// Whether a request with this effect is safe to repeat.
fn repeat(effect: Effect) -> Repeat {
    match effect {
        Effect::Read | Effect::Update | Effect::Delete => Repeat::Freely,
        Effect::Create | Effect::Publish | Effect::Send | Effect::Money | Effect::Start | Effect::Access => {
            Repeat::IfNotExecuted
        }
    }
}

/// Whether the request of a call is safe to repeat. An update that also sends something to a person is not.
fn repeat_of(call: &Invocation) -> Repeat {
    match (repeat(call.spec.effect), repeat(call.effect())) {
        (Repeat::Freely, Repeat::Freely) => Repeat::Freely,
        _ => Repeat::IfNotExecuted,
    }
}

/// The body that a response must have. A deletion is often answered without one.
fn expect(answer: &AnswerShape) -> Expect {
    if *answer == AnswerShape::Deleted { Expect::Anything } else { Expect::Json }
}

fn http_method(method: highlevel_catalog::Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}
