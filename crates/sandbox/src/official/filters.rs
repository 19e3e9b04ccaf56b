//! The filters of the contact search: `{field, operator, value}`, and groups of them.

use super::organization::text;
use super::paging::millis;
use crate::account::{Fields, FilterFields, digits};
use chrono::DateTime;
use serde_json::Value;

/// A condition on a contact.
#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    One { field: Field, operator: Operator, value: Value },
}

/// A field to filter by, with its stored name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Text(&'static str),
    Phone,
    Tags,
    Time(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    NotEq,
    Contains,
    NotContains,
    Exists,
    NotExists,
    Range,
}

const FIELDS: &[(&str, Field)] = &[
    ("id", Field::Text("id")),
    ("email", Field::Text("email")),
    ("firstNameLowerCase", Field::Text("firstName")),
    ("lastNameLowerCase", Field::Text("lastName")),
    ("companyName", Field::Text("companyName")),
    ("businessName", Field::Text("companyName")),
    ("source", Field::Text("source")),
    ("assignedTo", Field::Text("assignedTo")),
    ("phone", Field::Phone),
    ("tags", Field::Tags),
    ("dateAdded", Field::Time("createdAt")),
    ("dateUpdated", Field::Time("updatedAt")),
];

const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Eq),
    ("not_eq", Operator::NotEq),
    ("contains", Operator::Contains),
    ("not_contains", Operator::NotContains),
    ("exists", Operator::Exists),
    ("not_exists", Operator::NotExists),
    ("range", Operator::Range),
];

/// Parses a list of filters, all of which must hold.
pub(crate) fn parse(filters: &Value) -> Result<Filter, String> {
    Ok(Filter::All(list(filters)?))
}

fn list(filters: &Value) -> Result<Vec<Filter>, String> {
    filters.as_array().ok_or("filters must be an array")?.iter().map(one).collect()
}

fn one(filter: &Value) -> Result<Filter, String> {
    let word = |name: &str| filter.get(name).and_then(Value::as_str);
    if let Some(group) = word("group") {
        let inner = list(filter.get("filters").unwrap_or(&Value::Null))?;
        return match group {
            "AND" => Ok(Filter::All(inner)),
            "OR" => Ok(Filter::Any(inner)),
            _ => Err(format!("Invalid group {group}")),
        };
    }
    let name = word("field").ok_or("a filter needs a field")?;
    let (_, field) = FIELDS.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("Invalid field {name}"))?;
    let operator = word("operator").unwrap_or_default();
    let (_, operator) = OPERATORS
        .iter()
        .find(|(known, _)| *known == operator)
        .ok_or_else(|| format!("Invalid operator {operator} for {name}"))?;
    let value = filter.get("value").cloned().unwrap_or_default();
    let fits = match (field, operator) {
        (_, Operator::Exists | Operator::NotExists) => value.is_null(),
        (Field::Time(_), Operator::Range) => value.is_object(),
        (_, Operator::Range) => false,
        (Field::Time(_), Operator::Contains | Operator::NotContains) => false,
        (Field::Tags, _) => !words(&value).is_empty(),
        _ => value.is_string(),
    };
    if fits {
        Ok(Filter::One { field: *field, operator: *operator, value })
    } else {
        Err(format!("Invalid value for {name}"))
    }
}

/// One text, or the texts of a list.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

impl Filter {
    /// The part of the filter that the account can look up: an exact e-mail or phone.
    pub(crate) fn filter_fields(&self) -> FilterFields {
        let mut filter_fields = FilterFields::default();
        let Self::All(filters) = self else { return filter_fields };
        for filter in filters {
            if let Self::One { field, operator: Operator::Eq, value: Value::String(asked) } = filter {
                match field {
                    Field::Text("email") => filter_fields.email = asked.to_lowercase(),
                    Field::Phone => filter_fields.phone = digits(asked),
                    _ => {}
                }
            }
        }
        filter_fields
    }

    pub(crate) fn fits(&self, contact: &Fields) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.fits(contact)),
            Self::Any(filters) => filters.iter().any(|filter| filter.fits(contact)),
            Self::One { field, operator, value } => match operator {
                Operator::NotEq => !holds(*field, Operator::Eq, value, contact),
                Operator::NotContains => !holds(*field, Operator::Contains, value, contact),
                Operator::NotExists => !holds(*field, Operator::Exists, value, contact),
                operator => holds(*field, *operator, value, contact),
            },
        }
    }
}

fn holds(field: Field, operator: Operator, value: &Value, contact: &Fields) -> bool {
    let asked = value.as_str().unwrap_or_default();
    let (has, asked) = match field {
        Field::Tags => return tags(operator, &words(value), contact),
        Field::Time(name) => return time(operator, value, millis(contact, name)),
        Field::Phone => (digits(text(contact, "phone")), digits(asked)),
        Field::Text(name) => (text(contact, name).to_lowercase(), asked.to_lowercase()),
    };
    match operator {
        Operator::Exists => !has.is_empty(),
        Operator::Contains => has.contains(&asked),
        _ => has == asked,
    }
}

/// `contains` matches any of the tags, `eq` exactly these tags.
fn tags(operator: Operator, asked: &[&str], contact: &Fields) -> bool {
    let has: Vec<_> =
        contact.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    match operator {
        Operator::Exists => !has.is_empty(),
        Operator::Contains => asked.iter().any(|tag| has.contains(tag)),
        _ => has.len() == asked.len() && asked.iter().all(|tag| has.contains(tag)),
    }
}

fn time(operator: Operator, value: &Value, at: i64) -> bool {
    let read = |value: &Value| {
        value.as_i64().or_else(|| {
            let text = value.as_str()?;
            DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_millis()).ok()
        })
    };
    let bound = |name: &str| value.get(name).and_then(read);
    match operator {
        Operator::Exists => true,
        Operator::Range => {
            bound("gte").is_none_or(|bound| at >= bound)
                && bound("gt").is_none_or(|bound| at > bound)
                && bound("lte").is_none_or(|bound| at <= bound)
                && bound("lt").is_none_or(|bound| at < bound)
        }
        _ => read(value) == Some(at),
    }
}
