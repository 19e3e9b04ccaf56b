//! The contract: every tool over stdio against the sandbox, over each API. The expected requests and answers are written by
//! hand from the API's description: values derived from the catalogue would only agree with themselves.

mod calendars;
mod campaigns;
mod contacts;
mod conversations;
mod creates;
mod faulty;
mod follow_ups;
mod normal;
mod opportunities;
mod pages;
mod paging;
mod reads;
mod refusals;
pub mod shapes;
pub mod upstream;
mod webhooks;

use crate::support::{Account, Api, Era, Host, Manners, Person, in_all_manners, reported, structured};
use highlevel_catalog::{Catalog, Toolset};
use highlevel_mcp::api;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An expected request in the session API: method, path, query, body. In the official API the same call may take other
/// requests (it looks names up and pages differently), and the sandbox refuses what HighLevel's files do not have. There
/// only the number of writes is compared.
type Sent<'a> = (&'a str, &'a str, &'a str, Option<Value>);

/// An account with a host.
struct Contract {
    account: Account,
    host: Host,
    manners: Manners,
}

impl Contract {
    async fn of(api: Api, manners: Manners) -> Self {
        let contract = Self::on(Account::in_manners(api, manners.clone()).await, &[]).await;
        Self { manners, ..contract }
    }

    async fn with(api: Api, flags: &[&str]) -> Self {
        Self::on(Account::of(api).await, flags).await
    }

    async fn on(account: Account, flags: &[&str]) -> Self {
        let host = Host::with(&account, flags, Era::Modern, Person::agrees()).await;
        Self { account, host, manners: Manners::plain() }
    }

    /// Calls a tool, checks that exactly these requests arrived and that the answer fits its schema, and returns the
    /// answer.
    async fn call(&self, tool: &'static str, arguments: Value, sent: &[Sent<'_>]) -> Value {
        self.account.forget_requests().await;
        let result = self.host.call(tool, arguments.clone()).await;
        let case = format!("{tool} {arguments}");
        let arrived = self.arrived(&case, sent).await;
        assert!(arrived.iter().all(|request| request["status"].as_u64() < Some(400)), "{case}: {arrived:?}");
        let answer = structured(&result);
        let schema = catalog(self.account.api()).find(tool).unwrap().output_schema().clone();
        let valid = jsonschema::validate(&Value::Object(schema), &answer);
        assert!(valid.is_ok(), "{tool}: {} in {answer}", valid.unwrap_err());
        answer
    }

    /// Calls a tool, checks the requests, and returns the error.
    async fn refused(&self, tool: &'static str, arguments: Value, sent: &[Sent<'_>]) -> Value {
        self.account.forget_requests().await;
        let error = self.host.error(tool, arguments.clone()).await;
        self.arrived(&format!("{tool} {arguments}"), sent).await;
        error
    }

    /// The arguments that the API accepts. Checks that each of the others is refused by name, and that nothing is sent.
    async fn able(&self, tool: &'static str, kind: &str, arguments: &Value) -> Value {
        let arguments = arguments.as_object().unwrap();
        let able = reported(self.account.api(), kind, arguments);
        for (name, value) in arguments.iter().filter(|(name, value)| able.get(*name) != Some(value)) {
            let mut unable = able.clone();
            unable.insert(name.clone(), value.clone());
            let error = self.refused(tool, unable.into(), &[]).await;
            assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(name)), "{error}");
        }
        able.into()
    }

    async fn arrived(&self, case: &str, sent: &[Sent<'_>]) -> Vec<Value> {
        let arrived = self.account.requests().await;
        match self.account.api() {
            Api::Session => self.arrived_as(case, &arrived, sent),
            Api::Official => {
                let writes = sent.iter().filter(|(method, ..)| *method != "GET").count();
                let searches = |request: &Value| request["path"].as_str().is_some_and(|path| path.ends_with("/search"));
                let reads = |request: &Value| request["method"] == "GET" || searches(request);
                assert_eq!(arrived.iter().filter(|request| !reads(request)).count(), writes, "{case}: {arrived:?}");
                let bearer = format!("Bearer {}", self.account.token());
                assert!(arrived.iter().all(|request| request["headers"]["authorization"] == bearer), "{case}");
            }
        }
        arrived
    }

    fn arrived_as(&self, case: &str, arrived: &[Value], sent: &[Sent<'_>]) {
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
        assert_eq!(self.plainly(&seen), self.plainly(&expected), "{case}");
        for request in arrived {
            self.check_headers(case, request);
        }
    }

    /// The session API requires `token-id` and `version` always, and Content-Type if there is a body and only then.
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

    /// The object as the sandbox stores it.
    async fn truth(&self, kind: &str, id: &Value) -> Value {
        self.account.find(kind, |object| object["id"] == *id).await
    }

    /// Compares an answer with the object: it has every member that the API can report, and in the session API no others.
    fn agrees(&self, answer: &Value, kind: &str, truth: &Value) {
        let truth = reported(self.account.api(), kind, truth.as_object().unwrap());
        let mut answer = answer.as_object().unwrap().clone();
        if self.account.api() == Api::Official {
            answer.retain(|name, _| truth.contains_key(name));
        }
        assert_eq!(self.plainly(&with_fractions(answer)), self.plainly(&with_fractions(truth)), "{kind}");
    }

    /// Checks that an object has these members.
    fn holds(&self, object: &Value, members: &Value) {
        for (field, value) in members.as_object().unwrap() {
            let reported = with_fractions(Map::from_iter([(field.clone(), object[field].clone())]));
            let wanted = with_fractions(Map::from_iter([(field.clone(), value.clone())]));
            assert_eq!(self.plainly(&reported), self.plainly(&wanted), "{field}: {object}");
        }
    }

    /// The value, or in live manners its canonical form.
    fn plainly(&self, value: &impl serde::Serialize) -> Value {
        let value = serde_json::to_value(value).unwrap();
        if self.manners == Manners::plain() { value } else { normal::plainly("", &value) }
    }
}

/// Makes 48000 and 48000.0 equal.
fn with_fractions(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().map(|(name, value)| (name, value.as_f64().map_or(value, Value::from))).collect()
}

/// The operations of an API.
fn catalog(api: Api) -> &'static Catalog {
    api::catalog(match api {
        Api::Session => api::Api::Session,
        Api::Official => api::Api::Official,
    })
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

in_all_manners!(every_tool_has_its_cases, operations_that_the_api_lacks_are_not_listed);

async fn every_tool_has_its_cases(api: Api, manners: Manners) {
    let cases = [
        include_str!("calendars.rs"),
        include_str!("campaigns.rs"),
        include_str!("contacts.rs"),
        include_str!("follow_ups.rs"),
        include_str!("conversations.rs"),
        include_str!("opportunities.rs"),
        include_str!("pages.rs"),
        include_str!("reads.rs"),
        include_str!("webhooks.rs"),
    ]
    .concat();
    let contract = Contract::of(api, manners).await;
    for tool in contract.host.session.list_all_tools().await.unwrap() {
        // Tools that the mirror answers send no request. Those of the catalogue of operations and of jobs have tests of their own.
        let spec = Catalog::declared().find(&tool.name).unwrap();
        if spec.is_local() || [Toolset::Operations, Toolset::Bulk].contains(&spec.toolset) {
            continue;
        }
        assert!(cases.contains(&format!(".call(\"{}\"", tool.name)), "{} has no case", tool.name);
    }
}

async fn operations_that_the_api_lacks_are_not_listed(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let listed = contract.host.session.list_all_tools().await.unwrap();
    for name in Catalog::declared().names() {
        // Tools for rare jobs are not listed unless their group is named.
        let is_rare = catalog(api).find(name).is_some_and(|spec| !spec.listed);
        let is_listed = contract.account.has(name) && !is_rare;
        assert_eq!(listed.iter().any(|tool| tool.name == name), is_listed, "{}", name);
        if !contract.account.has(name) {
            let error = contract.host.error(name, json!({"id": "x"})).await;
            assert_eq!(error["code"], "policy_denied", "{error}");
            assert!(error["message"].as_str().unwrap().contains("--api"), "it says which API has it: {error}");
        }
    }
    assert!(contract.account.requests().await.is_empty());
}
