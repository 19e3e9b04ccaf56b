//! The checks before every official operation: token, version, content type, query and body.

use super::errors::{unauthorized, unprocessable};
use super::routes::{Access, BodyRule, DATED, Holds, Route};
use crate::account::Fields;
use crate::response::ApiResponse;
use crate::session::{no_version, single};
use crate::state::RawRequest;
use chrono::NaiveDate;
use http::{HeaderMap, header};

/// The bearer token of a request, or an empty text if the operation takes none.
pub(crate) fn token<'a>(headers: &'a HeaderMap, route: &Route) -> Result<&'a str, ApiResponse> {
    if headers.contains_key("token-id") {
        return Err(ApiResponse::bad_request("header token-id belongs to another API"));
    }
    if route.access == Access::Nobody {
        return Ok("");
    }
    let value = single(headers, header::AUTHORIZATION.as_str()).unwrap_or_default();
    value.strip_prefix("Bearer ").filter(|token| !token.is_empty()).ok_or_else(|| unauthorized("Invalid JWT"))
}

/// Checks the headers other than the token.
pub(crate) fn headers(headers: &HeaderMap, route: &Route, version_is_asked_for: bool) -> Result<(), ApiResponse> {
    let given = headers.contains_key("version").then(|| single(headers, "version").unwrap_or_default());
    match (route.version, given) {
        (_, None) if version_is_asked_for && route.access != Access::Nobody => return Err(no_version()),
        (Some(_), None) => return Err(unprocessable("version header was not found")),
        (None, Some(_)) if route.access == Access::Nobody => {
            return Err(unprocessable("version header is not declared for this operation"));
        }
        // An operation that declares no version takes the most common one, which live accounts require.
        (declared, Some(given)) if given != declared.unwrap_or(DATED) => {
            let wanted = declared.unwrap_or(DATED);
            return Err(unprocessable(format!("version header is invalid: it must be {wanted}")));
        }
        _ => {}
    }
    let given = single(headers, header::CONTENT_TYPE.as_str()).and_then(|value| value.split(';').next());
    let wanted = match route.body {
        BodyRule::None => None,
        BodyRule::Json => Some("application/json"),
        BodyRule::Form => Some("application/x-www-form-urlencoded"),
    };
    match (wanted, given) {
        (None, None) => Ok(()),
        (Some(wanted), Some(given)) if given.trim().eq_ignore_ascii_case(wanted) => Ok(()),
        (None, _) => Err(ApiResponse::bad_request("Content-Type must not be sent without a body")),
        (Some(wanted), _) => Err(ApiResponse::bad_request(format!("Content-Type must be {wanted}"))),
    }
}

/// Reads the body: an object from JSON or a form, or nothing if the operation takes no body.
pub(crate) fn body(raw: &RawRequest, rule: BodyRule) -> Result<Fields, ApiResponse> {
    match rule {
        BodyRule::None if raw.body.is_empty() => Ok(Fields::new()),
        BodyRule::None => Err(ApiResponse::bad_request("this request must not have a body")),
        BodyRule::Json => serde_json::from_slice(&raw.body)
            .map_err(|error| ApiResponse::bad_request(format!("the body must be a JSON object: {error}"))),
        BodyRule::Form => {
            let mut fields = Fields::new();
            for (name, value) in url::form_urlencoded::parse(&raw.body) {
                if fields.insert(name.to_string(), value.into_owned().into()).is_some() {
                    return Err(unprocessable(format!("{name} is given twice")));
                }
            }
            Ok(fields)
        }
    }
}

/// A strictly parsed query: known names, each once, with the values that the OpenAPI file declares.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(raw: &str, route: &Route) -> Result<Self, ApiResponse> {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
            let Some(parameter) = route.query.iter().find(|parameter| parameter.name == name) else {
                return Err(unprocessable(format!("property {name} should not exist")));
            };
            if query.get(&name).is_some() {
                return Err(unprocessable(format!("{name} is given twice")));
            }
            check_value(&name, &value, parameter.holds).map_err(unprocessable)?;
            query.0.push((name.into_owned(), value.into_owned()));
        }
        match route.query.iter().find(|parameter| parameter.required && query.get(parameter.name).is_none()) {
            Some(parameter) => Err(unprocessable(format!("{} should not be empty", parameter.name))),
            None => Ok(query),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The names in the query.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A parameter that was validated as a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

fn check_value(name: &str, value: &str, holds: Holds) -> Result<(), String> {
    let (fits, wanted) = match holds {
        Holds::Text => (!value.trim().is_empty(), "a non-empty string".to_owned()),
        Holds::Whole(least, most) => {
            let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten();
            let fits = number.is_some_and(|number: usize| (least..=most).contains(&number));
            let bounds = if most == usize::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
            (fits, format!("a whole number, {bounds}"))
        }
        Holds::OneOf(words) => (words.contains(&value), format!("one of the following values: {}", words.join(", "))),
        Holds::Day => (NaiveDate::parse_from_str(value, "%m-%d-%Y").is_ok(), "a date as mm-dd-yyyy".to_owned()),
        Holds::IsoDay => (NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(), "a date as yyyy-mm-dd".to_owned()),
        Holds::Flag => (matches!(value, "true" | "false"), "a boolean value".to_owned()),
    };
    if fits { Ok(()) } else { Err(format!("{name} must be {wanted}")) }
}
