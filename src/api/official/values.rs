//! Values of custom fields: read from whatever member they come in, and checked against the field's type before they are
//! sent, since the API drops what does not fit in silence. Pure.

use super::{fields::Field, names::same, request::text};
use chrono::{DateTime, NaiveTime, SecondsFormat};
use highlevel_catalog::{date_in, number_in};
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// What a type lets a value be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Email,
    Number,
    Date,
    Flag,
    /// One of the options.
    One,
    /// Some of the options.
    Several,
    /// Texts by the names of boxes.
    Boxes,
    /// What the application writes: files, signatures, and types that are not known here.
    Anything,
}

impl Field<'_> {
    fn holds(&self) -> Holds {
        match text(self.entry, "dataType").unwrap_or_default() {
            "TEXT" | "LARGE_TEXT" | "PHONE" => Holds::Text,
            "EMAIL" => Holds::Email,
            "NUMERICAL" | "MONETORY" | "MONETARY" => Holds::Number,
            "DATE" => Holds::Date,
            "BOOLEAN" => Holds::Flag,
            "SINGLE_OPTIONS" | "RADIO" => Holds::One,
            "MULTIPLE_OPTIONS" | "CHECKBOX" => Holds::Several,
            "TEXTBOX_LIST" => Holds::Boxes,
            _ => Holds::Anything,
        }
    }

    /// The texts that it may be, if there is a list of them.
    fn options(&self) -> Vec<&str> {
        let lists =
            ["picklistOptions", "options", "textBoxListOptions"].iter().filter_map(|name| self.entry.get(*name));
        let all = lists.filter_map(Value::as_array).find(|list| !list.is_empty()).into_iter().flatten();
        all.filter_map(|option| match option {
            Value::String(option) => Some(option.as_str()),
            Value::Object(option) => ["label", "name", "value", "key", "id"].iter().find_map(|name| text(option, name)),
            _ => None,
        })
        .collect()
    }

    /// Whether it takes texts beside its options.
    fn takes_others(&self) -> bool {
        ["isAllowedCustomOption", "allowCustomOption"]
            .iter()
            .any(|name| self.entry.get(*name).and_then(Value::as_bool) == Some(true))
    }
}

/// A value as its field's type has it. Null empties the field.
///
/// # Errors
/// `invalid_arguments` naming the field and what is allowed.
pub(super) fn written(field: &Field<'_>, wanted: &str, value: &Value) -> Result<Value> {
    let at = format!("customFields.{wanted}");
    let wrong = |what: &str| Error::invalid(at.clone(), format!("`{at}` must be {what}, not {}.", brief(value)));
    let plain = plain_text(value);
    match (field.holds(), value) {
        (_, Value::Null) => Ok(Value::Null),
        // Emptied, whatever it holds.
        (_, Value::String(empty)) if empty.trim().is_empty() => Ok("".into()),
        (Holds::Anything, _) => Ok(plain.map_or_else(|| value.clone(), Value::from)),
        (Holds::Text, _) => plain.map(Value::from).ok_or_else(|| wrong("a text")),
        (Holds::Email, _) => plain
            .and_then(|text| text.trim().parse::<highlevel_catalog::text::Email>().ok())
            .map(|email| email.as_str().into())
            .ok_or_else(|| wrong("an e-mail address, such as name@example.com")),
        (Holds::Number, Value::Number(_)) => Ok(value.clone()),
        (Holds::Number, _) => value.as_str().and_then(number).ok_or_else(|| wrong("a number, such as 1500 or 1500.50")),
        (Holds::Date, _) => date(value).map(Value::from).ok_or_else(|| wrong("a date, such as 2025-02-28")),
        (Holds::Flag, _) => truth(value).map(Value::from).ok_or_else(|| wrong("true or false")),
        (Holds::One, Value::Array(items)) => match items.as_slice() {
            [only] => one_of(field, &at, only),
            _ => Err(wrong("one text: the field holds one option")),
        },
        (Holds::One, _) => one_of(field, &at, value),
        (Holds::Several, _) => several_of(field, &at, value),
        (Holds::Boxes, Value::Object(boxes)) => boxes_of(field, &at, boxes),
        (Holds::Boxes, _) => {
            let names = field.options();
            let example =
                names.first().map_or("{\"box\": \"text\"}".to_owned(), |name| format!("{{\"{name}\": \"text\"}}"));
            Err(wrong(&format!("an object of texts, such as {example}")))
        }
    }
}

/// The text of a scalar.
fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A value for an error.
fn brief(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// The option that a value means.
fn one_of(field: &Field<'_>, at: &str, value: &Value) -> Result<Value> {
    let options = field.options();
    let Some(given) = plain_text(value) else {
        return Err(Error::invalid(at, format!("`{at}` must be {}, not {}.", allowed(&options), brief(value))));
    };
    match options.iter().find(|option| **option == given).or_else(|| options.iter().find(|option| same(option, &given)))
    {
        Some(option) => Ok((*option).into()),
        None => match flag_option(&options, value) {
            Some(option) => Ok(option.into()),
            None if options.is_empty() || field.takes_others() => Ok(given.into()),
            None => {
                let near = nearest(&given, options.iter().copied());
                let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
                Err(Error::invalid(at, format!("`{at}` must be {}, not `{given}`.{near}", allowed(&options))))
            }
        },
    }
}

/// The option that says yes or no, for a boolean.
fn flag_option<'a>(options: &[&'a str], value: &Value) -> Option<&'a str> {
    let wanted = value.as_bool().or_else(|| truth(value))?;
    let mut meaning = options.iter().filter(|option| truth(&Value::from(**option)) == Some(wanted));
    match (meaning.next(), meaning.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn allowed(options: &[&str]) -> String {
    match options {
        [] => "a text".to_owned(),
        [only] => format!("`{only}`"),
        _ => format!("one of {}", options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// The options that a value means, in its order, each once.
fn several_of(field: &Field<'_>, at: &str, value: &Value) -> Result<Value> {
    let options = field.options();
    let items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        // A checkbox with one option is on or off.
        Value::Bool(flag) if options.len() == 1 => {
            return Ok(if *flag { options.into_iter().collect() } else { "".into() });
        }
        Value::String(list) if one_of(field, at, value).is_err() || field.takes_others() && list.contains(',') => {
            list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        Value::Object(_) => {
            let message = format!("`{at}` must be a list of texts, each {}, not {}.", allowed(&options), brief(value));
            return Err(Error::invalid(at, message));
        }
        one => vec![one.clone()],
    };
    let mut chosen: Vec<Value> = Vec::new();
    for item in &items {
        let option = one_of(field, at, item)?;
        if !chosen.contains(&option) {
            chosen.push(option);
        }
    }
    Ok(chosen.into())
}

/// Texts by the names of boxes, which have to be the field's.
fn boxes_of(field: &Field<'_>, at: &str, boxes: &Map<String, Value>) -> Result<Value> {
    let known = field.options();
    let list = field.entry.get("picklistOptions").or_else(|| field.entry.get("textBoxListOptions"));
    let ids: Vec<&str> =
        list.and_then(Value::as_array).into_iter().flatten().filter_map(|one| one.get("id")?.as_str()).collect();
    let mut written = Map::new();
    for (name, value) in boxes {
        let own = ids.iter().find(|id| *id == name).or_else(|| known.iter().find(|label| same(label, name)));
        let name = match own {
            Some(own) => (*own).to_owned(),
            None if known.is_empty() => name.clone(),
            None => {
                let message = format!("`{at}` has no `{name}`. It has {}.", known.join(", "));
                return Err(Error::invalid(at, message));
            }
        };
        let value =
            if value.is_null() { Value::Null } else { plain_text(value).map_or_else(|| value.clone(), Value::from) };
        written.insert(name, value);
    }
    Ok(written.into())
}

/// The number that a text can only mean, with a currency's sign or word beside it. Commas between groups of three digits
/// stand between thousands.
fn number(text: &str) -> Option<Value> {
    let is_sign = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹') || c.is_whitespace();
    let bare = text.trim_matches(is_sign);
    let minus = bare.strip_prefix('-').map(|rest| rest.trim_start_matches(is_sign));
    let bare = minus.unwrap_or(bare);
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let bare = match bare.split_once(char::is_whitespace) {
        Some((code, rest)) if is_code(code) => rest.trim(),
        _ => match bare.rsplit_once(char::is_whitespace) {
            Some((rest, code)) if is_code(code) => rest.trim(),
            _ => bare,
        },
    };
    if bare.starts_with(['-', '+']) && minus.is_some() {
        return None;
    }
    let (whole, fraction) = bare.split_once('.').map_or((bare, ""), |(whole, fraction)| (whole, fraction));
    let groups: Vec<&str> = whole.split(',').collect();
    let is_grouped = groups.len() > 1
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()))
        && groups.first().is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))
        && groups.iter().skip(1).all(|group| group.len() == 3);
    let point = if fraction.is_empty() { "" } else { "." };
    let plain = if is_grouped { format!("{}{point}{fraction}", groups.concat()) } else { bare.to_owned() };
    let plain = format!("{}{plain}", if minus.is_some() { "-" } else { "" });
    if !plain.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // One point is a decimal point, as programs write it.
    match plain.strip_suffix(".0").or_else(|| plain.strip_suffix(".00")).unwrap_or(&plain).parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => {
            let number = plain.parse::<f64>().ok().filter(|number| number.is_finite());
            number.map(Value::from).or_else(|| number_in(&plain))
        }
    }
}

/// A date as `2025-02-28`: of a date-time its own date, of a number the UTC date at that time.
fn date(value: &Value) -> Option<String> {
    if let Some(time) = epoch(value) {
        return Some(time.date_naive().to_string());
    }
    let read = date_in(value.as_str()?);
    let (date, rest) = read.split_at_checked(10)?;
    let is_date = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok();
    let is_time = rest.is_empty() || DateTime::parse_from_rfc3339(&read).is_ok();
    (is_date && is_time).then(|| date.to_owned())
}

/// The time of milliseconds since 1970, as a number or its text. Fewer than eleven digits may be anything.
fn epoch(value: &Value) -> Option<DateTime<chrono::Utc>> {
    let millis = match value {
        Value::Number(number) => number.as_i64().or_else(|| format!("{:.0}", number.as_f64()?).parse().ok())?,
        Value::String(text) if text.trim().len() >= 11 => text.trim().parse().ok()?,
        _ => return None,
    };
    (millis.unsigned_abs() >= 10_000_000_000).then(|| DateTime::from_timestamp_millis(millis)).flatten()
}

fn truth(value: &Value) -> Option<bool> {
    let word = match value {
        Value::Bool(flag) => return Some(*flag),
        Value::String(word) => word.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match word.as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Members that say of which field an entry is, and of which kind.
const ABOUT: [&str; 10] =
    ["id", "_id", "customFieldId", "key", "fieldKey", "name", "type", "dataType", "model", "locationId"];

/// The value in an entry of an object's list. The API has it under one of many names, and a new one is a value too.
pub(super) fn read(field: Option<&Field<'_>>, entry: &mut Map<String, Value>) -> Value {
    let is_plain = |name: &str| matches!(name, "value" | "fieldValue" | "field_value");
    let is_typed =
        |name: &str| name.starts_with("fieldValue") || name.starts_with("field_value") || name.starts_with("value");
    let find = |is: &dyn Fn(&str) -> bool| {
        entry.iter().find(|(name, value)| is(name) && !value.is_null()).map(|(name, _)| name.clone())
    };
    // A member of another name may be anything, unless it is alone.
    let is_other = |name: &str| !ABOUT.contains(&name);
    let others = entry.iter().filter(|(name, value)| is_other(name) && !value.is_null()).count();
    let found =
        find(&is_plain).or_else(|| find(&is_typed)).or_else(|| (others == 1).then(|| find(&is_other)).flatten());
    let Some(name) = found else { return Value::Null };
    let value = entry.shift_remove(&name).unwrap_or_default();
    let holds = field.map(Field::holds);
    let is_date = name.to_lowercase().ends_with("date") || holds == Some(Holds::Date);
    match (&value, holds) {
        (_, _) if is_date && epoch(&value).is_some() => epoch(&value).map(|time| shown_time(&time)).into(),
        // Numbers are texts in the API's answers, and texts that look like one stay texts.
        (Value::String(text), Some(Holds::Number)) => {
            let whole = text.trim().parse::<i64>().ok().map(Value::from);
            let number = whole.or_else(|| text.trim().parse::<f64>().ok().map(Value::from));
            number.filter(|number| !number.is_null()).unwrap_or(value)
        }
        (Value::Number(number), Some(Holds::Text | Holds::Email | Holds::One)) => number.to_string().into(),
        (Value::Bool(flag), Some(Holds::Text | Holds::Email | Holds::One)) => flag.to_string().into(),
        _ => value,
    }
}

/// A time as a date, if it is one of no particular hour.
fn shown_time(time: &DateTime<chrono::Utc>) -> String {
    if time.time() == NaiveTime::MIN {
        time.date_naive().to_string()
    } else {
        time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}
