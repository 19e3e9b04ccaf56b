//! One client of reqwest's, set up as the server's is (`crates/api-client/src/http.rs`), on one thread: so many calls at once with
//! no connection yet, the same once more, and then calls one after the other in so many lanes. Prints one line of JSON.
//!
//!     connections PROTOCOL ENCODING FLIGHT CALLS URL ROOT.pem

use reqwest::{Certificate, redirect, retry};
use std::{
    env,
    error::Error,
    fs,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [protocol, encoding, flight, calls, url, root] = arguments.as_slice() else {
        return Err("PROTOCOL ENCODING FLIGHT CALLS URL ROOT.pem".into());
    };
    let (flight, calls) = (flight.parse::<usize>()?, calls.parse::<usize>()?);
    let client = client(protocol, encoding, &fs::read(root)?)?;
    let version = if protocol == "http/1.1" { "HTTP/1.1" } else { "HTTP/2.0" };

    let cold = round(&client, url, flight, 1).await;
    let warm = round(&client, url, flight, 1).await;
    let steady = round(&client, url, flight, calls.div_ceil(flight)).await;
    if cold.versions.iter().chain(&steady.versions).any(|seen| *seen != version) {
        return Err(format!("{protocol} was to be measured, and not {:?}", steady.versions).into());
    }
    let line = serde_json::json!({
        "cold_ms": cold.took * 1e3,
        "cold_cpu_ms": cold.cpu * 1e3,
        "warm_ms": warm.took * 1e3,
        "p50_us": steady.at(0.5),
        "p99_us": steady.at(0.99),
        "rps": steady.times.len() as f64 / steady.took,
        "cpu_us": steady.cpu * 1e6 / steady.times.len() as f64,
        "failed": cold.failed + warm.failed + steady.failed,
    });
    println!("{line}");
    Ok(())
}

/// "h2 alone" offers the server nothing else, so that reqwest knows before the first connection that one is enough.
/// "h2 repeated" lets reqwest send again what was refused, beside the server's own books of quota and repetitions.
fn client(protocol: &str, encoding: &str, root: &[u8]) -> Result<reqwest::Client> {
    // Fails only if there is a provider already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([Certificate::from_pem(root)?])
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(55))
        .tcp_nodelay(true)
        .gzip(encoding == "gzip");
    let builder = match protocol {
        "http/1.1" => builder.retry(retry::never()).http1_only(),
        "h2" => builder.retry(retry::never()),
        "h2 alone" => builder.retry(retry::never()).http2_prior_knowledge(),
        "h2 repeated" => builder,
        other => return Err(format!("no protocol: {other}").into()),
    };
    Ok(builder.build()?)
}

/// What came of some calls: each one's microseconds, the seconds from the first's begin to the last's end, and the
/// processor's among them.
#[derive(Default)]
struct Round {
    times: Vec<f64>,
    versions: Vec<String>,
    failed: usize,
    took: f64,
    cpu: f64,
}

impl Round {
    fn at(&self, share: f64) -> f64 {
        self.times.get((self.times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
    }
}

async fn round(client: &reqwest::Client, url: &str, lanes: usize, each: usize) -> Round {
    let (start, before) = (Instant::now(), thread_seconds());
    let mut tasks = JoinSet::new();
    for _ in 0..lanes {
        let (client, url) = (client.clone(), url.to_owned());
        tasks.spawn(async move { lane(&client, &url, each).await });
    }
    let mut all = Round::default();
    while let Some(done) = tasks.join_next().await {
        let one = done.expect("no lane panics");
        all.times.extend(one.times);
        all.versions.extend(one.versions);
        all.failed += one.failed;
    }
    (all.took, all.cpu) = (start.elapsed().as_secs_f64(), thread_seconds() - before);
    all.times.sort_by(f64::total_cmp);
    all.versions.sort();
    all.versions.dedup();
    all
}

async fn lane(client: &reqwest::Client, url: &str, calls: usize) -> Round {
    let mut round = Round::default();
    for _ in 0..calls {
        let start = Instant::now();
        match ask(client, url).await {
            Ok(version) => {
                round.times.push(start.elapsed().as_secs_f64() * 1e6);
                if round.versions.last() != Some(&version) {
                    round.versions.push(version);
                }
            }
            // Some do where the server ends connections: the bench judges.
            Err(_) => round.failed += 1,
        }
    }
    round
}

async fn ask(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    let response = client.get(url).send().await?.error_for_status()?;
    let version = format!("{:?}", response.version());
    response.bytes().await.map(|_| version)
}

/// How long this thread has run on a processor: all of the client does. Linux tells it in nanoseconds.
fn thread_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).map_or(f64::NAN, |nanos| nanos / 1e9)
}
