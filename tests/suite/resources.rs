//! Resources as hosts see them: they derive from the tools, and reading one runs its tool.

use crate::support::{Account, Era, Host, Person, command};
use rmcp::{
    ErrorData,
    model::{ReadResourceRequestParams, ReadResourceResult},
    service::ServiceError,
};
use serde_json::{Value, json};

const ERAS: [Era; 2] = [Era::Modern, Era::Handshake];

/// The resources with an id: noun, the sandbox's name of such objects, the tool that reads one, and the tool's argument.
const KINDS: [(&str, &str, &str, &str); 6] = [
    ("user", "users", "get_user", "userId"),
    ("location", "locations", "get_location", "id"),
    ("contact", "contacts", "get_contact", "id"),
    ("opportunity", "opportunities", "get_opportunity", "id"),
    ("campaign", "campaigns", "get_campaign", "id"),
    ("page", "pages", "get_page", "id"),
];

async fn read(host: &Host, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    match host.session.read_resource(ReadResourceRequestParams::new(uri)).await {
        Ok(result) => Ok(result),
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// The object in a resource.
fn object(result: &ReadResourceResult, uri: &str) -> Value {
    let result = serde_json::to_value(result).unwrap();
    assert_eq!(result["_meta"]["highlevel-mcp/provenance"], "account-data", "{result}");
    let contents = result["contents"].as_array().unwrap();
    assert_eq!(contents.len(), 1);
    assert_eq!((&contents[0]["uri"], &contents[0]["mimeType"]), (&json!(uri), &json!("application/json")));
    serde_json::from_str(contents[0]["text"].as_str().unwrap()).unwrap()
}

async fn templates(host: &Host) -> Vec<String> {
    let all = host.session.list_all_resource_templates().await.unwrap();
    all.into_iter().map(|template| template.uri_template).collect()
}

async fn fixed(host: &Host) -> Vec<String> {
    host.session.list_all_resources().await.unwrap().into_iter().map(|resource| resource.uri).collect()
}

#[tokio::test]
async fn resources_are_listed_and_read_as_their_tool_answers() {
    let account = Account::new().await;
    for era in ERAS {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        assert!(host.session.peer_info().unwrap().capabilities.resources.is_some());
        assert_eq!(templates(&host).await, KINDS.map(|(noun, ..)| format!("ghl://{noun}/{{id}}")));
        assert_eq!(fixed(&host).await, ["ghl://user", "ghl://location"]);
        let shown = &host.session.list_all_resources().await.unwrap()[0];
        assert_eq!((shown.name.as_str(), shown.title.as_deref()), ("current_user", Some("Current user")));
        for (noun, kind, tool, argument) in KINDS {
            let id = account.find(kind, |_| true).await["id"].clone();
            let uri = format!("ghl://{noun}/{}", id.as_str().unwrap());
            let by_uri = object(&read(&host, &uri).await.unwrap(), &uri);
            assert_eq!(by_uri["id"], id);
            assert_eq!(by_uri, host.answer(tool, json!({ argument: id })).await);
        }
        for (uri, tool) in [("ghl://user", "get_current_user"), ("ghl://location", "get_default_location")] {
            assert_eq!(object(&read(&host, uri).await.unwrap(), uri), host.answer(tool, json!({})).await);
        }
    }
}

#[tokio::test]
async fn an_unknown_resource_is_the_protocols_error_and_no_uri_reaches_another_path() {
    let account = Account::new().await;
    for (era, code) in [(Era::Modern, -32602), (Era::Handshake, -32002), (Era::Older, -32002)] {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        for (uri, part) in [
            ("ghl://contact/../users/me", "not an id"),
            ("ghl://contact/a%2F..%2Fb", "not an id"),
            ("ghl://contact/a?limit=1", "not an id"),
            ("ghl://contact/", "must not be empty"),
            ("ghl://user/me", "me"),
            ("ghl://webhook/a", "ghl://contact/{id}"),
            ("file:///etc/passwd", "ghl://contact/{id}"),
        ] {
            let error = read(&host, uri).await.unwrap_err();
            assert_eq!((error.code.0, &error.data.as_ref().unwrap()["uri"]), (code, &json!(uri)), "{error:?}");
            assert!(error.message.contains(part), "{uri}: {error:?}");
        }
        assert_eq!(account.requests().await.len(), 0, "none of these costs a request");
        let error = read(&host, "ghl://contact/nobody").await.unwrap_err();
        let data = error.data.unwrap();
        assert_eq!(
            (error.code.0, &data["code"], &data["uri"]),
            (code, &json!("not_found"), &json!("ghl://contact/nobody"))
        );
        account.forget_requests().await;
    }
}

#[tokio::test]
async fn a_hidden_tool_hides_its_resource() {
    let account = Account::new().await;
    let contact = account.find("contacts", |_| true).await;
    let uri = format!("ghl://contact/{}", contact["id"].as_str().unwrap());
    let host = Host::new(&account, &["--toolsets", "contacts"]).await;
    assert_eq!(templates(&host).await, ["ghl://contact/{id}"]);
    assert!(fixed(&host).await.is_empty());
    assert_eq!(read(&host, "ghl://user").await.unwrap_err().data.unwrap()["code"], "not_found");
    // A tool that asks a person has no resource that bypasses the question.
    for flags in [["--exclude-tools", "get_contact"], ["--confirm-tools", "get_contact"]] {
        let host = Host::with(&account, &flags, Era::Modern, Person::agrees()).await;
        assert_eq!(templates(&host).await.len(), KINDS.len() - 1, "{flags:?}");
        assert_eq!(read(&host, &uri).await.unwrap_err().data.unwrap()["code"], "not_found", "{flags:?}");
    }
    assert_eq!(account.requests().await.len(), 0);
}

#[tokio::test]
async fn pin_credential_and_size_apply_to_resources() {
    let account = Account::new().await;
    let page = account.find("pages", |_| true).await;
    let id = page["id"].as_str().unwrap();
    let uri = format!("ghl://page/{id}");
    let host = Host::new(&account, &["--location-id", "elsewhere"]).await;
    let error = read(&host, &uri).await.unwrap_err();
    assert_eq!((error.code.0, &error.data.unwrap()["code"]), (-32603, &json!("policy_denied")));

    account.change("pages", id, json!({"content": "<p>word</p>".repeat(5000), "name": "a\u{200b}b"})).await;
    let host = Host::new(&account, &["--max-answer", "8192"]).await;
    let cut = object(&read(&host, &uri).await.unwrap(), &uri);
    assert!(cut.to_string().len() <= 8192 && cut["note"].is_string(), "{cut}");
    assert_eq!((&cut["name"], &cut["removedCharacters"]), (&json!("ab"), &json!(1)));

    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env_remove("GHL_TOKEN_ID");
    let host = Host::start(command, state, Era::Handshake, Person::Absent).await;
    let error = read(&host, &uri).await.unwrap_err();
    assert_eq!((error.code.0, &error.data.unwrap()["code"]), (-32603, &json!("unauthorized")));
}
