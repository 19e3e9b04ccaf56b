//! Workflows: found by name, started once, and never without a yes.

use super::{MANNERS, account, contact, count, data, effects, host, text};
use crate::support::{Era, Host, Person};
use serde_json::json;

const ADD: &str = "POST /contacts/{contactId}/workflow/{workflowId}";
const REMOVE: &str = "DELETE /contacts/{contactId}/workflow/{workflowId}";

#[tokio::test]
async fn a_workflow_is_started_and_stopped_by_its_name() {
    for manners in MANNERS {
        let account = account(manners).await;
        let ada = contact(&account, json!({"firstName": "Ada", "lastName": "Byron"})).await;
        let host = host(&account).await;
        let listed = host.answer("list_workflows", json!({})).await;
        assert_eq!(data(&listed).len(), 8, "{manners}: callable, though not listed");
        let call = json!({"contactId": ada["id"], "workflow": " review REQUEST"});
        let added = host.answer("add_to_workflow", call.clone()).await;
        assert_eq!((&added["id"], &added["workflow"]), (&ada["id"], &json!("Review request")), "{added}");
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        assert!(asked.contains("\"Ada Byron\"") && asked.contains("workflow: Review request"), "{asked}");
        assert_eq!(account.objects("enrolments").await[0]["status"], "active");
        let removed = host.answer("remove_from_workflow", call).await;
        assert_eq!(removed["isInWorkflow"], false, "{removed}");
        assert_eq!(account.objects("enrolments").await[0]["status"], "removed");
        assert_eq!(effects(&account).await, (0, 2), "{manners}");

        for (name, word) in
            [("Onboarding", "2 workflows are called"), ("Reviw request", "Did you mean `Review request`?")]
        {
            let error = host.error("add_to_workflow", json!({"contactId": ada["id"], "workflow": name})).await;
            assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("workflow")), "{error}");
            assert!(text(&error, "message").contains(word), "{error}");
        }
        let draft =
            host.error("add_to_workflow", json!({"contactId": ada["id"], "workflow": "Birthday greeting"})).await;
        assert!(text(&draft, "message").contains("not published"), "{draft}");
        assert_eq!(effects(&account).await, (0, 2), "{manners}");
    }
}

#[tokio::test]
async fn after_a_doubt_a_workflow_is_not_started_again() {
    for fault in ["500-after", "drop-after", "truncate", "drop"] {
        let account = account("live,lag:0").await;
        let ada = contact(&account, json!({"firstName": "Ada"})).await;
        let host = Host::with(&account, &["--timeout", "4"], Era::Modern, Person::agrees()).await;
        for (tool, operation) in [("add_to_workflow", ADD), ("remove_from_workflow", REMOVE)] {
            let before = effects(&account).await.1;
            account.faults(&format!("{fault}@{operation}*1")).await;
            let error = host.error(tool, json!({"contactId": ada["id"], "workflow": "No-show: rebook"})).await;
            assert_eq!(error["code"], "outcome_unknown", "{fault}: {error}");
            assert_eq!(count(&account, operation).await, 1, "{fault}");
            assert!(effects(&account).await.1 <= before + 1, "{fault}");
        }
    }
}

#[tokio::test]
async fn nothing_starts_without_a_yes() {
    let account = account("plain").await;
    let ada = contact(&account, json!({"firstName": "Ada"})).await;
    let no = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    for tool in ["add_to_workflow", "remove_from_workflow"] {
        let error = no.error(tool, json!({"contactId": ada["id"], "workflow": "Review request"})).await;
        assert_eq!(error["code"], "declined", "{error}");
    }
    assert_eq!(effects(&account).await, (0, 0));
}
