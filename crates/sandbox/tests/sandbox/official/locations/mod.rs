//! An agency with several locations: each has its own objects, tokens, quota and counts.

mod agency;
mod books;
mod outages;

use super::DATED;
use crate::support::{Peer, Reply, send};
use highlevel_sandbox::SandboxConfig;
use serde_json::Value;

/// The kinds of objects that a location stores.
const KINDS: [&str; 10] = [
    "users",
    "locations",
    "contacts",
    "opportunities",
    "campaigns",
    "pages",
    "funnels",
    "webhooks",
    "customFields",
    "pipelines",
];

/// A location with a private token of its own.
struct Home {
    id: String,
    name: String,
    token: String,
}

struct Agency {
    peer: Peer,
    homes: Vec<Home>,
}

impl Agency {
    async fn start(config: SandboxConfig) -> Self {
        let peer = Peer::start(config).await;
        let home = |(id, name): (String, String)| Home { token: peer.sandbox.token_of(&id).unwrap(), id, name };
        let homes = peer.sandbox.locations().into_iter().map(home).collect();
        Self { peer, homes }
    }

    async fn of(locations: usize) -> Self {
        Self::start(config(locations)).await
    }

    fn request(&self, token: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.peer.bare(method, path).bearer_auth(token);
        match path {
            _ if path.starts_with("/emails/") => request.header("version", "v3"),
            _ if path.starts_with("/funnels/") => request,
            _ => request.header("version", DATED),
        }
    }

    async fn get(&self, token: &str, path: &str) -> Reply {
        send(self.request(token, "GET", path)).await.unwrap()
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(token, method, path).header("content-type", "application/json");
        send(request.body(body.to_string())).await.unwrap()
    }

    /// Sends a form to one of OAuth's endpoints, with a token if there is one.
    async fn form(&self, token: Option<&str>, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = match token {
            Some(token) => self.request(token, "POST", path),
            None => self.peer.bare("POST", path),
        };
        send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await.unwrap()
    }

    /// Exchanges a grant for tokens.
    async fn grant(&self, grant_type: &str, name: &str, grant: &str) -> Reply {
        let client = [("client_id", "sandbox-client"), ("client_secret", "sandbox-client-secret")];
        self.form(None, "/oauth/token", &[&client[..], &[("grant_type", grant_type), (name, grant)]].concat()).await
    }

    /// A new login: of a location, or of the agency.
    async fn log_in(&self, location: Option<&Home>) -> Value {
        let (path, body) = match location {
            Some(home) => (format!("oauth?location={}", home.id), "{}"),
            None => ("oauth".to_owned(), r#"{"userType":"Company"}"#),
        };
        let app = self.peer.manage("POST", &path, body).await.body;
        let reply = self.grant("authorization_code", "code", text(&app, "code")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.body
    }

    /// Exchanges the agency's token for a location's.
    async fn exchange(&self, login: &Value, location_id: &str) -> Reply {
        let fields = [("companyId", text(login, "companyId")), ("locationId", location_id)];
        self.form(Some(text(login, "access_token")), "/oauth/locationToken", &fields).await
    }

    async fn stats(&self, location: &str) -> Value {
        let reply = self.peer.manage("GET", &format!("stats?location={location}"), "").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.body
    }

    async fn objects(&self, home: &Home, kind: &str) -> Vec<Value> {
        let reply = self.peer.manage("GET", &format!("objects/{kind}?location={}", home.id), "").await;
        reply.body.as_array().cloned().unwrap()
    }

    /// The id of a location's first object of a kind.
    async fn one(&self, home: &Home, kind: &str) -> String {
        text(&self.objects(home, kind).await[0], "id").to_owned()
    }

    /// The status of a harmless read.
    async fn reads(&self, token: &str, home: &Home) -> u16 {
        self.get(token, &format!("/opportunities/pipelines?locationId={}", home.id)).await.status.as_u16()
    }
}

fn config(locations: usize) -> SandboxConfig {
    SandboxConfig { locations, contacts: 20, rate_limit: 10_000, ..SandboxConfig::official() }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}
