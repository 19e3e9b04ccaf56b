//! A sandbox with a client that sends what the session API requires, unless a test says otherwise.

use highlevel_sandbox::{Sandbox, SandboxConfig};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::sync::Once;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) struct Peer {
    pub(crate) sandbox: Sandbox,
    pub(crate) token: String,
    http: reqwest::Client,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Reply {
    /// The message of an error.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn number(&self, header: &str) -> u64 {
        self.headers[header].to_str().unwrap().parse().unwrap()
    }
}

impl Peer {
    pub(crate) async fn start(config: SandboxConfig) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let sandbox = Sandbox::start("127.0.0.1:0".parse().unwrap(), config).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let token = sandbox.token();
        Self { sandbox, token, http }
    }

    pub(crate) async fn usual() -> Self {
        Self::start(SandboxConfig { rate_limit: 10_000, ..SandboxConfig::default() }).await
    }

    pub(crate) async fn with_faults(spec: &str) -> Self {
        let config = SandboxConfig { rate_limit: 10_000, faults: spec.parse().unwrap(), ..SandboxConfig::default() };
        Self::start(config).await
    }

    /// A client of an account with these manners.
    pub(crate) async fn in_manners(words: &str) -> Self {
        let config = SandboxConfig { rate_limit: 10_000, ..SandboxConfig::default() };
        Self::start(SandboxConfig { manners: words.parse().unwrap(), ..config }).await
    }

    /// A request with only what the caller adds.
    pub(crate) fn bare(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.sandbox.base_url()))
    }

    /// A request with token and version.
    pub(crate) fn plain(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.bare(method, path).header("token-id", &self.token).header("version", "1.0")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.plain("GET", path)).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        send(self.plain("DELETE", path)).await.unwrap()
    }

    /// Sends a POST with an empty body.
    pub(crate) async fn poke(&self, path: &str) -> Reply {
        send(self.plain("POST", path).header("content-length", "0")).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.try_post(path, body).await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        send(self.json("PUT", path, body)).await.unwrap()
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Reply, reqwest::Error> {
        send(self.plain("GET", path)).await
    }

    pub(crate) async fn try_post(&self, path: &str, body: Value) -> Result<Reply, reqwest::Error> {
        send(self.json("POST", path, body)).await
    }

    fn json(&self, method: &str, path: &str, body: Value) -> reqwest::RequestBuilder {
        self.plain(method, path).header("content-type", "application/json").body(body.to_string())
    }

    /// Sends a request to an endpoint under `/sandbox/`.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: &str) -> Reply {
        send(self.bare(method, &format!("/sandbox/{path}")).body(body.to_owned())).await.unwrap()
    }

    pub(crate) async fn stats(&self) -> Value {
        self.manage("GET", "stats", "").await.body
    }

    pub(crate) async fn objects(&self, kind: &str) -> Vec<Value> {
        self.manage("GET", &format!("objects/{kind}"), "").await.body.as_array().cloned().unwrap()
    }

    /// The id of the first page with this status.
    pub(crate) async fn page(&self, status: &str) -> String {
        let reply = self.get(&format!("/page?status={status}")).await;
        reply.body["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Sends raw text and reads until the connection ends.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(self.sandbox.addr()).await.unwrap();
        stream.write_all(request.replace('\n', "\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset may end the connection too. The bytes before it count.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Reply { status, headers, body, text })
}
