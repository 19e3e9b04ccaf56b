//! Forms and surveys. Pure functions, but for the list of both.

use super::{
    Official,
    endpoint::{List, Names, OfficialOperation, RequestBuilder},
    fields,
    lists::RawPage,
    name_cache::{JUST_NOW, NameList},
    names, request,
};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::{Request, SendError};
use highlevel_catalog::{
    Invocation, Route,
    forms::{ListForms, ListSubmissions},
};
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
};
use serde_json::{Map, Value};

/// The largest page of the list of forms.
const MAX_PAGE: u64 = 50;

/// The first day of submissions: no account is older. Without a day, the API lists the last month only.
const FIRST_DAY: &str = "2015-01-01";

/// Members of a submission that say nothing about the answers.
const NO_ANSWERS: [&str; 9] = [
    "eventData",
    "fieldsOriSequance",
    "formId",
    "surveyId",
    "location_id",
    "locationId",
    "sessionId",
    "sessionFingerprint",
    "contactSessionIds",
];

/// Forms or surveys. The API has the same two lists of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Forms,
    Surveys,
}

impl Source {
    pub(super) const ALL: [Self; 2] = [Self::Forms, Self::Surveys];

    /// The word for one of them: the argument `kind`, and the member of items.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Forms => "form",
            Self::Surveys => "survey",
        }
    }

    /// The member of an answer that holds them.
    fn member(self) -> &'static str {
        match self {
            Self::Forms => "forms",
            Self::Surveys => "surveys",
        }
    }

    /// The list of their names.
    fn names(self) -> NameList {
        match self {
            Self::Forms => NameList::Forms,
            Self::Surveys => NameList::Surveys,
        }
    }

    /// Those that a list asks for.
    pub(super) fn of(list: &Invocation) -> impl Iterator<Item = Self> {
        let kind = list.arguments.text("kind").map(str::to_owned);
        Self::ALL.into_iter().filter(move |source| kind.as_deref().is_none_or(|kind| kind == source.kind()))
    }

    /// `GET /forms/` or `GET /surveys/`.
    fn list(self, location: &str, skip: u64, limit: u64) -> Request {
        let query = [("locationId", location.to_owned()), ("skip", skip.to_string()), ("limit", limit.to_string())];
        request::get(format!("/{}/", self.member()), &query)
    }

    /// `GET /forms/submissions` or `GET /surveys/submissions`.
    pub(super) fn submissions(self, list: &Invocation, location: &str, page: u64, limit: u64) -> Request {
        let text = |name: &str| list.arguments.text(name).map(str::to_owned);
        // Days begin later in some time zones: the last day is the latest anywhere.
        let last = || (Utc::now() + TimeDelta::days(1)).date_naive().to_string();
        let mut query = vec![
            ("locationId", location.to_owned()),
            ("page", page.to_string()),
            ("limit", limit.to_string()),
            ("startAt", text("since").unwrap_or_else(|| FIRST_DAY.to_owned())),
            ("endAt", text("until").unwrap_or_else(last)),
        ];
        let id = if self == Self::Forms { "formId" } else { "surveyId" };
        query.extend(text("formId").map(|form| (id, form)));
        query.extend(text("search").map(|search| ("q", search)));
        request::get(format!("/{}/submissions", self.member()), &query)
    }
}

/// The operations on forms and surveys.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListForms>(
            Route::get("/forms/"),
            "GET /forms/ and GET /surveys/",
            RequestBuilder::List(List::Forms),
        ),
        OfficialOperation::new::<ListSubmissions>(
            Route::get("/forms/submissions"),
            "GET /forms/submissions and GET /surveys/submissions",
            RequestBuilder::List(List::Submissions),
        )
        .converted_by(submission, &[NameList::CustomFields, NameList::Forms, NameList::Surveys]),
    ]
}

/// Adds what an item is: the answers do not say.
pub(super) fn tagged(mut items: Vec<Value>, source: Source) -> Vec<Value> {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        request::rename(item, "_id", "id");
        item.shift_remove("_id");
        item.insert("kind".to_owned(), source.kind().into());
    }
    items
}

/// When a submission was made, which answers write in several forms.
pub(super) fn made_at(submission: &Value) -> i64 {
    match submission.get("createdAt") {
        Some(Value::Number(millis)) => millis.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => {
            let offset = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z");
            DateTime::parse_from_rfc3339(text).or_else(|_| offset()).map_or(0, |at| at.timestamp_millis())
        }
        _ => 0,
    }
}

/// Converts a submission to the tools' form: the answers by question.
fn submission(mut submission: Map<String, Value>, known: &Names) -> Value {
    request::rename(&mut submission, "surveyId", "formId");
    let others = match submission.shift_remove("others") {
        Some(Value::Object(others)) => others,
        _ => Map::new(),
    };
    let id = request::text(&submission, "formId").unwrap_or_default();
    let forms = known.forms.iter().chain(known.surveys.iter()).filter_map(Value::as_object);
    let name = forms.filter(|form| request::text(form, "id") == Some(id)).find_map(|form| request::text(form, "name"));
    let name = name.map(str::to_owned);
    submission.extend(name.map(|name| ("formName".to_owned(), name.into())));
    let event = others.get("eventData");
    let page = event.and_then(|event| event.get("page")?.get("url")).filter(|url| url.is_string());
    submission.extend(page.cloned().map(|url| ("page".to_owned(), url)));
    let source = event.and_then(|event| event.get("source")).filter(|source| source.is_string());
    submission.extend(source.cloned().map(|source| ("source".to_owned(), source)));
    let order: Vec<String> = others
        .get("fieldsOriSequance")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let place = |key: &str| order.iter().position(|name| name == key).unwrap_or(order.len());
    let mut answers: Vec<(String, Value)> =
        others.into_iter().filter(|(name, value)| !NO_ANSWERS.contains(&name.as_str()) && !value.is_null()).collect();
    answers.sort_by_key(|(key, _)| place(key));
    let answers = answers.into_iter().map(|(key, value)| (fields::name_of(&known.fields, &key), value));
    submission.insert("fields".to_owned(), Value::Object(answers.collect()));
    submission.retain(|_, value| !value.is_null());
    submission.into()
}

impl Official {
    /// All forms and surveys that a list asks for.
    pub(super) async fn every_form(&self, list: &Invocation, context: &CallContext) -> Result<RawPage, SendError> {
        let mut all: Option<RawPage> = None;
        for source in Source::of(list) {
            let one = self.forms_of(source, context).await?;
            let all = all.get_or_insert_with(|| RawPage { whole: true, ..RawPage::new(one.sent_at) });
            let fewer = one.total.is_some_and(|total| total > one.items.len() as u64);
            all.flaw = all.flaw.or(one.flaw).or(fewer.then_some(crate::api::Flaw::Fewer));
            all.items.extend(tagged(one.items, source));
        }
        all.ok_or_else(|| SendError::not_sent(Error::invalid("kind", "`kind` must be form or survey.")))
    }

    /// All forms, or all surveys, as the API lists them.
    pub(super) async fn forms_of(&self, source: Source, context: &CallContext) -> Result<RawPage, SendError> {
        let ask = |skip, limit| source.list(&self.location, skip, limit);
        self.counted_whole(source.member(), MAX_PAGE, ask, context).await
    }

    /// Sets the kind and the id of the form that a list of submissions names.
    ///
    /// # Errors
    /// `invalid_arguments` with the nearest form, or with all forms of that name.
    pub(super) async fn resolve_form(&self, list: &mut Invocation, context: &CallContext) -> Result<()> {
        let Some(wanted) = list.arguments.text("form").map(|form| form.trim().to_owned()) else { return Ok(()) };
        let (kind, id) = match self.form_among(list, &wanted, super::name_cache::FRESH, context).await {
            Ok(found) => found,
            // The form may be new.
            Err(_) => self.form_among(list, &wanted, JUST_NOW, context).await?,
        };
        list.arguments.set("kind", kind);
        list.arguments.set("formId", id);
        Ok(())
    }

    /// The kind and the id of a form, among lists that are not older than `age`.
    async fn form_among(
        &self,
        list: &Invocation,
        wanted: &str,
        age: TimeDelta,
        context: &CallContext,
    ) -> Result<(&'static str, String)> {
        let mut known = Vec::new();
        for source in Source::of(list) {
            let forms = self.list_of(source.names(), age, context).await?;
            known.extend(forms.iter().filter_map(|form| {
                let form = form.as_object()?;
                let id = request::text(form, "id").or_else(|| request::text(form, "_id"))?;
                Some((source.kind(), id.to_owned(), request::text(form, "name").unwrap_or_default().to_owned()))
            }));
        }
        if let Some((kind, id, _)) = known.iter().find(|(_, id, _)| id == wanted) {
            return Ok((kind, id.clone()));
        }
        let found: Vec<_> = known.iter().filter(|(.., name)| names::same(name, wanted)).collect();
        match found.as_slice() {
            [(kind, id, _)] => Ok((kind, id.clone())),
            [] => {
                let all: Vec<String> = known.iter().map(|(.., name)| name.clone()).collect();
                Err(names::unknown_of("form", wanted, &all))
            }
            several => {
                let all: Vec<String> = several.iter().map(|(kind, id, _)| format!("{id} ({kind})")).collect();
                let message = format!(
                    "`form`: {} forms and surveys are called `{wanted}`: {}. Give the id.",
                    several.len(),
                    all.join(", ")
                );
                Err(Error::invalid("form", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn answers_are_by_question_and_in_the_forms_order() {
        let known = Names {
            fields: Arc::new(vec![json!({"id": "f1", "name": "Staff", "fieldKey": "contact.employees"})]),
            surveys: Arc::new(vec![json!({"id": "s1", "name": "Satisfaction"})]),
            ..Names::default()
        };
        let raw = json!({
            "id": "x", "kind": "survey", "surveyId": "s1", "contactId": null,
            "others": {
                "email": "a@b.example", "f1": "20", "score": 9, "formId": "s1",
                "eventData": {"page": {"url": "https://x.example"}, "source": "Direct traffic"},
                "fieldsOriSequance": ["score", "f1", "email"],
            },
        });
        let shown = submission(raw.as_object().cloned().unwrap(), &known);
        assert_eq!((&shown["formId"], &shown["formName"]), (&json!("s1"), &json!("Satisfaction")));
        assert_eq!(shown["fields"].to_string(), r#"{"score":9,"employees":"20","email":"a@b.example"}"#);
        assert_eq!((&shown["page"], &shown["source"]), (&json!("https://x.example"), &json!("Direct traffic")));
        assert!(shown.get("contactId").is_none());
    }

    #[test]
    fn times_have_several_forms() {
        for time in [json!(1_762_183_800_000_u64), json!("2025-11-03T15:30:00Z"), json!("2025-11-03T15:30:00.000+0000")]
        {
            assert_eq!(made_at(&json!({"createdAt": time})), 1_762_183_800_000, "{time}");
        }
    }
}
