//! Objects of the API in the tools' form, with names in place of ids.

use super::{
    Official,
    endpoint::{Endpoint, Names},
    name_cache::NameList,
    names,
};
use highlevel_core::context::CallContext;
use serde_json::{Map, Value};

impl Official {
    /// Converts an object to the tools' form, with names in place of ids.
    pub(super) async fn converted(
        &self,
        endpoint: &Endpoint,
        object: Map<String, Value>,
        context: &CallContext,
    ) -> Value {
        let mut names = Names::default();
        let has_fields = object.get("customFields").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        // The answers of a submission are under the ids of custom fields.
        let has_answers = object.get("others").is_some_and(Value::is_object);
        if endpoint.names.contains(&NameList::CustomFields) && (has_fields || has_answers) {
            names.fields = self.names(NameList::CustomFields, context).await;
        }
        if endpoint.names.contains(&NameList::Pipelines) {
            names.pipelines = self.names(NameList::Pipelines, context).await;
        }
        if endpoint.names.contains(&NameList::Forms) {
            names.forms = self.names(NameList::Forms, context).await;
        }
        if endpoint.names.contains(&NameList::Surveys) {
            names.surveys = self.names(NameList::Surveys, context).await;
        }
        if endpoint.needs_today {
            names.today = self.today(context).await;
        }
        if endpoint.names.contains(&NameList::Calendars) {
            names.calendars = self.names(NameList::Calendars, context).await;
        }
        let mut value = (endpoint.convert)(object, &names);
        // The list of users takes a request, so it is only read for objects with an owner.
        if let Some(owner) = value.get("assignedTo").and_then(Value::as_str).map(str::to_owned) {
            let name = names::user_name(&self.names(NameList::Users, context).await, &owner);
            if let (Some(name), Some(object)) = (name, value.as_object_mut()) {
                object.insert("assignedToName".to_owned(), name.into());
            }
        }
        value
    }
}
