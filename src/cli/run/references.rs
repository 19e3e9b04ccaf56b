//! References of a script's lines: `{{name.field.0}}` stands for a part of the answer of the line with this name.

use super::script::{Script, ScriptLine};
use highlevel_core::{
    error::{Error, Result},
    suggest::nearest,
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The marks around a reference.
const MARKS: (&str, &str) = ("{{", "}}");

/// The most members that an error lists.
const LISTED: usize = 20;

/// The answers of a script's lines, by their names.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Every name that a line of the script gives, with the line's number.
    names: HashMap<String, usize>,
    known: HashMap<String, Value>,
}

impl Results {
    /// No answers yet.
    pub(super) fn of(script: &Script) -> Self {
        let names = script.lines.iter().filter_map(|line| Some((line.name.clone()?, line.number)));
        Self { names: names.collect(), known: HashMap::new() }
    }

    /// Adds the answer of a line.
    pub(super) fn add(&mut self, line: &ScriptLine, answer: Value) {
        if let Some(name) = &line.name {
            self.known.insert(name.clone(), answer);
        }
    }

    /// The arguments of a line, with the answers in the place of its references.
    ///
    /// # Errors
    /// `invalid_arguments` for what an answer does not have.
    pub(super) fn fill(&self, line: &ScriptLine) -> Result<Map<String, Value>> {
        let filled = line.arguments.iter().map(|(name, value)| Ok((name.clone(), self.filled(value, name)?)));
        filled.collect()
    }

    /// Whether a value has references.
    pub(super) fn has_references(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => references(text).any(|reference| self.names.contains_key(name_of(reference))),
            Value::Array(items) => items.iter().any(|item| self.has_references(item)),
            Value::Object(members) => members.values().any(|value| self.has_references(value)),
            _ => false,
        }
    }

    /// Checks that each reference of a line is to an earlier one.
    ///
    /// # Errors
    /// `invalid_arguments` naming the argument.
    pub(super) fn check(&self, line: &ScriptLine) -> Result<()> {
        line.arguments.iter().try_for_each(|(name, value)| self.check_value(value, name, line.number))
    }

    fn check_value(&self, value: &Value, path: &str, line: usize) -> Result<()> {
        match value {
            Value::String(text) => references(text).try_for_each(|reference| self.check_one(reference, path, line)),
            Value::Array(items) => items.iter().try_for_each(|item| self.check_value(item, path, line)),
            Value::Object(members) => {
                members.iter().try_for_each(|(name, value)| self.check_value(value, &format!("{path}.{name}"), line))
            }
            _ => Ok(()),
        }
    }

    fn check_one(&self, reference: &str, path: &str, line: usize) -> Result<()> {
        let name = name_of(reference);
        match self.names.get(name) {
            Some(of) if *of < line => Ok(()),
            Some(of) => {
                let message =
                    format!("`{path}`: {{{{{reference}}}}} is the answer of line {of}, which is not done yet then.");
                Err(Error::invalid(path, message))
            }
            // HighLevel's own merge fields and the columns of a template are written in the same way.
            None => match nearest(name, self.names.keys().map(String::as_str)).filter(|_| reference.contains('.')) {
                Some(near) => {
                    let message = format!(
                        "`{path}`: {{{{{reference}}}}} names no earlier answer. Did you mean {near}? If the text is meant as it is, give that line another name."
                    );
                    Err(Error::invalid(path, message))
                }
                None => Ok(()),
            },
        }
    }

    fn filled(&self, value: &Value, path: &str) -> Result<Value> {
        Ok(match value {
            Value::String(text) => self.filled_text(text, path)?,
            Value::Array(items) => items.iter().map(|item| self.filled(item, path)).collect::<Result<_>>()?,
            Value::Object(members) => {
                let filled = members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.filled(value, &format!("{path}.{name}"))?)));
                Value::Object(filled.collect::<Result<_>>()?)
            }
            other => other.clone(),
        })
    }

    fn filled_text(&self, text: &str, path: &str) -> Result<Value> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(MARKS.0) {
            let Some((reference, after)) = after.split_once(MARKS.1) else { break };
            let value = self.value(reference, path)?;
            if before.is_empty() && after.is_empty() && result.is_empty() {
                // The whole text is one reference, whose value keeps its type.
                return Ok(value.cloned().unwrap_or_else(|| text.into()));
            }
            result.push_str(before);
            match value {
                Some(Value::Null) => {}
                Some(Value::String(text)) => result.push_str(text),
                Some(other) => result.push_str(&other.to_string()),
                // No reference: the text as it is.
                None => [MARKS.0, reference, MARKS.1].iter().for_each(|part| result.push_str(part)),
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result.into())
    }

    /// The value of a reference; `None` for what is none.
    fn value(&self, reference: &str, path: &str) -> Result<Option<&Value>> {
        let name = name_of(reference);
        let Some(line) = self.names.get(name) else { return Ok(None) };
        let Some(mut value) = self.known.get(name) else {
            let message = format!("`{path}`: {{{{{reference}}}}} has no value: line {line} was not done.");
            return Err(Error::invalid(path, message));
        };
        for part in reference.trim().split('.').skip(1) {
            let part = part.trim();
            let inner = match value {
                Value::Array(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
                other => other.get(part),
            };
            value = inner.ok_or_else(|| {
                let message = format!("`{path}`: {{{{{reference}}}}}: there is no {part}{}.", has_instead(value));
                Error::invalid(path, message)
            })?;
        }
        Ok(Some(value))
    }
}

/// What a value has, for who looked for something else.
fn has_instead(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().take(LISTED).map(String::as_str).collect();
            format!(", only {}", names.join(", "))
        }
        Value::Array(items) => format!(", only {} items, from 0", items.len()),
        _ => " in it".to_owned(),
    }
}

/// The references in a text, without their marks.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split(MARKS.0).skip(1).filter_map(|part| part.split_once(MARKS.1)).map(|(reference, _)| reference)
}

/// The name that a reference begins with.
fn name_of(reference: &str) -> &str {
    reference.split('.').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::PathBuf;

    fn line(number: usize, name: Option<&str>, arguments: Value) -> ScriptLine {
        ScriptLine {
            number,
            tool: "get_contact".to_owned(),
            arguments: arguments.as_object().cloned().unwrap(),
            name: name.map(str::to_owned),
            account: None,
            sha256: String::new(),
        }
    }

    fn results(uses: Value) -> (Results, ScriptLine) {
        let first = line(1, Some("ann"), json!({}));
        let second = line(2, None, uses);
        let script = Script { path: PathBuf::new(), lines: vec![first.clone(), second.clone()] };
        let mut results = Results::of(&script);
        results
            .add(&first, json!({"id": "c-1", "score": 7.5, "tags": ["a", "b"], "data": [{"id": "x"}], "none": null}));
        (results, second)
    }

    #[test]
    fn a_whole_reference_keeps_its_type_and_others_become_text() {
        let uses = json!({"id": "{{ann.id}}", "customFields": {"score": "{{ ann.score }}"}, "tags": "{{ann.tags}}",
            "first": ["{{ann.data.0.id}}"], "text": "{{ann.id}}: {{ann.score}} {{ann.none}}!"});
        let (results, line) = results(uses);
        let expected = json!({"id": "c-1", "customFields": {"score": 7.5}, "tags": ["a", "b"], "first": ["x"], "text": "c-1: 7.5 !"});
        assert_eq!(Value::Object(results.fill(&line).unwrap()), expected);
        results.check(&line).unwrap();
    }

    #[test]
    fn merge_fields_and_columns_are_no_references() {
        let uses = json!({"message": "Hi {{contact.first_name}}, {{}} {{score", "template": {"x": "{{score}}"}});
        let (results, line) = results(uses.clone());
        results.check(&line).unwrap();
        assert_eq!(Value::Object(results.fill(&line).unwrap()), uses);
    }

    #[test]
    fn what_an_answer_does_not_have_is_named() {
        for (uses, said) in [
            ("{{ann.emial}}", "only id, score"),
            ("{{ann.tags.2}}", "only 2 items"),
            ("{{ann.id.x}}", "there is no x in it"),
        ] {
            let (results, line) = results(json!({"id": uses}));
            let error = results.fill(&line).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("id"));
            assert!(error.message.contains(said), "{}", error.message);
        }
        let (results, line) = results(json!({"id": "{{anm.id}}"}));
        assert!(results.check(&line).unwrap_err().message.contains("Did you mean ann?"));
        let own = line.clone();
        let script = Script { path: PathBuf::new(), lines: vec![ScriptLine { name: Some("anm".to_owned()), ..own }] };
        let error = Results::of(&script).check(&line).unwrap_err();
        assert!(error.message.contains("not done yet"), "{}", error.message);
    }
}
