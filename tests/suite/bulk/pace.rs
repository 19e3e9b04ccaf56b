//! What a job uses of the quota, by the sandbox's own count of its windows.

use super::{ended, run};
use crate::support::{Account, Host};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::time::Duration;

/// `cargo test --test suite bulk::pace -- --ignored`, for the figure of docs/performance.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute, and its figure needs a machine that is not busy"]
async fn a_saturated_job_uses_98_percent_of_the_quota() {
    const LIMIT: u32 = 200;
    const ROWS: u32 = 1_100;
    let config = SandboxConfig {
        contacts: 1_500,
        rate_limit: LIMIT,
        rate_window: Duration::from_secs(4),
        ..SandboxConfig::default()
    };
    let account = Account::with(config).await;
    let flags = ["--rate-limit", "200", "--rate-window", "4"];
    let host = Host::new(&account, &flags).await;
    let plan = json!({
        "operation": "update_contact",
        "sql": format!("SELECT id FROM contacts ORDER BY id LIMIT {ROWS}"),
        "template": {"companyName": "Paced Inc"},
    });
    let plan = host.answer("plan_bulk", plan).await;
    run(&host, &plan).await;
    let done = ended(&host, &plan["plan"]).await;
    assert_eq!(done["rows"], json!({"done": ROWS}), "{done}");
    let stats = account.stats().await;
    assert_eq!(stats["throttled"], 0, "{stats}");
    // The plan, the burst and the reserve are in the first windows, and the last one is not full.
    let windows: Vec<u64> =
        stats["windows"].as_array().unwrap().iter().map(|window| window["count"].as_u64().unwrap()).collect();
    let full = &windows[3..windows.len() - 1];
    let used = full.iter().sum::<u64>() as f64 / (full.len() as u64 * u64::from(LIMIT)) as f64;
    let figures = format!("{:.2} % of {} windows of {LIMIT}: {windows:?}\n", used * 100.0, full.len());
    std::fs::write(std::env::temp_dir().join("highlevel-mcp-bulk-pace.txt"), &figures).unwrap();
    assert!(full.len() >= 6 && used >= 0.98, "{figures}");
}
