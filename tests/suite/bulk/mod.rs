//! Bulk jobs through the real surface: planned and run over stdio, worked in the background, killed and taken over. The
//! sandbox's objects are the judge of what was written, and how often.

mod confirmed;
mod files;
mod jobs;
mod kills;
mod pace;
mod plans;

use crate::support::Host;
use serde_json::{Value, json};
use std::time::Duration;

/// Runs a plan with the token that it offers.
async fn run(host: &Host, plan: &Value) -> Value {
    let mut arguments = json!({"plan": plan["plan"]});
    if let Some(token) = plan.get("confirmationToken") {
        arguments["confirmationToken"] = token.clone();
    }
    host.answer("run_bulk", arguments).await
}

/// Waits until a job no longer runs, and tells what became of it.
async fn ended(host: &Host, job: &Value) -> Value {
    for _ in 0..600 {
        let shown = host.answer("get_bulk", json!({"job": job})).await;
        if shown["state"] != "running" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the job {job} does not end");
}
