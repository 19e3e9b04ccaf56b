//! The template of a plan: the arguments of each call, with the row's values in the place of `{{column}}`. Pure.

use highlevel_core::{
    error::{Error, Result},
    suggest::did_you_mean,
};
use serde_json::{Map, Value};

/// The marks around a column's name.
const MARKS: (&str, &str) = ("{{", "}}");

/// What each row's call is made of.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// The arguments; `None` where the row's own are all.
    arguments: Option<Map<String, Value>>,
}

impl Template {
    /// The template of a plan, whose rows have these columns. Without columns, they are not known yet.
    ///
    /// # Errors
    /// `invalid_arguments` naming a column that no row has.
    pub(super) fn read(arguments: Option<&Map<String, Value>>, columns: Option<&[String]>) -> Result<Self> {
        let template = Self { arguments: arguments.cloned() };
        if let (Some(arguments), Some(known)) = (arguments, columns) {
            check(&Value::Object(arguments.clone()), "template", known)?;
        }
        Ok(template)
    }

    /// The arguments of a row's call. `id_field` is the argument that takes the row's `id`, where the template has none.
    ///
    /// # Errors
    /// `invalid_arguments` naming a column that the row lacks.
    pub(super) fn fill(&self, row: RowValues, id_field: Option<&str>) -> Result<Map<String, Value>> {
        let RowValues { columns, mut arguments } = row;
        arguments.retain(|_, value| !value.is_null());
        let Some(template) = &self.arguments else { return Ok(arguments) };
        for (name, value) in template {
            match filled(value, &columns, name)? {
                // A column without a value gives no argument.
                Value::Null => {}
                value => merge(&mut arguments, name, value),
            }
        }
        if let (Some(field), Some(id)) = (id_field, columns.get("id"))
            && !arguments.contains_key(field)
        {
            arguments.shift_insert(0, field.to_owned(), id.clone());
        }
        Ok(arguments)
    }
}

/// The values of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct RowValues {
    /// By the names of its columns, for the template.
    pub(super) columns: Map<String, Value>,
    /// Those that are arguments whatever the template has.
    pub(super) arguments: Map<String, Value>,
}

/// Sets an argument; the members of an object are added to those that are there.
fn merge(arguments: &mut Map<String, Value>, name: &str, value: Value) {
    match (arguments.get_mut(name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
        (_, value) => drop(arguments.insert(name.to_owned(), value)),
    }
}

/// A value with the row's values in the place of its columns. A member that is only a column without a value is left out.
fn filled(value: &Value, row: &Map<String, Value>, path: &str) -> Result<Value> {
    Ok(match value {
        Value::String(text) => filled_text(text, row, path)?,
        Value::Array(items) => {
            let items = items.iter().map(|item| filled(item, row, path)).collect::<Result<Vec<_>>>()?;
            items.into_iter().filter(|item| !item.is_null()).collect()
        }
        Value::Object(members) => {
            let mut all = Map::new();
            for (name, value) in members {
                let was_null = value.is_null();
                let value = filled(value, row, &format!("{path}.{name}"))?;
                if was_null || !value.is_null() {
                    all.insert(name.clone(), value);
                }
            }
            all.into()
        }
        other => other.clone(),
    })
}

fn filled_text(text: &str, row: &Map<String, Value>, path: &str) -> Result<Value> {
    let column = |name: &str| {
        row.get(name.trim()).or_else(|| {
            let near = row.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
            near.map(|(_, value)| value)
        })
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARKS.0) {
        let Some((name, after)) = after.split_once(MARKS.1) else { break };
        let value = column(name).ok_or_else(|| unknown_column(path, name, row.keys().map(String::as_str)))?;
        if before.is_empty() && after.is_empty() && result.is_empty() {
            // The whole text is one column, whose value keeps its type.
            return Ok(value.clone());
        }
        result.push_str(before);
        match value {
            Value::Null => {}
            Value::String(text) => result.push_str(text),
            other => result.push_str(&other.to_string()),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result.into())
}

/// Checks that each column of a template is one of these.
fn check(value: &Value, path: &str, known: &[String]) -> Result<()> {
    match value {
        Value::String(text) => {
            let parts = text.split(MARKS.0).skip(1).filter_map(|part| part.split_once(MARKS.1));
            for (name, _) in parts {
                if !known.iter().any(|column| column.eq_ignore_ascii_case(name.trim())) {
                    return Err(unknown_column(path, name, known.iter().map(String::as_str)));
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| check(item, path, known)),
        Value::Object(members) => {
            members.iter().try_for_each(|(name, value)| check(value, &format!("{path}.{name}"), known))
        }
        _ => Ok(()),
    }
}

fn unknown_column<'a>(path: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Error {
    let hint = did_you_mean(name.trim(), known.clone());
    let known: Vec<&str> = known.take(40).collect();
    let message = format!("`{path}`: the rows have no column {}.{hint} Columns: {}.", name.trim(), known.join(", "));
    Error::invalid(path, message)
}

#[cfg(test)]
mod tests {
    use super::{RowValues, Template};
    use serde_json::{Map, Value, json};

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn fill(template: Value, row: Value, adds: bool) -> Value {
        let template = Template::read(template.as_object(), None).unwrap();
        let arguments = if adds { members(row.clone()) } else { Map::new() };
        template.fill(RowValues { columns: members(row), arguments }, Some("id")).unwrap().into()
    }

    #[test]
    fn columns_keep_their_types_and_texts_are_put_together() {
        let template = json!({"addTags": ["vip", "{{city}}"], "customFields": {"score": "{{score}}", "none": "{{none}}"},
            "companyName": "{{first}} & Co", "clear": null});
        let row = json!({"id": "c-1", "city": "Ulm", "score": 7.5, "none": null, "first": "Ann"});
        let expected =
            json!({"id": "c-1", "addTags": ["vip", "Ulm"], "customFields": {"score": 7.5}, "companyName": "Ann & Co"});
        assert_eq!(fill(template, row, false), expected);
    }

    #[test]
    fn a_files_columns_are_arguments_beside_the_template() {
        let row = json!({"email": "a@b.example", "phone": null, "customFields": {"a": 1}});
        let expected = json!({"email": "a@b.example", "customFields": {"a": 1, "b": 2}, "source": "fair"});
        assert_eq!(fill(json!({"source": "fair", "customFields": {"b": 2}}), row.clone(), true), expected);
        assert_eq!(fill(Value::Null, row, true), json!({"email": "a@b.example", "customFields": {"a": 1}}));
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest_one() {
        let columns = ["score".to_owned(), "id".to_owned()];
        let template = members(json!({"customFields": {"x": "{{scor}}"}}));
        let error = Template::read(Some(&template), Some(&columns)).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("template.customFields.x"));
        assert!(error.message.contains("score"), "{}", error.message);
    }
}
