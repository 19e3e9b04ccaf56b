//! `sandbox`: serves the embedded account over HTTP.

use super::{print, say};
use crate::api::Api;
use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use highlevel_sandbox::{Counting, FaultPlan, Manners, Sandbox, SandboxConfig};
use std::{net::SocketAddr, process::ExitCode, time::Duration};

#[derive(Debug, Args)]
#[command(after_long_help = help())]
pub(super) struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// The number of locations (sub-accounts), each with objects and a quota of its own; more than one needs --api official
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    locations: u16,
    /// The number of contacts of each location
    #[arg(long, value_name = "N", default_value_t = 250)]
    contacts: usize,
    /// The date or date-time that the sample data's dates count back from; by default now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<DateTime<Utc>>,
    /// The same seed gives the same account
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Requests per window; by default 300, or 100 with the official API
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// The window in seconds; by default 60, or 10 with the official API
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    rate_window: Option<u64>,
    /// Requests per day; only the official API counts them
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    daily_limit: u32,
    /// Count in a sliding window instead of fixed ones
    #[arg(long)]
    sliding: bool,
    /// The lifetime of a token in seconds
    #[arg(long, value_name = "S", default_value_t = 1200, value_parser = clap::value_parser!(u64).range(1..))]
    token_ttl: u64,
    /// Refreshing a token ends the one before
    #[arg(long)]
    rotate: bool,
    /// A further token to accept
    #[arg(long, value_name = "TOKEN", env = "GHL_SANDBOX_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// What goes wrong: see `sandbox --help` for the words
    #[arg(long, value_name = "SPEC", default_value = "", hide = !highlevel_sandbox::HAS_FAULTS)]
    fault: FaultPlan,
    /// Where it behaves as live accounts do: see `sandbox --help` for the words
    #[arg(long, value_name = "WORDS", default_value = "")]
    manners: Manners,
}

/// Parses a date, or a date-time with an offset.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()));
    time.ok_or_else(|| "a date such as 2025-11-03, or a date-time such as 2025-11-03T15:30:00Z".to_owned())
}

/// The words of faults, if this build has them, and of manners.
fn help() -> String {
    if highlevel_sandbox::HAS_FAULTS {
        format!("{}\n\n{}", FaultPlan::HELP, Manners::HELP)
    } else {
        Manners::HELP.to_owned()
    }
}

/// Serves the account until the process ends. `api` is the setting `--api`.
pub(super) async fn run(options: Options, api: Option<Api>) -> anyhow::Result<ExitCode> {
    if !options.listen.ip().is_loopback() {
        say("The sandbox listens beyond this machine: anybody who reaches it can read and change its account.");
    }
    let usual = match api.unwrap_or_default() {
        Api::Session => SandboxConfig::default(),
        Api::Official => SandboxConfig::official(),
    };
    if options.locations > 1 && api != Some(Api::Official) {
        bail!("--locations {} needs --api official: the session API serves one location", options.locations);
    }
    let config = SandboxConfig {
        locations: options.locations.into(),
        contacts: options.contacts,
        as_of: options.as_of,
        seed: options.seed,
        rate_limit: options.rate_limit.unwrap_or(usual.rate_limit),
        rate_window: options.rate_window.map_or(usual.rate_window, Duration::from_secs),
        daily_limit: options.daily_limit,
        counting: if options.sliding { Counting::Sliding } else { Counting::Fixed },
        token_ttl: Duration::from_secs(options.token_ttl),
        rotate: options.rotate,
        extra_token: options.token,
        faults: options.fault,
        manners: options.manners,
        ..usual
    };
    let started = Sandbox::start(options.listen, config).await;
    let sandbox = started.with_context(|| format!("the sandbox cannot start on {}", options.listen))?;
    // Lines for scripts: the address, a first token, and the further settings that the API needs.
    print(&format!("GHL_BASE_URL={}", sandbox.base_url()))?;
    print(&format!("GHL_TOKEN_ID={}", sandbox.token()))?;
    if api == Some(Api::Official) {
        print("GHL_API=official")?;
        print(&format!("GHL_LOCATION_ID={}", sandbox.location_id()))?;
        // Comments, since the variables can be set for one location only.
        for (id, name) in sandbox.locations().into_iter().skip(1) {
            let token = sandbox.token_of(&id).unwrap_or_default();
            print(&format!("# {name}: GHL_LOCATION_ID={id} GHL_TOKEN_ID={token}"))?;
        }
    }
    say("An embedded GoHighLevel account. Set the variables above for highlevel-mcp. Ctrl-C ends it.");
    if highlevel_sandbox::HAS_MANAGEMENT {
        say("GET /sandbox/stats counts the requests that were served.");
    }
    sandbox.wait().await;
    Ok(ExitCode::SUCCESS)
}
