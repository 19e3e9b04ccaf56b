//! The `arguments` of a call that are JSON text, not an object, or nested too deep.

use highlevel_catalog::OperationSpec;
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value};

/// The deepest nesting that is read. serde_json's own limit is 128.
pub(super) const MAX_DEPTH: usize = 100;

/// Goes with a call whose arguments cannot be read: the call is answered with this error of its tool instead of one of the
/// protocol, so that the model sees it.
#[derive(Debug, Clone)]
pub(in crate::mcp) enum MalformedArguments {
    /// What they are instead of an object.
    NotAnObject(&'static str),
    TooDeep,
}

impl MalformedArguments {
    /// The error for the call.
    pub(in crate::mcp) fn error(&self, spec: &OperationSpec) -> Error {
        let what = match self {
            Self::NotAnObject(what) => format!("`arguments` must be one JSON object, not {what}"),
            Self::TooDeep => format!("`arguments` are nested deeper than {MAX_DEPTH} levels"),
        };
        let mut error = Error::new(Code::InvalidArguments, format!("{what}. For example {}.", spec.example()));
        error.field = Some("arguments".to_owned());
        error
    }
}

/// Turns the `arguments` among a call's parameters into an object. `too_deep` says that deep parts were cut from the line.
pub(super) fn repair_arguments(params: &mut Map<String, Value>, too_deep: bool) -> Option<MalformedArguments> {
    let arguments = params.get_mut("arguments")?;
    let parsed = match arguments.as_str().map(str::trim) {
        Some("") => Some(Map::new().into()),
        Some(text) => serde_json::from_str(text).ok().filter(Value::is_object),
        None => None,
    };
    if let Some(parsed) = parsed {
        *arguments = parsed;
    }
    let what = match arguments {
        Value::Object(_) | Value::Null => return too_deep.then_some(MalformedArguments::TooDeep),
        Value::String(_) => "a text that holds none",
        Value::Array(_) => "a list",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
    };
    *arguments = Map::new().into();
    Some(MalformedArguments::NotAnObject(what))
}

/// The line with `null` in place of everything that is nested deeper than [`MAX_DEPTH`].
pub(super) fn cut_deep(line: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(line.len());
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in line {
        let before = depth;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if before == MAX_DEPTH && depth > MAX_DEPTH {
            kept.extend_from_slice(b"null");
        }
        if before.max(depth) <= MAX_DEPTH {
            kept.push(*byte);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_deep_is_cut_and_the_rest_stays() {
        let deep = |levels: usize| format!("{}1{}", r#"{"a":["#.repeat(levels / 2), "]}".repeat(levels / 2));
        let line = format!(r#"{{"id":"]}}\"","x":{},"y":[1]}}"#, deep(400));
        let cut: Value = serde_json::from_slice(&cut_deep(line.as_bytes())).unwrap();
        assert_eq!((&cut["id"], &cut["y"]), (&"]}\"".into(), &serde_json::json!([1])));
        let plain = format!(r#"{{"x":{}}}"#, deep(98));
        assert_eq!(cut_deep(plain.as_bytes()), plain.as_bytes());
    }
}
