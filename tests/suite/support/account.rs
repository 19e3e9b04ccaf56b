//! A test's account: a sandbox on a loopback port, with its management endpoints.

use super::both::{self, Api, Manners};
use highlevel_sandbox::{Sandbox, SandboxConfig};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::Ipv4Addr;

/// A running sandbox. Tests compare with its own counts and objects.
pub struct Account {
    sandbox: Sandbox,
    token: String,
    rotates: bool,
    api: Api,
    http: reqwest::Client,
}

impl Account {
    /// The default account: 250 contacts, 300 requests a minute, no faults.
    pub async fn new() -> Self {
        Self::with(SandboxConfig::default()).await
    }

    /// The default account over this API, with that API's quota.
    pub async fn of(api: Api) -> Self {
        Self::with(match api {
            Api::Session => SandboxConfig::default(),
            Api::Official => SandboxConfig::official(),
        })
        .await
    }

    /// The default account with these manners and a practically unlimited quota.
    pub async fn in_manners(api: Api, manners: Manners) -> Self {
        Self::with(SandboxConfig { api, manners, rate_limit: 1_000_000, daily_limit: 1_000_000, ..Default::default() })
            .await
    }

    pub async fn with(config: SandboxConfig) -> Self {
        // Fails harmlessly if another test has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = config.extra_token.clone();
        let rotates = config.rotate;
        let api = config.api;
        let sandbox = Sandbox::start((Ipv4Addr::LOCALHOST, 0).into(), config).await.unwrap();
        let token = token.unwrap_or_else(|| sandbox.token());
        Self { sandbox, token, rotates, api, http: reqwest::Client::new() }
    }

    pub fn url(&self) -> String {
        self.sandbox.base_url()
    }

    /// The location's id, which only the official API needs.
    pub fn location(&self) -> Option<String> {
        (self.api == Api::Official).then(|| self.sandbox.location_id())
    }

    /// The id of the location that all of its objects belong to.
    pub fn location_id(&self) -> String {
        self.sandbox.location_id()
    }

    /// The API over which it is served.
    pub fn api(&self) -> Api {
        self.api
    }

    /// Whether a server on this account lists the tool.
    pub fn has(&self, tool: &str) -> bool {
        both::has(self.api, tool)
    }

    /// The token with which hosts are started.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A new token, as after another login.
    pub fn new_token(&self) -> String {
        self.sandbox.token()
    }

    /// Whether a refresh invalidates the old token.
    pub fn rotates(&self) -> bool {
        self.rotates
    }

    /// The sandbox's counters.
    pub async fn stats(&self) -> Value {
        self.get("/sandbox/stats").await
    }

    /// The requests that arrived, oldest first: `method`, `path`, `query`, `headers`, `body`, `status`.
    pub async fn requests(&self) -> Vec<Value> {
        self.get("/sandbox/requests").await
    }

    pub async fn forget_requests(&self) {
        self.http.delete(self.at("/sandbox/requests")).send().await.unwrap().error_for_status().unwrap();
    }

    /// Every object of a kind, as the sandbox stores it.
    pub async fn objects(&self, kind: &str) -> Vec<Value> {
        self.objects_as(kind).await
    }

    /// The same, deserialized.
    pub async fn objects_as<T: DeserializeOwned>(&self, kind: &str) -> Vec<T> {
        self.get(&format!("/sandbox/objects/{kind}")).await
    }

    /// The path of a list in this account's API, given its path in the session API.
    pub fn list_path(&self, path: &str) -> String {
        both::list_path(self.api, path, &self.sandbox.location_id())
    }

    /// Every object of a kind that the API can report, with the members that it can report.
    pub async fn reported(&self, kind: &str) -> Vec<Value> {
        both::reported_objects(self.api, kind, self.objects(kind).await, &self.objects("funnels").await)
    }

    /// The first matching object, as the sandbox stores it, among those that the API can report.
    pub async fn find(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let reported = self.reported(kind).await;
        let is_reported = |object: &Value| reported.iter().any(|reported| reported["id"] == object["id"]);
        self.objects(kind)
            .await
            .into_iter()
            .find(|object| is_reported(object) && fits(object))
            .expect("the account has such an object")
    }

    /// Changes an object without the server's knowledge.
    pub async fn change(&self, kind: &str, id: &str, changes: Value) {
        let url = self.at(&format!("/sandbox/objects/{kind}/{id}"));
        let put = self.http.put(url).header("content-type", "application/json").body(changes.to_string());
        put.send().await.unwrap().error_for_status().unwrap();
    }

    /// Adds an object without the server's knowledge, and returns its id.
    pub async fn add(&self, kind: &str, object: Value) -> String {
        let post = self.http.post(self.at(&format!("/sandbox/objects/{kind}"))).body(object.to_string());
        let answer = post.header("content-type", "application/json").send().await.unwrap().error_for_status().unwrap();
        let added: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        added["id"].as_str().unwrap().to_owned()
    }

    /// Removes an object without the server's knowledge.
    pub async fn remove(&self, kind: &str, id: &str) {
        let delete = self.http.delete(self.at(&format!("/sandbox/objects/{kind}/{id}")));
        delete.send().await.unwrap().error_for_status().unwrap();
    }

    /// Replaces the fault plan.
    pub async fn faults(&self, plan: &str) {
        let post = self.http.post(self.at("/sandbox/faults")).body(plan.to_owned());
        post.send().await.unwrap().error_for_status().unwrap();
    }

    /// Replaces the manners. `plain` is the behaviour that the API's description specifies.
    pub async fn manners(&self, words: &str) {
        let post = self.http.post(self.at("/sandbox/manners")).body(words.to_owned());
        post.send().await.unwrap().error_for_status().unwrap();
    }

    /// The locations with a token of their own, by id and name.
    pub fn locations(&self) -> Vec<(String, String)> {
        self.sandbox.locations()
    }

    /// A private integration token of one of the locations.
    pub fn token_of(&self, location: &str) -> String {
        self.sandbox.token_of(location).expect("a location with the app")
    }

    /// The counters of one location, or of the `agency`.
    pub async fn stats_of(&self, location: &str) -> Value {
        self.get(&format!("/sandbox/stats?location={location}")).await
    }

    /// Every object of a kind in one location.
    pub async fn objects_of(&self, location: &str, kind: &str) -> Vec<Value> {
        self.get(&format!("/sandbox/objects/{kind}?location={location}")).await
    }

    /// Changes an object of one location without the server's knowledge.
    pub async fn change_in(&self, location: &str, kind: &str, id: &str, changes: Value) {
        let put = self.http.put(self.at(&format!("/sandbox/objects/{kind}/{id}?location={location}")));
        let put = put.header("content-type", "application/json").body(changes.to_string());
        put.send().await.unwrap().error_for_status().unwrap();
    }

    /// One of the management endpoints that take a location, such as `revoke-tokens`.
    pub async fn manage(&self, what: &str, location: &str) {
        let post = self.http.post(self.at(&format!("/sandbox/{what}?location={location}")));
        post.send().await.unwrap().error_for_status().unwrap();
    }

    /// Expires every token that was issued.
    pub async fn expire_tokens(&self) {
        self.http.post(self.at("/sandbox/expire-tokens")).send().await.unwrap().error_for_status().unwrap();
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.http.get(self.at(path)).send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}
