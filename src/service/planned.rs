//! What the mirror shows of the objects that a plan is about: the values that it would replace, and contacts that exist already.

use super::{
    AccountService, create_once,
    insights::{Question, ignore_progress},
    journal::asked_fields,
    mirror::WaitPolicy,
    upsert,
};
use highlevel_catalog::{Effect, Invocation, contacts::CreateContact};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::{ColumnKind, Parts, Table};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

/// How old the mirror may be when a plan is made.
const MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// The most rows of one statement of a plan. The ids of a batch are fewer; a contact has some dozens of fields.
const MOST_ROWS: usize = 100_000;

/// The most bytes of one answer.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A contact that exists already, and the field by which it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// The contact's id.
    pub id: String,
    /// `email` or `phone`.
    pub field: &'static str,
}

impl AccountService {
    /// A question of a plan.
    fn planning(sql: String, params: Vec<String>) -> Question {
        Question {
            sql,
            params,
            wait: WaitPolicy::Bounded,
            most_rows: MOST_ROWS,
            most_bytes: MOST_BYTES,
            ..Question::default()
        }
    }

    /// Answers a SELECT whose rows a plan is made of, at most `most_rows`.
    ///
    /// # Errors
    /// As [`AccountService::ask`].
    pub async fn plan_rows(&self, sql: &str, most_rows: usize, context: &CallContext) -> Result<super::QueryResult> {
        let question = Question {
            max_age: Some(MAX_AGE),
            most_rows,
            most_bytes: 4 * MOST_BYTES,
            ..Self::planning(sql.to_owned(), Vec::new())
        };
        self.ask(&question, context, &ignore_progress).await
    }

    /// Reads the mirror's table of these calls' objects again if it is old. `None` if it has no such table.
    ///
    /// # Errors
    /// As [`AccountService::ask`].
    pub async fn freshen_for_plan(
        &self,
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<Option<&'static Table>> {
        let Some(table) = self.mirroring.table_of(invocation) else { return Ok(None) };
        let is_hidden = self.rules.hidden_tables.iter().any(|(name, _)| *name == table.name);
        if is_hidden || invocation.spec.passthrough.is_some() {
            return Ok(None);
        }
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let question = Question { max_age: Some(MAX_AGE), ..Self::planning(sql, Vec::new()) };
        self.ask(&question, context, &ignore_progress).await?;
        Ok(Some(table))
    }

    /// The values that these updates would replace, by the object's id. An update that only adds or removes replaces none.
    ///
    /// # Errors
    /// As [`AccountService::ask`].
    pub async fn values_before(
        &self,
        table: &'static Table,
        updates: &[&Invocation],
        context: &CallContext,
    ) -> Result<HashMap<String, Map<String, Value>>> {
        let ids: Vec<&str> = updates.iter().filter_map(|update| Some(update.id.as_ref()?.as_str())).collect();
        let wanted: BTreeSet<String> = updates.iter().flat_map(|update| replaced_fields(update)).collect();
        let mut found: HashMap<String, Map<String, Value>> = HashMap::new();
        let ids = Value::from(ids).to_string();
        let columns: Vec<_> = table.columns.iter().filter(|column| wanted.contains(column.from)).collect();
        let names = columns.iter().map(|column| format!(", \"{}\"", column.name)).collect::<String>();
        let sql = format!("SELECT id, other{names} FROM {} WHERE id IN (SELECT value FROM json_each(?))", table.name);
        let rows = self.ask(&Self::planning(sql, vec![ids.clone()]), context, &ignore_progress).await?.rows;
        for row in rows {
            let mut cells = row.into_iter();
            let Some(Value::String(id)) = cells.next() else { continue };
            let other = cells.next().and_then(|other| serde_json::from_str(other.as_str()?).ok()).unwrap_or_default();
            let mut object = Map::new();
            for (column, value) in columns.iter().zip(cells) {
                let is_date = matches!(column.kind, ColumnKind::Date);
                put(&mut object, column.from, if is_date { as_moment(value) } else { value });
            }
            let has_column = |path: &str| columns.iter().any(|column| column.from == path);
            for path in wanted.iter().filter(|path| !has_column(path)) {
                put(&mut object, path, member(&other, path));
            }
            found.insert(id, object);
        }
        for child in table.children {
            self.parts_before(child, &wanted, &ids, &mut found, context).await?;
        }
        Ok(found)
    }

    /// Adds what a table of parts holds of the wanted fields, such as tags and custom fields.
    async fn parts_before(
        &self,
        child: &highlevel_store::Child,
        wanted: &BTreeSet<String>,
        ids: &str,
        found: &mut HashMap<String, Map<String, Value>>,
        context: &CallContext,
    ) -> Result<()> {
        let prefix = format!("{}.", child.from);
        let keys: Vec<&str> = wanted.iter().filter_map(|path| path.strip_prefix(&prefix)).collect();
        let is_whole = wanted.contains(child.from);
        let [owner, key, rest @ ..] = child.columns else { return Ok(()) };
        let columns = std::iter::once(*key).chain(rest.first().copied()).collect::<Vec<_>>().join(", ");
        if (keys.is_empty() && !is_whole) || child.parts == Parts::InOrder {
            return Ok(());
        }
        let sql =
            format!("SELECT {owner}, {columns} FROM {} WHERE {owner} IN (SELECT value FROM json_each(?))", child.name);
        let rows = self.ask(&Self::planning(sql, vec![ids.to_owned()]), context, &ignore_progress).await?.rows;
        if child.parts == Parts::Tags {
            for object in found.values_mut() {
                object.insert(child.from.to_owned(), Value::Array(Vec::new()));
            }
        }
        for row in rows {
            let [Value::String(id), Value::String(part), values @ ..] = row.as_slice() else { continue };
            let Some(object) = found.get_mut(id) else { continue };
            match child.parts {
                Parts::Tags => {
                    if let Some(Value::Array(tags)) = object.get_mut(child.from) {
                        tags.push(part.as_str().into());
                    }
                }
                _ => {
                    let Some(name) = keys.iter().find(|name| is_whole || name.eq_ignore_ascii_case(part)) else {
                        continue;
                    };
                    put(object, &format!("{prefix}{name}"), values.first().cloned().unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    /// The contacts that exist already with the e-mail address or the phone number of these creates, in their order.
    ///
    /// # Errors
    /// As [`AccountService::ask`].
    pub async fn known_contacts(
        &self,
        creates: &[&Invocation],
        context: &CallContext,
    ) -> Result<Vec<Option<KnownContact>>> {
        let texts = |field: &str, forms: fn(&str) -> Vec<String>| -> Vec<String> {
            creates.iter().filter_map(|create| create.arguments.text(field)).flat_map(forms).collect()
        };
        let emails: Vec<String> =
            texts("email", create_once::emails).into_iter().map(|email| email.trim().to_lowercase()).collect();
        let by_email = self.ids_where("lower(email)", emails, context).await?;
        let by_phone = self.ids_where("phone", texts("phone", create_once::phones), context).await?;
        let known = |create: &&Invocation| {
            let email = create.arguments.text("email").map(|email| email.trim().to_lowercase());
            let phones = create.arguments.text("phone").map(create_once::phones).unwrap_or_default();
            let by_email = email.and_then(|email| by_email.get(&email));
            let contact = |id: &String, field| KnownContact { id: id.clone(), field };
            by_email
                .map(|id| contact(id, "email"))
                .or_else(|| phones.iter().find_map(|phone| by_phone.get(phone)).map(|id| contact(id, "phone")))
        };
        Ok(creates.iter().map(known).collect())
    }

    async fn ids_where(
        &self,
        expression: &str,
        values: Vec<String>,
        context: &CallContext,
    ) -> Result<HashMap<String, String>> {
        if values.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT {expression}, min(id) FROM contacts WHERE {expression} IN (SELECT value FROM json_each(?)) GROUP BY 1"
        );
        let params = vec![Value::from(values).to_string()];
        let rows = self.ask(&Self::planning(sql, params), context, &ignore_progress).await?.rows;
        let pair = |row: Vec<Value>| match row.as_slice() {
            [Value::String(value), Value::String(id)] => Some((value.clone(), id.clone())),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// A key that all rows about the same object share; `None` for a create that nothing identifies.
    pub fn row_key(&self, invocation: &Invocation) -> Option<String> {
        match &invocation.id {
            Some(id) => Some(format!("{:?} {id}", invocation.spec.toolset)),
            None => create_once::key_of(invocation).or_else(|| upsert::key_of(invocation)),
        }
    }

    /// Whether the call creates a contact, which may exist already.
    pub fn creates_contact(&self, invocation: &Invocation) -> bool {
        invocation.spec.is::<CreateContact>()
    }

    /// Checks the names in a call, such as an owner's, as the call itself will.
    ///
    /// # Errors
    /// `invalid_arguments` for a name that the account does not have, or has several times; those of the requests.
    pub async fn check_names(&self, invocation: &Invocation, context: &CallContext) -> Result<()> {
        self.api.resolve_names(invocation, context).await.map(drop)
    }
}

/// The fields, as paths, whose values an update replaces.
fn replaced_fields(update: &Invocation) -> BTreeSet<String> {
    if update.spec.effect != Effect::Update {
        return BTreeSet::new();
    }
    let adds = ["addTags", "removeTags"].iter().any(|name| update.arguments.has(name));
    asked_fields(update).into_iter().filter(|field| !(adds && field == "tags")).collect()
}

/// Sets the value at a path with at most one dot.
pub fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value)),
        Some((outer, inner)) => {
            let members = object.entry(outer.to_owned()).or_insert_with(|| Map::new().into());
            if let Some(members) = members.as_object_mut() {
                members.insert(inner.to_owned(), value);
            }
        }
    }
}

fn member(object: &Value, path: &str) -> Value {
    path.split('.').try_fold(object, |value, name| value.get(name)).cloned().unwrap_or_default()
}

/// A date of the mirror in the form of the API.
fn as_moment(value: Value) -> Value {
    match value.as_str() {
        Some(text) if text.contains(' ') => format!("{}Z", text.replacen(' ', "T", 1)).into(),
        _ => value,
    }
}

/// The part of an object's values that one update replaces.
pub fn replaced_by(update: &Invocation, values: &Map<String, Value>) -> Map<String, Value> {
    let mut replaced = Map::new();
    for path in replaced_fields(update) {
        let value = values.get(&path).cloned().unwrap_or_else(|| member(&Value::Object(values.clone()), &path));
        put(&mut replaced, &path, value);
    }
    replaced
}
