//! The object that a call of the catalogue is about: read by the call's path or by the id in an argument, or found in a
//! list.

use crate::api::Adapter;
use highlevel_catalog::{Answer, Arguments, Found, Invocation, Passthrough, Scope, marks};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_operations as operations;
use serde_json::Value;

/// The items of a list that are looked through: first the latest, then many.
const LISTED: [u64; 2] = [100, 2_000];

/// The most lists that are looked through if the object's list is one of several.
const MAX_PARENTS: usize = 20;

/// The depth to which an answer without a known list is searched for an item.
const DEPTH: usize = 3;

/// A call that shows what another call is about.
pub(super) struct Look {
    call: Invocation,
    /// The id of the object.
    id: String,
    /// The argument that has the id.
    argument: String,
    /// Whether the object is one of several in the answer.
    in_list: bool,
}

impl Look {
    /// The operation that is called.
    pub(super) fn operation(&self) -> &str {
        &self.call.spec.name
    }

    /// The id that is looked for.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What tells this look from others.
    ///
    /// # Errors
    /// As those of the call's path.
    pub(super) fn key(&self, api: &Adapter) -> Result<String> {
        Ok(format!("{} {} {}", self.operation(), api.path(&self.call)?, self.id))
    }

    /// Whether the object belongs to the location of this server, if it names none itself: it is in an answer for that
    /// location.
    pub(super) fn is_of_location(&self, seen: &Value) -> bool {
        let names_location = self.call.spec.scope_fields.iter().any(|field| field.of == Scope::Location);
        names_location && (self.in_list || item(seen, self, DEPTH).is_some())
    }

    /// Reads the object, or finds it in the list. `None` if the list does not have it.
    ///
    /// # Errors
    /// The error of the read.
    pub(super) async fn see(&self, api: &Adapter, context: &CallContext) -> Result<Option<Value>> {
        if !self.in_list {
            return api.object(&self.call, context).await.map(Some);
        }
        match missing(&self.call).as_slice() {
            [] => self.search(&self.call, api, context).await,
            [only] => self.search_each(only, api, context).await,
            _ => Ok(None),
        }
    }

    /// Searches the lists of all values of an argument that the list needs and this call does not have.
    async fn search_each(&self, argument: &str, api: &Adapter, context: &CallContext) -> Result<Option<Value>> {
        let marks = self.call.spec.passthrough.as_ref().map(|form| &form.marks);
        let Some(found) = marks.and_then(|marks| marks.found.iter().find(|found| found.argument == argument)) else {
            return Ok(None);
        };
        let mut parents = Invocation { spec: operations::find(&found.by)?.spec()?, id: None, arguments: with(found) };
        parents.arguments.set("limit", MAX_PARENTS as u64);
        let Answer::List(parents) = api.run(&parents, context).await.map_err(|failed| failed.error)?.answer else {
            return Ok(None);
        };
        for parent in parents.items.iter().filter_map(|parent| ids(parent, argument).next()) {
            let mut list = self.call.clone();
            list.arguments.set(argument, parent);
            if let Some(item) = self.search(&list, api, context).await? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    async fn search(&self, list: &Invocation, api: &Adapter, context: &CallContext) -> Result<Option<Value>> {
        for limit in LISTED {
            let mut list = list.clone();
            if list.spec.is_list() {
                list.arguments.set("limit", limit);
            }
            let answer = api.run(&list, context).await.map_err(|failed| failed.error)?.answer;
            let (found, is_whole) = match &answer {
                Answer::List(page) => {
                    (page.items.iter().find(|item| self.is(item)).cloned(), (page.items.len() as u64) < limit)
                }
                Answer::Object(object) => (item(object, self, DEPTH).cloned(), true),
            };
            if found.is_some() || is_whole {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether this is the object.
    fn is(&self, object: &Value) -> bool {
        ids(object, &self.argument).any(|id| id == self.id)
    }
}

/// The looks that show what a call is about, the nearest first: by its path, then by its arguments.
pub(super) fn all(call: &Invocation, form: &Passthrough) -> Result<Vec<Look>> {
    let mut looks = Vec::new();
    for name in form.reads.iter() {
        looks.extend(by_path(call, name)?);
    }
    for found in form.marks.found.iter().chain(&form.marks.references) {
        looks.extend(by_argument(call, found)?);
    }
    Ok(looks)
}

/// The look that shows the object itself, or the nearest thing that it belongs to.
pub(super) fn nearest(call: &Invocation, form: &Passthrough) -> Result<Option<Look>> {
    if let Some(read) = form.reads.first() {
        return by_path(call, read);
    }
    match form.marks.found.first() {
        Some(found) => by_argument(call, found),
        None => Ok(None),
    }
}

/// The call of a read whose path is the beginning of this call's path. `None` if it needs other arguments, too.
fn by_path(call: &Invocation, name: &str) -> Result<Option<Look>> {
    let spec = operations::find(name)?.spec()?;
    let (Some(own), Some(route)) = (call.spec.route.as_http(), spec.route.as_http()) else { return Ok(None) };
    let mut arguments = Arguments::default();
    let mut last = None;
    for (theirs, ours) in route.parameters().zip(own.parameters()) {
        if let Some(value) = call.arguments.get(ours) {
            arguments.set(theirs, value.clone());
            last = value.as_str().map(|id| (ours.to_owned(), id.to_owned()));
        }
    }
    let call = Invocation { spec, id: None, arguments };
    let Some((argument, id)) = last.filter(|_| missing(&call).is_empty()) else { return Ok(None) };
    Ok(Some(Look { call, id, argument, in_list: false }))
}

/// The call that shows the object with the id in an argument. `None` without the argument.
fn by_argument(call: &Invocation, found: &Found) -> Result<Option<Look>> {
    let Some(id) = marks::text_at(&call.arguments, &found.argument) else { return Ok(None) };
    let spec = operations::find(&found.by)?.spec()?;
    let Some(route) = spec.route.as_http() else { return Ok(None) };
    let (mut arguments, id) = (with(found), id.to_owned());
    let argument = found.argument.rsplit('.').next().unwrap_or_default().to_owned();
    let is_filled = |name: &str| spec.scope_fields.iter().any(|field| field.name == name);
    let parameter = route.parameters().filter(|name| !is_filled(name)).last();
    let in_list = parameter.is_none();
    if let Some(parameter) = parameter {
        arguments.set(parameter, id.as_str());
    }
    let mut look = Invocation { spec, id: None, arguments };
    // What both name is the same, such as the knowledge base of a question.
    for name in missing(&look) {
        if let Some(value) = call.arguments.get(&name).filter(|_| in_list && name != found.argument) {
            look.arguments.set(&name, value.clone());
        }
    }
    Ok(Some(Look { call: look, id, argument, in_list }))
}

fn with(found: &Found) -> Arguments {
    let mut arguments = Arguments::default();
    found.with.iter().for_each(|(name, value)| arguments.set(name, value.as_ref()));
    arguments
}

/// The required arguments that a call does not have.
fn missing(call: &Invocation) -> Vec<String> {
    let required = call.spec.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
    required.filter_map(Value::as_str).filter(|name| !call.arguments.has(name)).map(str::to_owned).collect()
}

/// The ids of an object: its own, and the member with the name of the argument.
fn ids<'a>(object: &'a Value, argument: &'a str) -> impl Iterator<Item = &'a str> {
    ["id", "_id", argument].into_iter().filter_map(|name| object.get(name)?.as_str())
}

/// The object in an answer.
fn item<'a>(answer: &'a Value, look: &Look, depth: usize) -> Option<&'a Value> {
    if look.is(answer) {
        return Some(answer);
    }
    match answer {
        Value::Object(members) if depth > 0 => members.values().find_map(|inner| item(inner, look, depth - 1)),
        Value::Array(items) if depth > 0 => items.iter().find_map(|inner| item(inner, look, depth - 1)),
        _ => None,
    }
}
