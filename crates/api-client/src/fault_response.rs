//! Answers that mean something else than their status says: block pages, login pages, missing routes and headers.
//!
//! HighLevel's APIs answer in JSON. A page was written by something on the way.

use super::{Body, Scheme, message::api_message, retry::AttemptFailure, urls::Outgoing};
use crate::Fate;
use highlevel_core::clean;
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use memchr::memmem;
use serde_json::Value;

/// The most characters of a page's title in a message.
const LONGEST_TITLE: usize = 100;

/// The most characters of a page that are searched for its title.
const HEAD: usize = 16 * 1024;

/// What CDNs and firewalls write where they write no HTML.
const BLOCKED: [&str; 6] = [
    "error code: 10",
    "access denied",
    "request blocked",
    "request was blocked",
    "you have been blocked",
    "cloudflare",
];

/// What gateways answer for a route that they do not have.
const NO_ROUTE: [&str; 4] =
    ["no route matched", "404 page not found", "default backend - 404", "missing authentication token"];

/// The failure behind a 4xx that is not the API's own refusal; `None` if it is.
pub(super) fn of(status: StatusCode, body: &Body, out: &Outgoing, scheme: Scheme) -> Option<AttemptFailure> {
    let said = api_message(body);
    let failed = |code, message: String| {
        let error = Error::new(code, message).with("status", status.as_u16());
        Some(AttemptFailure::lasting(error, Fate::NotExecuted))
    };
    let host = out.url.host_str().unwrap_or_default();
    if status == StatusCode::TOO_MANY_REQUESTS || !status.is_client_error() {
        return None;
    }
    if let Some(route) = missing_route(status, body, said.as_deref()) {
        let message = format!(
            "{host} has no such route ({route}). This says nothing of the object: the base URL is wrong, or the token belongs to the other API. Check --base-url and --api."
        );
        return failed(Code::UpstreamError, message);
    }
    if said.as_deref().is_some_and(lacks_version) {
        let said = said.unwrap_or_default();
        let mend = match scheme {
            Scheme::TokenId => "Set the version that this API takes with --api-version (GHL_API_VERSION)",
            Scheme::Bearer => {
                "A proxy on the way may drop the header: check the base URL settings, and report it if there is none"
            }
        };
        let message =
            format!("The API refuses the request's `version` header ({said}). The token is not at fault. {mend}.");
        return failed(Code::UpstreamError, message);
    }
    if status == StatusCode::FORBIDDEN && is_block(body) {
        let message = format!(
            "{host} blocked the request before it reached the API (403{}): a CDN or firewall refuses this network address, this rate, or something in the request. No right is missing. Wait some minutes, send less at once, or use another network (no VPN or proxy); if one text is refused each time, change that text.",
            titled(body)
        );
        let error = Error::new(Code::UpstreamUnreachable, message).with("status", 403).with("blocked", true);
        return Some(AttemptFailure::lasting(error, Fate::NotExecuted));
    }
    if is_page(body) {
        return failed(Code::UpstreamError, page(host, status, body));
    }
    None
}

/// The message for a page in place of an answer.
pub(super) fn page(host: &str, status: StatusCode, body: &Body) -> String {
    format!(
        "{host} answered {} with a web page{} where the API answers JSON. A captive portal (a network's login page), a proxy or a wrong base URL stands in the way. Open a web page on this machine's network, and check the base URL settings.",
        status.as_u16(),
        titled(body)
    )
}

/// Whether a body is HTML or XML, which the API never writes.
pub(super) fn is_page(body: &Body) -> bool {
    matches!(body, Body::Text(text) if text.trim_start_matches('\u{feff}').trim_start().starts_with('<'))
}

/// Whether a 401 is for a scope that the token lacks.
pub(super) fn lacks_scope(said: Option<&str>) -> bool {
    said.is_some_and(|said| said.to_lowercase().contains("scope"))
}

/// The scope that the API's words name, such as `contacts.readonly`.
pub(super) fn named_scope(said: &str) -> Option<&str> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_' | '.');
    let mut words = said.split(|letter| !fits(letter)).map(|word| word.trim_end_matches('.'));
    words.find(|word| word.ends_with(".readonly") || word.ends_with(".write"))
}

/// The failure that the body of a 2xx reports, with its status where it has one.
pub(super) fn inner_failure(body: &Body) -> Option<Option<StatusCode>> {
    let Body::Json(Value::Object(object)) = body else { return None };
    if object.contains_key("id") {
        return None;
    }
    let explained = object.contains_key("message") || object.contains_key("error");
    let told = object.get("statusCode").or_else(|| object.get("status").filter(|_| explained)).and_then(Value::as_u64);
    let told = told.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let told = told.filter(|status| status.is_client_error() || status.is_server_error());
    let failed = ["success", "succeeded", "succeded", "ok"].iter().any(|name| object.get(*name) == Some(&false.into()));
    (told.is_some() || failed).then_some(told)
}

fn lacks_version(said: &str) -> bool {
    let said = said.to_lowercase();
    said.contains("version") && said.contains("header")
}

fn is_block(body: &Body) -> bool {
    match body {
        Body::Text(text) => {
            let text = text.to_lowercase();
            is_page(body) || BLOCKED.iter().any(|words| text.contains(words))
        }
        // Cloudflare's form for clients that accept JSON.
        Body::Json(value) => value.get("cloudflare_error") == Some(&true.into()),
        Body::Empty | Body::File(_) => false,
    }
}

/// The words by which a gateway or a router says that it has no such route.
fn missing_route(status: StatusCode, body: &Body, said: Option<&str>) -> Option<String> {
    if ![400, 403, 404, 405].contains(&status.as_u16()) {
        return None;
    }
    let words = match body {
        Body::Text(text) => text,
        Body::Json(_) => said?,
        Body::Empty | Body::File(_) => return None,
    };
    let routed = ["GET", "POST", "PUT", "DELETE", "PATCH"].into_iter().find_map(|method| {
        let at = memmem::find(words.as_bytes(), format!("Cannot {method} /").as_bytes())?;
        // Among other words it may be an object's own text.
        (is_page(body) || at == 0).then(|| words.get(at..)).flatten()
    });
    if let Some(route) = routed {
        return Some(clean::line(route.split('<').next().unwrap_or(route), LONGEST_TITLE));
    }
    let lower = words.to_lowercase();
    NO_ROUTE.iter().find(|known| lower.trim_start().starts_with(*known)).map(|_| clean::line(words, LONGEST_TITLE))
}

/// The title of a page, in brackets.
fn titled(body: &Body) -> String {
    let Body::Text(text) = body else { return String::new() };
    let head: String = text.chars().take(HEAD).collect();
    let lower = head.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|open| {
        let from = open + lower.get(open..)?.find('>')? + 1;
        let to = from + lower.get(from..)?.find('<')?;
        head.get(from..to)
    });
    let title = title.map(|title| clean::line(title.trim(), LONGEST_TITLE)).filter(|title| !title.is_empty());
    title.map_or_else(String::new, |title| format!(", titled \"{title}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_scope_is_found_where_the_api_names_it() {
        assert_eq!(
            named_scope("Missing scope: locations/customFields.readonly."),
            Some("locations/customFields.readonly")
        );
        assert_eq!(named_scope("needs `contacts.write`"), Some("contacts.write"));
        assert_eq!(named_scope("The token is not authorized for this scope."), None);
    }

    #[test]
    fn only_a_body_that_says_so_is_a_failure_under_a_2xx() {
        let told = |body: Value| inner_failure(&Body::Json(body));
        assert_eq!(told(json!({"statusCode": 404, "message": "x"})), Some(Some(StatusCode::NOT_FOUND)));
        assert_eq!(told(json!({"success": false})), Some(None));
        for fine in
            [json!({"id": "a", "success": false}), json!({"statusCode": 201}), json!({"status": 404}), json!([])]
        {
            assert_eq!(told(fine), None);
        }
    }

    #[test]
    fn a_title_is_one_short_line_and_odd_pages_have_none() {
        let titled = |text: &str| titled(&Body::Text(text.into()));
        assert_eq!(titled("<html><TITLE lang=en>\n Just a\n moment…</TITLE>"), ", titled \"Just a moment…\"");
        for odd in ["<title", "<title>", "<title></title>", "İ<title>", "plain"] {
            assert_eq!(titled(odd), "");
        }
    }
}
