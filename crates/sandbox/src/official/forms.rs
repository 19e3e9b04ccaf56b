//! Forms and surveys with their submissions.

use super::checks::Query;
use super::organization::{all, check_location, own_location_id, renamed, text};
use super::paging::millis;
use super::routes::{self, ANY, Holds, Parameter, Route, SOME, may, must, read};
use crate::account::{Account, Fields, ObjectKind, digits};
use crate::manners::Manners;
use crate::response::ApiResponse;
use chrono::{DateTime, Duration as Days, Months, NaiveDate, Utc};
use serde_json::{Value, json};
use std::time::Duration;

/// An operation on forms or surveys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Forms,
    FormSubmissions,
    Surveys,
    SurveySubmissions,
}

const LIST: &[Parameter] =
    &[must("locationId", Holds::Text), may("skip", ANY), may("limit", Holds::Whole(1, 50)), may("type", Holds::Text)];

const fn submissions_of(id: &'static str) -> [Parameter; 7] {
    [
        must("locationId", Holds::Text),
        may("page", SOME),
        may("limit", Holds::Whole(1, 100)),
        may(id, Holds::Text),
        may("q", Holds::Text),
        may("startAt", Holds::IsoDay),
        may("endAt", Holds::IsoDay),
    ]
}

const FORM_SUBMISSIONS: &[Parameter] = &submissions_of("formId");
const SURVEY_SUBMISSIONS: &[Parameter] = &submissions_of("surveyId");

const fn route(op: Op, name: &'static str, query: &'static [Parameter]) -> Route {
    read(routes::Op::Forms(op), name, "", query).official_only()
}

/// The operations of forms and surveys.
pub(crate) const ROUTES: &[Route] = &[
    route(Op::Forms, "GET /forms/", LIST),
    route(Op::FormSubmissions, "GET /forms/submissions", FORM_SUBMISSIONS),
    route(Op::Surveys, "GET /surveys/", LIST),
    route(Op::SurveySubmissions, "GET /surveys/submissions", SURVEY_SUBMISSIONS),
];

/// Performs an operation.
pub(crate) fn perform(
    account: &Account,
    op: Op,
    query: &Query,
    now: Duration,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    match op {
        Op::Forms => Ok(list(account, (ObjectKind::Forms, "forms"), query, manners)),
        Op::Surveys => Ok(list(account, (ObjectKind::Surveys, "surveys"), query, manners)),
        Op::FormSubmissions => Ok(submissions(account, (ObjectKind::FormSubmissions, "formId"), query, now, manners)),
        Op::SurveySubmissions => {
            Ok(submissions(account, (ObjectKind::SurveySubmissions, "surveyId"), query, now, manners))
        }
    }
}

/// One page of the forms or surveys.
fn list(account: &Account, (kind, member): (ObjectKind, &str), query: &Query, manners: &Manners) -> ApiResponse {
    let mut found = all(account, kind);
    found.retain(|one| query.get("type").is_none_or(|asked| asked == text(one, "type")));
    let (skip, limit) = (query.number("skip").unwrap_or(0), query.number("limit").unwrap_or(10));
    let shown = |one: &Fields| {
        let mut shown = renamed(one, &[("id", "id"), ("name", "name")]);
        shown.insert("locationId".into(), own_location_id(account).into());
        if manners.edge_values {
            // Live lists have the database's name of the id beside the declared one.
            shown.insert("_id".into(), one.get("id").cloned().unwrap_or_default());
        }
        shown
    };
    let page: Vec<_> = found.iter().skip(skip).take(manners.list_limit(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([(member.to_owned(), json!(page))]);
    answer.extend(manners.list_total(found.len()).map(|total| ("total".to_owned(), total)));
    ApiResponse::ok(Value::Object(answer))
}

/// One page of the submissions, newest first. Without days, the list is about the last month, as the file says.
fn submissions(
    account: &Account,
    (kind, of): (ObjectKind, &str),
    query: &Query,
    now: Duration,
    manners: &Manners,
) -> ApiResponse {
    let today = i64::try_from(now.as_secs()).ok().and_then(|now| DateTime::from_timestamp(now, 0)).unwrap_or_default();
    let today = today.date_naive();
    let day = |name: &str| query.get(name).and_then(|day| day.parse::<NaiveDate>().ok());
    let first = day("startAt").or_else(|| today.checked_sub_months(Months::new(1))).unwrap_or(today);
    let last = day("endAt").unwrap_or(today);
    let mut found = all(account, kind);
    found.retain(|one| {
        let at = DateTime::<Utc>::from_timestamp_millis(millis(one, "createdAt")).unwrap_or_default().date_naive();
        (first..last + Days::days(1)).contains(&at)
            && query.get(of).is_none_or(|asked| asked == text(one, of))
            && query.get("q").is_none_or(|asked| mentions(one, asked))
    });
    found.sort_by_key(|one| std::cmp::Reverse(millis(one, "createdAt")));
    let (page, limit) = (query.number("page").unwrap_or(1), query.number("limit").unwrap_or(20));
    let limit = manners.list_limit(limit);
    let skip = limit.saturating_mul(page - 1);
    let mut shown: Vec<_> = found.iter().skip(skip).take(limit).cloned().collect();
    shown.iter_mut().for_each(|one| manners.on_read(kind, one));
    let next = (found.len() > skip.saturating_add(limit)).then_some(page + 1);
    let prev = (page > 1).then(|| page - 1);
    let mut meta = Fields::new();
    meta.extend(manners.list_total(found.len()).map(|total| ("total".to_owned(), total)));
    meta.insert("currentPage".into(), page.into());
    meta.insert("nextPage".into(), json!(next));
    meta.insert("prevPage".into(), json!(prev));
    ApiResponse::ok(json!({ "submissions": shown, "meta": meta }))
}

/// Whether the contact's id, name, e-mail or phone has this text.
fn mentions(submission: &Fields, asked: &str) -> bool {
    let asked_in_lower_case = asked.to_lowercase();
    let phone = submission.get("others").and_then(|others| others.get("phone")).and_then(Value::as_str);
    let asked_digits = digits(asked);
    text(submission, "contactId") == asked
        || ["name", "email"].iter().any(|name| text(submission, name).to_lowercase().contains(&asked_in_lower_case))
        || (!asked_digits.is_empty() && phone.is_some_and(|phone| digits(phone).contains(&asked_digits)))
}
