//! The ways that ask a person: multi-round-trip input (2026-07-28) and `elicitation/create` (before it).

use super::{effects, id, page};
use crate::support::{Account, Era, Host, Person, Wire, command, error_of, params};
use rmcp::model::{CallToolResponse, ElicitResult, ElicitationAction};
use serde_json::{Value, json};

const FORMS: [Era; 3] = [Era::Modern, Era::Handshake, Era::Older];

#[tokio::test]
async fn an_accepted_form_acts_once_and_shows_what_will_happen() {
    for era in FORMS {
        let account = Account::new().await;
        let draft = page(&account, "draft").await;
        let host = Host::with(&account, &[], era, Person::agrees()).await;
        let published = host.answer("publish_page", json!({"id": id(&draft)})).await;
        assert_eq!(published["status"], "published", "{era:?}");
        assert_eq!(effects(&account).await, 1, "{era:?}");

        let asked = host.asked();
        assert_eq!(asked.len(), 1, "{era:?}: {asked:?}");
        let message = asked[0]["message"].as_str().unwrap();
        for field in ["name", "slug", "status"] {
            assert!(message.contains(draft[field].as_str().unwrap()), "{era:?}: no {field} in {message}");
        }
        assert!(message.contains("nothing here unpublishes it"), "{message}");
        let schema = &asked[0]["requestedSchema"];
        assert_eq!(schema["properties"].as_object().unwrap().len(), 1, "{schema}");
        assert_eq!(schema["properties"]["confirm"]["type"], "boolean");
        assert_eq!(schema["required"], json!(["confirm"]));
    }
}

#[tokio::test]
async fn only_an_accepted_form_acts() {
    let no = [
        ElicitResult::new(ElicitationAction::Decline),
        ElicitResult::new(ElicitationAction::Cancel),
        ElicitResult::new(ElicitationAction::Accept),
        ElicitResult::new(ElicitationAction::Accept).with_content(json!({"confirm": false})),
        ElicitResult::new(ElicitationAction::Accept).with_content(json!({"confirm": "true"})),
        ElicitResult::new(ElicitationAction::Accept).with_content(json!({"yes": true})),
        ElicitResult::new(ElicitationAction::Decline).with_content(json!({"confirm": true})),
    ];
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    for era in [Era::Modern, Era::Handshake] {
        for answer in &no {
            let host = Host::with(&account, &[], era, Person::Answers(answer.clone())).await;
            let error = host.error("delete_page", json!({"id": id(&draft)})).await;
            assert_eq!(error["code"], "declined", "{era:?} {answer:?}: {error}");
            assert_eq!(host.asked().len(), 1);
            let message = host.asked()[0]["message"].as_str().unwrap().to_owned();
            assert!(message.contains("cannot be undone"), "{message}");
        }
    }
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn an_object_that_changed_while_the_form_was_open_is_not_confirmed() {
    // Before 2026-07-28 the server itself waits, so the test answers the form itself.
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    let draft_id = id(&draft).to_owned();
    let elicits = tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({"elicitation": {}}));
        let call = wire.send("tools/call", json!({"name": "delete_page", "arguments": {"id": draft_id}}));
        let form = wire.line();
        assert_eq!(form["method"], "elicitation/create", "{form}");
        (wire, call, form)
    });
    let (mut wire, call, form) = elicits.await.unwrap();
    account.change("pages", id(&draft), json!({"title": "Changed meanwhile"})).await;
    let answered = tokio::task::spawn_blocking(move || {
        let yes =
            json!({"jsonrpc": "2.0", "id": form["id"], "result": {"action": "accept", "content": {"confirm": true}}});
        wire.write(&yes.to_string());
        wire.answer_to(call)
    });
    let result = answered.await.unwrap();
    let error: Value = serde_json::from_str(result["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "confirmation_invalid", "{error}");
    assert_eq!(error["error"]["preview"]["object"]["title"], "Changed meanwhile");
    assert_eq!(effects(&account).await, 0);
}

/// The first round in protocol 2026-07-28: returns the sealed state.
async fn first_round(host: &Host, page: &Value) -> String {
    let response = host.session.call_tool_once(params("delete_page", json!({"id": id(page)}))).await.unwrap();
    let CallToolResponse::InputRequired(asked) = response else { panic!("no input was asked for: {response:?}") };
    let requests = asked.input_requests.unwrap();
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["confirm"]);
    asked.request_state.unwrap()
}

/// The second round, with an accepted form.
async fn second_round(host: &Host, page: &Value, state: &str) -> CallToolResponse {
    let mut again = params("delete_page", json!({"id": id(page)}));
    again.request_state = Some(state.to_owned());
    let yes = json!({"action": "accept", "content": {"confirm": true}});
    again.input_responses = Some([("confirm".to_owned(), yes)].into());
    host.session.call_tool_once(again).await.unwrap()
}

fn complete(response: CallToolResponse) -> rmcp::model::CallToolResult {
    match response {
        CallToolResponse::Complete(result) => result,
        other => panic!("not complete: {other:?}"),
    }
}

#[tokio::test]
async fn a_sealed_state_is_valid_once_for_its_call_and_its_object() {
    let account = Account::new().await;
    let drafts: Vec<Value> =
        account.objects("pages").await.into_iter().filter(|page| page["status"] == "draft").collect();
    let [first, second, ..] = drafts.as_slice() else { panic!("the account has two drafts") };
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;

    // A changed state, and one for another page.
    let state = first_round(&host, first).await;
    for (page, state) in [(first, format!("{state}x")), (first, "rs1.x.y".to_owned()), (second, state.clone())] {
        let error = error_of(&complete(second_round(&host, page, &state).await));
        assert_eq!(error["code"], "confirmation_invalid", "{error}");
    }
    // The object changed.
    account.change("pages", id(first), json!({"title": "Another title"})).await;
    let error = error_of(&complete(second_round(&host, first, &state).await));
    assert_eq!(error["code"], "confirmation_invalid", "{error}");
    assert_eq!(effects(&account).await, 0);

    // Valid once, and then replayed.
    let state = first_round(&host, first).await;
    let done = complete(second_round(&host, first, &state).await);
    assert_eq!(done.structured_content.unwrap()["deleted"], true);
    let state = first_round(&host, second).await;
    account.faults("500@DELETE /page/{id}").await;
    let failed = complete(second_round(&host, second, &state).await);
    assert_eq!(failed.is_error, Some(true));
    account.faults("").await;
    // The confirmation is used up before the request is sent, so a failure does not restore it.
    let error = error_of(&complete(second_round(&host, second, &state).await));
    assert_eq!(error["code"], "confirmation_invalid", "{error}");
    assert_eq!(effects(&account).await, 1);
}

#[tokio::test]
async fn the_ticket_in_a_sealed_state_is_not_a_token() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    let state = first_round(&host, &draft).await;
    // The seal signs but does not encrypt: a model that sees the state can read the ticket.
    let texts: Vec<String> = state
        .split('.')
        .filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .flat_map(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|text| text.len() >= 16)
        .collect();
    assert!(!texts.is_empty(), "the state holds nothing readable: {state}");
    for (index, token) in texts.iter().enumerate() {
        // The person is asked anyway, and declines.
        let error = host.error("delete_page", json!({"id": id(&draft), "confirmationToken": token})).await;
        assert_eq!(error["code"], "declined", "{error}");
        assert_eq!(host.asked().len(), index + 1);
    }
    // It does not help either if no person can be asked.
    let mut command = command(&account, host.state.path());
    command.args(["--confirm", "two-step"]);
    let other = Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    for token in texts {
        let error = other.error("delete_page", json!({"id": id(&draft), "confirmationToken": token})).await;
        assert_eq!(error["code"], "confirmation_invalid", "{error}");
    }
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn a_host_that_closes_during_a_form_changes_nothing() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    let draft_id = id(&draft).to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        wire.initialize("2025-06-18", json!({"elicitation": {}}));
        let call = wire.send("tools/call", json!({"name": "delete_page", "arguments": {"id": draft_id}}));
        assert_eq!(wire.line()["method"], "elicitation/create");
        wire.close_input();
        let answer = wire.answer_to(call);
        assert!(answer["result"]["content"][0]["text"].as_str().unwrap().contains("declined"), "{answer}");
        wire.exit_code()
    });
    assert_eq!(ended.await.unwrap(), Some(0));
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn a_cancelled_form_changes_nothing_and_the_session_continues() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    let draft_id = id(&draft).to_owned();
    let task = tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({"elicitation": {"form": {}}}));
        let call = wire.send("tools/call", json!({"name": "delete_page", "arguments": {"id": draft_id}}));
        let form = wire.line();
        assert_eq!(form["method"], "elicitation/create");
        wire.notify("notifications/cancelled", json!({"requestId": call}));
        // The acceptance arrives too late.
        let yes =
            json!({"jsonrpc": "2.0", "id": form["id"], "result": {"action": "accept", "content": {"confirm": true}}});
        wire.write(&yes.to_string());
        wire.call("get_current_user", json!({}))
    });
    assert!(task.await.unwrap()["structuredContent"]["id"].is_string());
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn no_answer_declines_and_never_yields_a_token() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::in_process(&account, Era::Handshake, Person::Silent).await;
    let before = tokio::time::Instant::now();
    let error = host.error("delete_page", json!({"id": id(&draft)})).await;
    assert_eq!(error["code"], "declined", "{error}");
    assert!(error["message"].as_str().unwrap().contains("--confirm two-step"), "{error}");
    assert!(error.get("confirmationToken").is_none(), "{error}");
    let waited = before.elapsed().as_secs();
    assert!((300..330).contains(&waited), "by the turned clock it waited {waited} s");
    tokio::time::resume();
    assert_eq!(effects(&account).await, 0);
}
