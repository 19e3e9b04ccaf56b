//! Completion of what a person types: ids by the name of their object, from the mirror.

use crate::support::{Account, Era, Host, Person, command};
use rmcp::{
    ErrorData,
    model::{ArgumentInfo, CompleteRequestParams, Reference},
    service::ServiceError,
};
use serde_json::Value;

const ERAS: [Era; 2] = [Era::Modern, Era::Handshake];

async fn complete(host: &Host, of: Reference, name: &str, typed: &str) -> Result<Vec<String>, ErrorData> {
    let argument: ArgumentInfo = serde_json::from_value(serde_json::json!({"name": name, "value": typed})).unwrap();
    match host.session.complete(CompleteRequestParams::new(of, argument)).await {
        Ok(result) => Ok(result.completion.values),
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// The ids that complete `ghl://{noun}/{id}`.
async fn ids(host: &Host, noun: &str, typed: &str) -> Vec<String> {
    complete(host, Reference::for_resource(format!("ghl://{noun}/{{id}}")), "id", typed).await.unwrap()
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap()
}

#[tokio::test]
async fn an_id_is_found_by_the_name_of_its_object() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        for (noun, kind) in
            [("opportunity", "opportunities"), ("campaign", "campaigns"), ("page", "pages"), ("location", "locations")]
        {
            let object = account.find(kind, |_| true).await;
            let found = ids(&host, noun, text(&object, "name")).await;
            assert!(found.iter().any(|id| id == text(&object, "id")), "{noun}: {object} {found:?}");
        }
        let user = host.answer("get_current_user", serde_json::json!({})).await;
        let found = ids(&host, "user", text(&user, "firstName")).await;
        assert!(found.iter().any(|id| id == text(&user, "id")), "{user} {found:?}");
    }
}

#[tokio::test]
async fn a_contact_is_found_by_id_email_phone_or_name() {
    let account = Account::new().await;
    let contact = account.find("contacts", |contact| contact["phone"].is_string()).await;
    let (id, email) = (text(&contact, "id"), text(&contact, "email"));
    let host = Host::new(&account, &[]).await;
    let name = format!("{} {}", text(&contact, "firstName"), text(&contact, "lastName"));
    for typed in [id, &id[..6], email, &email[..email.len() - 3], text(&contact, "phone"), &name.to_uppercase()] {
        let found = ids(&host, "contact", typed).await;
        assert!(found.iter().any(|other| other == id), "{typed}: {found:?}");
    }
    assert_eq!(ids(&host, "contact", id).await[0], id);
    assert!(ids(&host, "contact", "nobody of this name").await.is_empty());
    // Neither SQL nor the index interprets what is typed.
    for typed in ["*", "' OR 1=1 --", "\"", "a*b[", "AND OR NOT NEAR("] {
        ids(&host, "contact", typed).await;
    }
    assert_eq!(ids(&host, "contact", "").await.len(), 100, "the protocol's limit");
}

#[tokio::test]
async fn completing_again_costs_no_request() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    ids(&host, "page", "a").await;
    let spent = account.stats().await["requests"].clone();
    for typed in ["a", "ab", "abo", ""] {
        ids(&host, "page", typed).await;
    }
    assert_eq!(account.stats().await["requests"], spent);
}

#[tokio::test]
async fn the_arguments_of_prompts_are_completed() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let days = complete(&host, Reference::for_prompt("stale_deals"), "days", "").await.unwrap();
    assert!(days.contains(&"30".to_owned()), "{days:?}");
    assert_eq!(complete(&host, Reference::for_prompt("stale_deals"), "days", "6").await.unwrap(), ["60"]);
    let page = account.find("pages", |page| page["status"] == "draft").await;
    let found = complete(&host, Reference::for_prompt("page_checklist"), "page", text(&page, "name")).await.unwrap();
    assert!(found.iter().any(|id| id == text(&page, "id")), "{found:?}");
    // An owner is found although no user was read before.
    let owned = account.find("opportunities", |deal| deal["assignedTo"].is_string()).await;
    let owner = account.find("users", |user| user["id"] == owned["assignedTo"]).await;
    let name = format!("{} {}", text(&owner, "firstName"), text(&owner, "lastName"));
    let found = complete(&host, Reference::for_prompt("stale_deals"), "owner", &name).await.unwrap();
    assert_eq!(found, [text(&owner, "id")]);
}

#[tokio::test]
async fn what_is_unknown_or_hidden_completes_nothing() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &["--exclude-tools", "get_contact,get_page"], era, Person::Absent).await;
        for (of, name) in [
            (Reference::for_resource("ghl://contact/{id}"), "id"),
            (Reference::for_resource("ghl://webhook/{id}"), "id"),
            (Reference::for_resource("ghl://user/{id}"), "name"),
            (Reference::for_resource("ghl://user"), "id"),
            (Reference::for_prompt("page_checklist"), "page"),
            (Reference::for_prompt("no_such_prompt"), "page"),
            (Reference::for_prompt("stale_deals"), "day"),
        ] {
            let error = complete(&host, of.clone(), name, "a").await.unwrap_err();
            assert_eq!(error.code.0, -32602, "{of:?}: {error:?}");
        }
    }
    assert_eq!(account.requests().await.len(), 0);
    // What search_crm may not show is not shown here either.
    let contact = account.find("contacts", |_| true).await;
    for hidden in ["list_contacts", "search_crm"] {
        let host = Host::new(&account, &["--exclude-tools", hidden]).await;
        assert!(ids(&host, "contact", text(&contact, "email")).await.is_empty(), "{hidden}");
    }
    assert_eq!(account.requests().await.len(), 0);
    // A failure completes nothing: nobody reads an error while typing.
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env_remove("GHL_TOKEN_ID");
    let host = Host::start(command, state, Era::Handshake, Person::Absent).await;
    assert!(ids(&host, "contact", "a").await.is_empty());
}
