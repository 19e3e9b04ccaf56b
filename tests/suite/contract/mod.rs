//! The contract: every tool over stdio against the sandbox. What has to arrive and what has to come back is written here
//! by hand from the API's document; what is derived from the catalogue would only agree with itself.

mod campaigns;
mod contacts;
mod opportunities;
mod pages;
mod reads;
mod refusals;
mod shapes;
mod upstream;
mod webhooks;

use crate::support::{Account, Era, Host, Person, structured};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request as it has to arrive: method, path, query, body.
type Sent<'a> = (&'a str, &'a str, &'a str, Option<Value>);

/// An account and a host on it.
struct Contract {
    account: Account,
    host: Host,
}

impl Contract {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(flags: &[&str]) -> Self {
        let account = Account::new().await;
        let host = Host::with(&account, flags, Era::Modern, Person::agrees()).await;
        Self { account, host }
    }

    /// Calls a tool, checks that exactly these requests arrived and that the answer is as its schema says, and gives it.
    async fn call(&self, tool: &'static str, arguments: Value, sent: &[Sent<'_>]) -> Value {
        self.account.forget_requests().await;
        let result = self.host.call(tool, arguments.clone()).await;
        self.arrived(&format!("{tool} {arguments}"), sent).await;
        let answer = structured(&result);
        let tools = self.host.session.list_all_tools().await.unwrap();
        let schema = tools.iter().find(|known| known.name == tool).unwrap().output_schema.clone().unwrap();
        let valid = jsonschema::validate(&Value::Object((*schema).clone()), &answer);
        assert!(valid.is_ok(), "{tool}: {} in {answer}", valid.unwrap_err());
        answer
    }

    /// Calls a tool, checks what arrived, and gives the error.
    async fn refused(&self, tool: &'static str, arguments: Value, sent: &[Sent<'_>]) -> Value {
        self.account.forget_requests().await;
        let error = self.host.error(tool, arguments.clone()).await;
        self.arrived(&format!("{tool} {arguments}"), sent).await;
        error
    }

    async fn arrived(&self, case: &str, sent: &[Sent<'_>]) {
        let arrived = self.account.requests().await;
        let seen: Vec<_> = arrived
            .iter()
            .map(|request| {
                let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
                let body = text("body");
                let body = (!body.is_empty()).then(|| serde_json::from_str::<Value>(&body).unwrap());
                (text("method"), text("path"), text("query"), body)
            })
            .collect();
        let expected: Vec<_> = sent
            .iter()
            .map(|(method, path, query, body)| {
                ((*method).to_owned(), (*path).to_owned(), (*query).to_owned(), body.clone())
            })
            .collect();
        assert_eq!(seen, expected, "{case}");
        for request in &arrived {
            self.check_headers(case, request);
        }
    }

    /// "Required Headers": token-id and version always, Content-Type with a body and only then.
    fn check_headers(&self, case: &str, request: &Value) {
        let headers = request["headers"].as_object().unwrap();
        let case = format!("{case}: {request}");
        assert_eq!(headers["token-id"], self.account.token(), "{case}");
        assert_eq!(headers["version"], "1.0", "{case}");
        let with_body = request["body"].as_str().is_some_and(|body| !body.is_empty());
        assert_eq!(headers.get("content-type"), with_body.then(|| json!("application/json")).as_ref(), "{case}");
        assert_eq!(headers["accept"], "application/json", "{case}");
        let empty_post = request["method"] == "POST" && !with_body;
        if empty_post {
            assert_eq!(headers["content-length"], "0", "{case}");
        }
        assert_eq!(headers.contains_key("content-length"), with_body || empty_post, "{case}");
        let known: BTreeSet<&str> = [
            "token-id",
            "version",
            "content-type",
            "content-length",
            "accept",
            "accept-encoding",
            "user-agent",
            "host",
        ]
        .into();
        let strange: Vec<&String> = headers.keys().filter(|name| !known.contains(name.as_str())).collect();
        assert!(strange.is_empty(), "{case}: {strange:?}");
    }

    /// The object as the account truly holds it.
    async fn truth(&self, kind: &str, id: &Value) -> Value {
        self.account.find(kind, |object| object["id"] == *id).await
    }
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

#[tokio::test]
async fn every_tool_has_its_cases() {
    let cases = [
        include_str!("campaigns.rs"),
        include_str!("contacts.rs"),
        include_str!("opportunities.rs"),
        include_str!("pages.rs"),
        include_str!("reads.rs"),
        include_str!("webhooks.rs"),
    ]
    .concat();
    let contract = Contract::new().await;
    for tool in contract.host.session.list_all_tools().await.unwrap() {
        // What the mirror answers has no contract with the API.
        if highlevel_mcp::crm::find(&tool.name).unwrap().is_local {
            continue;
        }
        assert!(cases.contains(&format!(".call(\"{}\"", tool.name)), "{} has no case", tool.name);
    }
}
