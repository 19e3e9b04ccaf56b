//! What the request costs when no server stands before it: one reqwest client on one thread, first one request after
//! the other, then 32 in flight. Prints one line of JSON, with the probe's names.

use highlevel_mcp_floor::{address, client};
use std::time::Instant;
use tokio::task::JoinSet;

const CALLS: usize = 20_000;
const FLIGHT: usize = 32;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, address) = (client(), address());
    ask(&client, &address).await?;

    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        ask(&client, &address).await?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);

    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..FLIGHT {
        let (client, address) = (client.clone(), address.clone());
        tasks.spawn(async move {
            for _ in 0..2 * CALLS / FLIGHT {
                ask(&client, &address).await?;
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let per_second = (2 * CALLS) as f64 / start.elapsed().as_secs_f64();
    let line = serde_json::json!({
        "p50_us": times[CALLS / 2], "p99_us": times[CALLS * 99 / 100], "flood_rps": per_second.round(),
    });
    println!("{line}");
    Ok(())
}

async fn ask(client: &reqwest::Client, address: &str) -> reqwest::Result<()> {
    client.get(address).send().await?.error_for_status()?.bytes().await.map(drop)
}
