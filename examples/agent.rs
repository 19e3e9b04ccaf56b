//! A scripted agent: starts the server, reads all open deals through its tools, and prints those without activity, the
//! longest first.
//!
//! `cargo run --example agent` starts this project's server with the sample account. To start another command, append it:
//! `-- highlevel-mcp --read-only`.

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use highlevel_mcp::cli;
use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, JsonObject},
    service::RunningService,
    transport::TokioChildProcess,
};
use serde_json::{Value, json};
use std::{
    env,
    io::{Write, stdout},
    process::ExitCode,
};
use tokio::process::Command;

/// With this argument the example is the server, so that the agent needs no second program.
const AS_SERVER: &str = "serve";

/// Deals without activity for this many days are stale.
const STALE_DAYS: i64 = 30;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = env::args_os().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == AS_SERVER) {
        return Ok(cli::main());
    }
    let mut server = match arguments.next() {
        Some(program) => Command::new(program),
        None => {
            let mut itself = Command::new(env::current_exe()?);
            itself.args([AS_SERVER, "--sandbox"]);
            itself
        }
    };
    server.args(arguments);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(report(server))?;
    Ok(ExitCode::SUCCESS)
}

async fn report(server: Command) -> anyhow::Result<()> {
    let session = ().serve(TokioChildProcess::new(server)?).await.context("no session with the server")?;
    let deals = open_deals(&session).await?;
    // The sample account ends in 2025, so ages count from its newest change and not from today.
    let now = deals.iter().filter_map(touched).max().context("there is no open deal")?;
    let mut stale: Vec<(i64, &Value)> = deals
        .iter()
        .filter_map(|deal| Some(((now - touched(deal)?).num_days(), deal)))
        .filter(|(days, _)| *days >= STALE_DAYS)
        .collect();
    stale.sort_by_key(|(days, _)| -days);

    let mut out = stdout().lock();
    writeln!(out, "{:>5}  {:>12}  {:14}  Deal", "Days", "Value", "Stage")?;
    for (days, deal) in &stale {
        let text = |name| deal.get(name).and_then(Value::as_str).unwrap_or("");
        // Values have different currencies, so they are not added up.
        let value = format!("{} {}", deal.get("value").unwrap_or(&Value::Null), text("currency"));
        writeln!(out, "{days:>5}  {value:>12}  {:14}  {}", text("stage"), text("name"))?;
    }
    writeln!(out, "{} of {} open deals had no activity for {STALE_DAYS} days or longer.", stale.len(), deals.len())?;
    drop(out);
    session.cancel().await?;
    Ok(())
}

/// All open deals, page by page, with the fields that the table needs.
async fn open_deals(session: &RunningService<RoleClient, ()>) -> anyhow::Result<Vec<Value>> {
    let mut deals = Vec::new();
    let mut offset = json!(0);
    loop {
        let arguments = json!({
            "status": "open", "limit": 100, "offset": offset,
            "fields": ["name", "value", "currency", "stage", "updatedAt"],
        });
        let mut page = call(session, "list_opportunities", arguments).await?;
        if let Some(Value::Array(items)) = page.get_mut("data").map(Value::take) {
            deals.extend(items);
        }
        match page.get("meta").and_then(|meta| meta.get("nextOffset")) {
            Some(next) => offset = next.clone(),
            None => return Ok(deals),
        }
    }
}

/// Calls a tool. An error is a text block of JSON with a stable code and a message.
async fn call(session: &RunningService<RoleClient, ()>, tool: &'static str, arguments: Value) -> anyhow::Result<Value> {
    let arguments: JsonObject = serde_json::from_value(arguments)?;
    let result = session.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?;
    match (result.is_error, result.structured_content) {
        (Some(true), _) | (_, None) => {
            let text = result.content.first().and_then(|block| block.as_text()).map(|block| block.text.as_str());
            Err(anyhow!("{tool}: {}", text.unwrap_or("no answer")))
        }
        (_, Some(answer)) => Ok(answer),
    }
}

fn touched(deal: &Value) -> Option<DateTime<Utc>> {
    deal.get("updatedAt")?.as_str()?.parse().ok()
}
