//! The client over real HTTP, against an upstream that says exactly what a test tells it to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

mod accounts;
mod any_input;
mod bounds;
mod connections;
mod files;
mod quota;
mod secrecy;
mod sending;
mod shared;
mod store;
mod token;
mod trouble;
mod upstream;
mod write_lock;

use highlevel_api_client::{Client, ClientConfig, Expect, Repeat, Request, Service, ServiceUrls, TokenSource};
use highlevel_core::context::CallContext;
use highlevel_store::Store;
use http::Method;
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};
use upstream::Upstream;

/// A token that must never be seen anywhere but in its header.
const TOKEN: &str = "canary-7f3a9c-first-token";

fn config(upstream: &Upstream) -> ClientConfig {
    let mut config = ClientConfig::new(ServiceUrls::all("GHL_BASE_URL", &upstream.url()).unwrap());
    config.attempt_timeout = Duration::from_secs(5);
    config
}

fn client_in(dir: &Path, config: ClientConfig, token: &str) -> Client {
    let source = TokenSource::Value(token.into(), "GHL_TOKEN_ID");
    Client::new(config, source, Arc::new(Store::open(dir.to_owned()))).unwrap()
}

/// A client whose state directory is gone when the test ends.
struct Fixture {
    client: Client,
    dir: tempfile::TempDir,
}

fn fixture(config: ClientConfig) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    Fixture { client: client_in(dir.path(), config, TOKEN), dir }
}

fn call() -> CallContext {
    CallContext::new(Duration::from_secs(20))
}

fn request(method: Method, path: &str, body: Option<Value>, repeat: Repeat) -> Request {
    let (path, query) = (path.to_owned(), Vec::new());
    let (version, scope, expect) = (None, None, Expect::Json);
    Request {
        method,
        service: Service::Backend,
        path,
        version,
        scope,
        query,
        body,
        files: None,
        repeat,
        expect,
        save: None,
    }
}

fn get(path: &str) -> Request {
    request(Method::GET, path, None, Repeat::Freely)
}

fn post(path: &str) -> Request {
    request(Method::POST, path, Some(serde_json::json!({"name": "n"})), Repeat::IfNotExecuted)
}
