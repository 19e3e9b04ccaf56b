//! The official API, as its OpenAPI files describe it.

mod billing;
mod calendars;
mod contacts;
mod content;
mod conversations;
mod custom_fields;
mod follow_ups;
mod forms;
mod locations;
mod manners;
mod oauth;
mod opportunities;
mod quota;
mod requests;
mod schemas;
mod upserts;
mod workflows;

use crate::support::{Peer, Reply, send};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

pub(crate) const DATED: &str = "2021-07-28";
/// The version of calendars.
pub(crate) const CALENDARS: &str = "2021-04-15";

/// The version that HighLevel's files declare for a path.
fn version(path: &str) -> &'static str {
    match path {
        _ if path.starts_with("/emails/") => "v3",
        _ if path.starts_with("/funnels/") || path.starts_with("/conversations/messages/email/") => "",
        _ if path.starts_with("/conversations/") => "2021-04-15",
        _ if path.starts_with("/calendars/") => CALENDARS,
        _ => DATED,
    }
}

/// A client that sends what the OpenAPI files require.
pub(crate) struct Official {
    pub(crate) peer: Peer,
    pub(crate) home: String,
}

impl Official {
    pub(crate) async fn start(config: SandboxConfig) -> Self {
        let peer = Peer::start(config).await;
        let home = peer.sandbox.location_id();
        Self { peer, home }
    }

    pub(crate) async fn usual() -> Self {
        Self::start(SandboxConfig { rate_limit: 10_000, ..SandboxConfig::official() }).await
    }

    /// A request with the token and this version, if any.
    pub(crate) fn request(&self, method: &str, path: &str, version: &str) -> reqwest::RequestBuilder {
        let request = self.peer.bare(method, path).header("authorization", format!("Bearer {}", self.peer.token));
        if version.is_empty() { request } else { request.header("version", version) }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request("GET", path, version(path))).await.unwrap()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(method, path, version(path)).header("content-type", "application/json");
        send(request.body(body.to_string())).await.unwrap()
    }

    /// A request without a body that changes something.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        send(self.request("DELETE", path, version(path))).await.unwrap()
    }

    /// A client of an account with these manners.
    pub(crate) async fn in_manners(words: &str) -> Self {
        let config = SandboxConfig { rate_limit: 10_000, ..SandboxConfig::official() };
        Self::start(SandboxConfig { manners: words.parse().unwrap(), ..config }).await
    }

    pub(crate) async fn search(&self, mut body: Value) -> Reply {
        body["locationId"] = json!(self.home);
        self.send("POST", "/contacts/search", body).await
    }

    /// The id of a custom field by its key.
    pub(crate) async fn field(&self, key: &str) -> String {
        let fields = self.get(&format!("/locations/{}/customFields", self.home)).await.body;
        let found = fields["customFields"].as_array().unwrap().iter().find(|field| field["name"] == key).cloned();
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The pipeline's id, and the id of the stage with this name.
    pub(crate) async fn stage(&self, name: &str) -> (String, String) {
        let body = self.get(&format!("/opportunities/pipelines?locationId={}", self.home)).await.body;
        let pipeline = &body["pipelines"][0];
        let stage = pipeline["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == name).unwrap();
        (pipeline["id"].as_str().unwrap().to_owned(), stage["id"].as_str().unwrap().to_owned())
    }

    /// A stored object.
    pub(crate) async fn stored(&self, kind: &str, id: &Value) -> Value {
        self.peer.objects(kind).await.into_iter().find(|object| object["id"] == *id).unwrap()
    }
}

/// The message of an error, whether it is a text or a list.
pub(crate) fn message(reply: &Reply) -> String {
    assert!(reply.body["traceId"].is_string(), "{}", reply.text);
    assert_eq!(reply.body["statusCode"], reply.status.as_u16());
    assert!(reply.body["error"].is_string());
    reply.body["message"].to_string()
}
