//! A process that stands still (SIGSTOP, a laptop's lid) while it renews the login, and goes on later. Another process
//! waits for it, and if that takes too long, does without it or says why it cannot. There is never a second chain, and
//! what the first one does when it wakes harms nobody.

use super::*;
use crate::support::Wire;
use serde_json::json;

/// A login, and a process that stands still in the middle of its renewal.
struct Sleeper {
    account: Account,
    state: tempfile::TempDir,
    wire: Wire,
    call: i64,
}

impl Sleeper {
    /// It falls asleep once its request has arrived, which this happens to.
    async fn asleep(fault: &str) -> Self {
        let (account, state) = (account(1200).await, tempfile::tempdir().unwrap());
        log_in(&account, state.path(), &[]).await;
        account.expire_tokens().await;
        account.faults(fault).await;
        let before = asked(&account).await;
        let mut wire = Wire::start(command(&account, state.path(), &["--timeout", "60"]));
        wire.initialize("2025-11-25", json!({}));
        let call = wire.send("tools/call", json!({"name": "list_contacts", "arguments": {"limit": 1}}));
        while asked(&account).await == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let sleeper = Self { account, state, wire, call };
        sleeper.signal("-STOP");
        sleeper
    }

    fn signal(&self, signal: &str) {
        let pid = self.wire.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// A call by another process.
    async fn other(&self) -> Ran {
        highlevel(&self.account, self.state.path(), &["call", "list_contacts", "--limit", "1"]).await
    }

    /// It goes on, and so does everybody: its own call, the same process again, and another one.
    async fn wakes_and_all_is_well(&mut self, logins: u64) {
        self.signal("-CONT");
        let own = self.wire.answer_to(self.call)["result"].clone();
        assert_ne!(own["isError"], true, "{own}");
        let again = self.wire.call("list_contacts", json!({"limit": 1}));
        assert_ne!(again["isError"], true, "{again}");
        let other = self.other().await;
        assert_eq!(other.code, Some(0), "{other:?}");
        // What it stored is good for the next renewal, and nobody believes that something was lost.
        self.account.expire_tokens().await;
        let next = self.other().await;
        assert!(next.code == Some(0) && !next.stderr.contains("cut off"), "{next:?}");
        assert_eq!(live(&self.account).await, logins, "chains");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_wakes_in_time_is_waited_for() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    let waiting = tokio::spawn(run(command(&sleeper.account, sleeper.state.path(), &["call", "list_contacts"])));
    tokio::time::sleep(Duration::from_secs(1)).await;
    sleeper.signal("-CONT");
    let waited = waiting.await.unwrap();
    assert_eq!(waited.code, Some(0), "{waited:?}");
    assert_eq!(used(&sleeper.account).await.len(), 1, "the other took what the first one got");
    sleeper.wakes_and_all_is_well(1).await;
}

/// The next refresh token is on its way to a process that does not take it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_nobody_took_is_said_to_be_missing_until_the_one_that_got_it_wakes() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    let other = sleeper.other().await;
    let said = format!("{}{}", other.stdout, other.stderr);
    assert_eq!(other.code, Some(4), "{said}");
    assert!(said.contains("ended before its new refresh token could be stored"), "{said}");
    assert_eq!(live(&sleeper.account).await, 1);
    sleeper.wakes_and_all_is_well(1).await;
}

/// The refresh token is used by the other one, and the sleeper's own request comes too late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_comes_too_late_takes_what_the_other_got() {
    let mut sleeper = Sleeper::asleep("latency:12000@refresh*1").await;
    let other = sleeper.other().await;
    assert_eq!(other.code, Some(0), "{other:?}");
    assert_eq!(live(&sleeper.account).await, 1);
    sleeper.wakes_and_all_is_well(1).await;
    let used = used(&sleeper.account).await;
    assert_eq!((used.len(), HashSet::<&String>::from_iter(&used).len()), (3, 2), "its own was used before it");
}

/// The person has logged in anew by the time it wakes: the new login stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_wakes_after_a_new_login_leaves_that_alone() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    log_in(&sleeper.account, sleeper.state.path(), &[]).await;
    // The server keeps the chain of the first login too, which nobody has ended.
    sleeper.wakes_and_all_is_well(2).await;
}
