//! Workflows. Pure functions.

use super::{
    endpoint::{List, OfficialOperation, RequestBuilder},
    name_cache::NameList,
    names, request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Invocation, Route,
    workflows::{AddToWorkflow, ListWorkflows, RemoveFromWorkflow},
};
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use http::Method;
use serde_json::{Map, Value};

const ENROLMENT: &str = "/contacts/{contactId}/workflow/{workflowId}";

/// The arguments that no answer shows.
const UNREPORTED: &[&str] = &["contactId", "workflow"];

/// The operations on workflows.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListWorkflows>(
            Route::get("/workflows/"),
            "GET /workflows/",
            RequestBuilder::List(List::Whole { member: "workflows", request: |account| workflows(account.location) }),
        ),
        OfficialOperation::new::<AddToWorkflow>(
            Route::post(ENROLMENT),
            "POST /contacts/{contactId}/workflow/{workflowId}",
            RequestBuilder::Object(|add, _| enrol(add, Method::POST)),
        )
        .unreported(UNREPORTED),
        OfficialOperation::new::<RemoveFromWorkflow>(
            Route::delete(ENROLMENT),
            "DELETE /contacts/{contactId}/workflow/{workflowId}",
            RequestBuilder::Object(|remove, _| enrol(remove, Method::DELETE)),
        )
        .unreported(UNREPORTED),
    ]
}

/// `GET /workflows/`: all workflows of the location.
pub(super) fn workflows(location: &str) -> Request {
    request::get("/workflows/".to_owned(), &[("locationId", location.to_owned())])
}

/// Adds a contact to a workflow, or takes it out. It is not repeated: a second addition starts the workflow again.
fn enrol(enrol: &Invocation, method: Method) -> Request {
    let text = |name: &str| crate::api::path_segment(enrol.arguments.text(name).unwrap_or_default());
    let path = format!("/contacts/{}/workflow/{}", text("contactId"), text("workflowId"));
    Request { method, ..request::create(path, Map::new()) }
}

/// Adds to an answer what the call was about.
pub(super) fn complete(enrol: &Invocation, answer: &mut Map<String, Value>) {
    // The API's spelling.
    answer.retain(|name, _| name != "succeded" && name != "traceId");
    for (argument, member) in [("contactId", "id"), ("workflowId", "workflowId"), ("workflow", "workflow")] {
        answer.extend(enrol.arguments.get(argument).map(|value| (member.to_owned(), value.clone())));
    }
    answer.insert("isInWorkflow".to_owned(), enrol.spec.is::<AddToWorkflow>().into());
}

/// The id and the name of the workflow that matches an id or a name.
///
/// # Errors
/// `invalid_arguments` with the nearest name and all known names, or with all workflows of that name.
pub(super) fn found(workflows: &[Value], wanted: &str) -> Result<(String, String)> {
    let text = |workflow: &Value, name: &str| {
        workflow.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned()
    };
    let wanted = wanted.trim();
    let by_id = workflows.iter().find(|workflow| text(workflow, "id") == wanted);
    let named = || workflows.iter().filter(|workflow| names::same(&text(workflow, "name"), wanted)).collect();
    let found: Vec<&Value> = by_id.map_or_else(named, |one| vec![one]);
    match found.as_slice() {
        [only] => Ok((text(only, "id"), text(only, "name"))),
        [] => {
            let known: Vec<String> = workflows.iter().map(|workflow| text(workflow, "name")).collect();
            let near = nearest(wanted, known.iter().map(String::as_str));
            Err(names::unknown("workflow", wanted, near, &known))
        }
        several => {
            let shown: Vec<_> =
                several.iter().map(|one| format!("{} ({})", text(one, "id"), text(one, "status"))).collect();
            let message = format!(
                "`workflow`: {} workflows are called `{wanted}`: {}. Give the id.",
                several.len(),
                shown.join(", ")
            );
            Err(Error::invalid("workflow", message))
        }
    }
}

/// The list by which workflows are looked up.
pub(super) const NAMES: NameList = NameList::Workflows;

#[cfg(test)]
mod tests {
    use super::found;
    use serde_json::json;

    #[test]
    fn a_workflow_is_found_by_id_or_by_a_name_of_its_own() {
        let all = [
            json!({"id": "w1", "name": "Review request", "status": "published"}),
            json!({"id": "w2", "name": "Onboarding", "status": "published"}),
            json!({"id": "w3", "name": "Onboarding", "status": "draft"}),
        ];
        assert_eq!(found(&all, " review REQUEST ").unwrap().0, "w1");
        assert_eq!(found(&all, "w3").unwrap(), ("w3".to_owned(), "Onboarding".to_owned()));
        let twice = found(&all, "onboarding").unwrap_err().message;
        assert!(twice.contains("w2 (published), w3 (draft)"), "{twice}");
        let near = found(&all, "Review requests").unwrap_err().message;
        assert!(near.contains("Did you mean `Review request`?"), "{near}");
    }
}
