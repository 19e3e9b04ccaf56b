//! SIGKILL at random moments of a stream of writes. Each time the journal agrees with the sandbox, and the next start
//! continues.
//!
//! The seeds are fixed: requests and the times of the kills are the same in each run; the machine decides which step a kill
//! hits. The short run is part of every test run. The long run is `cargo test --test suite kills -- --ignored`, and writes
//! its figures to a file in the temporary directory.

use super::{
    contact, database, journal,
    reconcile::{Figures, reconcile},
    sound,
    stream::Stream,
    wal,
};
use crate::support::{Account, Manners, Wire, command, live};
use futures::{StreamExt, stream};
use highlevel_sandbox::SandboxConfig;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tokio::runtime::Handle;

/// The number of kills in one state directory, one after the other.
const LIVES: usize = 4;

/// Long gaps between recording, sending, effect and answer, for kills to hit.
const SLOW: &str =
    "latency:4@write%40;latency-after:4@write%40;latency:8@read%10;latency:25@refresh;latency-after:25@refresh";

/// One account and one state directory over several server processes.
struct Lives {
    account: Account,
    state: tempfile::TempDir,
    token: String,
    random: StdRng,
    stream: Stream,
    figures: Figures,
}

impl Lives {
    async fn new(seed: u64, manners: Manners) -> Self {
        // In every second account a refresh invalidates the old token, so that a kill can lose the session.
        let rotate = seed % 2 == 1;
        let config = SandboxConfig { rate_limit: 100_000, seed, rotate, manners, ..SandboxConfig::default() };
        let account = Account::with(config).await;
        account.faults(SLOW).await;
        let contacts = account.objects("contacts").await;
        Self {
            token: account.token().to_owned(),
            state: tempfile::tempdir().unwrap(),
            random: StdRng::seed_from_u64(seed),
            stream: Stream::new(&contacts),
            figures: Figures::default(),
            account,
        }
    }

    fn start(&self) -> Wire {
        let mut command = command(&self.account, self.state.path());
        // Images of an earlier life are old enough to be pruned.
        command.env("GHL_TOKEN_ID", &self.token).args(["--journal-images-days", "1", "--timeout", "30"]);
        let mut wire = Wire::start(command);
        wire.initialize("2025-11-25", json!({}));
        wire
    }

    /// Starts the server. If a kill lost the only token, the server says so, and the test logs in again.
    async fn working(&mut self) -> Wire {
        let mut wire = self.start();
        let said = wire.call("get_current_user", json!({}));
        if said["isError"] != true {
            return wire;
        }
        let text = said["content"][0]["text"].as_str().unwrap();
        assert!(self.account.rotates() && text.contains(r#""unauthorized""#), "the next start does not work: {text}");
        assert!(text.contains("ended before it could store the new token, which is lost"), "{text}");
        assert!(text.contains("Log in to GoHighLevel again"), "{text}");
        self.figures.sessions_lost += 1;
        self.token = self.account.new_token();
        let mut wire = self.start();
        assert_ne!(wire.call("get_current_user", json!({}))["isError"], true, "a new login works");
        wire
    }

    /// Kills the server while it refreshes the token.
    async fn killed_renewing(&mut self) {
        self.account.expire_tokens().await;
        let before = self.account.stats().await["byOperation"]["POST /token/update"].as_u64().unwrap_or(0);
        let mut wire = self.start();
        wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}));
        while self.account.stats().await["byOperation"]["POST /token/update"].as_u64().unwrap_or(0) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(self.random.random_range(0..70_000))).await;
        kill(&mut wire);
        self.figures.renewals_killed += 1;
    }

    /// Kills the server in the stream of writes, after some answers and a delay.
    async fn killed_writing(&mut self) {
        let mut wire = self.working().await;
        let answers = self.random.random_range(0..24);
        self.stream.run(&mut wire, answers, &mut self.random);
        tokio::time::sleep(Duration::from_micros(self.random.random_range(0..12_000))).await;
        kill(&mut wire);
        self.stream.drain(&mut wire);
    }

    /// Cuts the end of the log, as a power failure may. Only an outcome can be lost like this: an attempt is on the disk
    /// before its request is sent.
    fn tear(&mut self) {
        let state = self.state.path();
        let Some(attempt) = wal::last_outcome(state) else { return };
        wal::tear_last_commit(state, &mut self.random);
        if wal::last_outcome(state) != Some(attempt) {
            self.figures.torn.push(attempt);
        }
    }

    /// Makes the images of this life old, unless it was killed before its first write.
    fn age(&self) {
        if !self.state.path().join("journal.db").exists() {
            return;
        }
        let db = database(self.state.path());
        db.execute_batch("UPDATE images SET used_at = used_at - 172800000; UPDATE state SET pruned_at = 0").unwrap();
    }

    async fn live(mut self) -> Figures {
        for life in 0..LIVES {
            if life == 2 {
                self.killed_renewing().await;
            } else {
                self.killed_writing().await;
            }
            if life % 2 == 1 {
                self.tear();
            }
            self.figures.kills += 1;
            reconcile(&self.account, self.state.path(), self.stream.reported(), &mut self.figures).await;
            self.age();
        }
        self.goes_on().await;
        self.figures
    }

    /// After all kills: the next start works, a write succeeds and is recorded, and the chain is intact.
    async fn goes_on(&mut self) {
        let mut wire = self.working().await;
        let made = wire.call("create_contact", contact("after@example.com"));
        assert_ne!(made["isError"], true, "{made}");
        drop(wire);
        sound(&self.account, self.state.path()).await;
        let last = self.last_entry(self.state.path()).await;
        assert_eq!((&last["outcome"], &last["object"]), (&json!("done"), &made["structuredContent"]["id"]), "{last}");
        let pruned = "SELECT count(*) FROM images WHERE body IS NULL";
        self.figures.pruned += database(self.state.path()).query_row(pruned, [], |row| row.get::<_, usize>(0)).unwrap();
    }

    async fn last_entry(&self, state: &Path) -> Value {
        let all = journal(&self.account, state, &["--json", "--tool", "create_contact"]).await;
        serde_json::from_str(all.stdout.lines().last().unwrap()).unwrap()
    }
}

/// SIGKILL on Unix: the process finishes and flushes nothing.
fn kill(wire: &mut Wire) {
    wire.child.kill().unwrap();
    wire.child.wait().unwrap();
}

/// Runs `times` kills, three accounts at a time.
async fn kills(times: usize, manners: &Manners) -> Figures {
    let seeds = 1..=u64::try_from(times / LIVES).unwrap();
    // Talking to a server process blocks, and must not block the sandboxes.
    let live = |seed| {
        let (runtime, manners) = (Handle::current(), manners.clone());
        tokio::task::spawn_blocking(move || runtime.block_on(async { Lives::new(seed, manners).await.live().await }))
    };
    let lives = stream::iter(seeds).map(live).buffer_unordered(3);
    lives.fold(Figures::default(), async |total, figures| total.and(figures.unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_journal_and_sandbox_agree_and_the_next_start_continues() {
    kills_strike(&Manners::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_they_agree_in_live_manners() {
    kills_strike(&live()).await;
}

async fn kills_strike(manners: &Manners) {
    let figures = kills(12, manners).await;
    assert_eq!(figures.kills, 12);
    assert!(figures.done > 0 && figures.landed + figures.absent > 0, "the kills struck nothing: {figures:?}");
    assert!(figures.pruned > 0, "nothing was pruned: {figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run it with --ignored for the figures of docs/reliability.md"]
async fn two_hundred_kills() {
    many_kills("plain", &Manners::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run it with --ignored for the figures of docs/reliability.md"]
async fn two_hundred_kills_live() {
    many_kills("live", &Manners::live()).await;
}

async fn many_kills(name: &str, manners: &Manners) {
    let figures = kills(200, manners).await;
    let file = std::env::temp_dir().join(format!("highlevel-mcp-kills-{name}.txt"));
    fs::write(file, format!("{figures:?}\n")).unwrap();
    assert_eq!(figures.kills, 200);
}
