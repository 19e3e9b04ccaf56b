//! SIGKILL and faults at every step of a refresh. The sandbox counts the valid refresh tokens: there is one for every
//! login, so each lost one is a login that the server asked for, and it asks for none without need.
//!
//! `cargo test --test suite a_thousand_faulted_refreshes -- --ignored --nocapture`

use super::*;
use crate::support::Wire;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use tokio::runtime::Handle;

/// The faults of one refresh: none, long delays for the kill to hit, and answers that are lost before or after the effect.
const FAULTS: [&str; 8] = [
    "latency:20@refresh;latency-after:20@refresh",
    "latency-after:40@refresh",
    "latency:40@refresh",
    "drop@refresh*1",
    "drop-after@refresh*1",
    "500-after@refresh*1;latency-after:20@refresh",
    "truncate@refresh*1",
    "malformed@refresh*1",
];

#[derive(Debug, Default)]
struct Figures {
    refreshes: u64,
    kills: u64,
    /// Sessions that were lost and reported as lost.
    lost: u64,
    /// Kills and faults without a consequence.
    survived: u64,
}

struct Chain {
    account: Account,
    state: tempfile::TempDir,
    location: String,
    agency: bool,
    random: StdRng,
    logins: u64,
    figures: Figures,
}

impl Chain {
    async fn new(seed: u64) -> Self {
        let (account, state) = (account(1200).await, tempfile::tempdir().unwrap());
        // Every second login is an agency's, with an exchange before and after.
        let (agency, location) = (seed % 2 == 1, account.location().unwrap());
        let random = StdRng::seed_from_u64(seed);
        let chain = Self { account, state, location, agency, random, logins: 1, figures: Figures::default() };
        chain.log_in().await;
        chain
    }

    async fn log_in(&self) {
        log_in(&self.account, self.state.path(), if self.agency { &["--agency"] } else { &[] }).await;
    }

    /// One call in its own process.
    async fn call(&self) -> Ran {
        let call = ["--location-id", &self.location, "call", "list_contacts", "--limit", "1"];
        highlevel(&self.account, self.state.path(), &call).await
    }

    fn start(&self) -> Wire {
        let mut wire = Wire::start(command(
            &self.account,
            self.state.path(),
            &["--timeout", "30", "--location-id", &self.location],
        ));
        wire.initialize("2025-11-25", json!({}));
        wire
    }

    /// One refresh with a kill or a fault.
    async fn step(&mut self) {
        let faults = FAULTS[self.random.random_range(0..FAULTS.len())];
        self.account.faults(faults).await;
        self.account.expire_tokens().await;
        let before = asked(&self.account).await;
        let mut wire = self.start();
        wire.send("tools/call", json!({"name": "list_contacts", "arguments": {"limit": 1}}));
        // A kill before, during or after the request, or only the fault.
        if self.random.random_bool(0.8) {
            if self.random.random_bool(0.9) {
                while asked(&self.account).await == before {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            tokio::time::sleep(Duration::from_micros(self.random.random_range(0..60_000))).await;
            wire.child.kill().unwrap();
            wire.child.wait().unwrap();
            self.figures.kills += 1;
        } else {
            while asked(&self.account).await == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        drop(wire);
        self.figures.refreshes += 1;
        self.account.faults("").await;
        self.judge().await;
    }

    /// The next start works, or reports that the login is lost and why, correctly.
    async fn judge(&mut self) {
        let mut wire = self.start();
        let answer = wire.call("list_contacts", json!({"limit": 1}));
        if answer["isError"] == true {
            let text = answer["content"][0]["text"].as_str().unwrap();
            assert!(text.contains(r#""unauthorized""#), "{text}");
            assert!(text.contains("ended before its new refresh token could be stored"), "{text}");
            assert!(text.contains("that token is lost") && text.contains("highlevel-mcp auth login"), "{text}");
            drop(wire);
            // The next call reports it again.
            let again = self.call().await;
            let text = format!("{}{}", again.stdout, again.stderr);
            assert!(again.code == Some(4) && text.contains("that token is lost"), "{text}");
            self.log_in().await;
            self.logins += 1;
            self.figures.lost += 1;
            let works = self.call().await;
            assert_eq!(works.code, Some(0), "{works:?}");
        } else {
            self.figures.survived += 1;
        }
        // A refresh invalidates the old token, so each login has one valid token, and this machine holds one.
        assert_eq!(live(&self.account).await, self.logins, "chains and logins");
    }
}

/// Runs `times` refreshes on `count` accounts at once: most of the time is the wait for the lock of a dead process.
async fn faulted(times: u64, count: u64) -> Figures {
    let chains = (0..count).map(|seed| {
        let runtime = Handle::current();
        let work = async move {
            let mut chain = Chain::new(seed).await;
            for _ in 0..times / count {
                chain.step().await;
                // The sandbox records 10,000 requests, which this test does not read.
                chain.account.forget_requests().await;
            }
            chain.figures
        };
        tokio::task::spawn_blocking(move || runtime.block_on(work))
    });
    let all = futures::future::join_all(chains).await;
    all.into_iter().map(Result::unwrap).fold(Figures::default(), |total, one| Figures {
        refreshes: total.refreshes + one.refreshes,
        kills: total.kills + one.kills,
        lost: total.lost + one.lost,
        survived: total.survived + one.survived,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn twenty_faulted_refreshes() {
    let figures = faulted(20, 5).await;
    assert_eq!(figures.refreshes, 20);
    assert!(figures.lost > 0 && figures.survived > 0 && figures.kills > 0, "{figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes minutes; run it with --ignored for the figures of docs/reliability.md"]
async fn a_thousand_faulted_refreshes() {
    let figures = faulted(1_000, 20).await;
    tell(&format!("{figures:?}"));
    assert_eq!(figures.refreshes, 1_000);
}
