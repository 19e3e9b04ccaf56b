//! A process that stops (SIGSTOP, a laptop's lid) during a refresh of the login, and continues later. Other processes wait
//! for it, and after a while refresh themselves or report why they cannot. There is never a second valid chain, and the
//! stopped process does no harm when it continues.

use super::*;
use crate::support::Wire;
use serde_json::json;

/// A login, and a process that is stopped during its refresh.
struct Sleeper {
    account: Account,
    state: tempfile::TempDir,
    wire: Wire,
    call: i64,
}

impl Sleeper {
    /// Stops the process when its request has arrived, under this fault.
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

    /// A call in another process.
    async fn other(&self) -> Ran {
        highlevel(&self.account, self.state.path(), &["call", "list_contacts", "--limit", "1"]).await
    }

    /// Continues the process, and checks that its call, another call of it, and another process work.
    async fn wakes_and_all_is_well(&mut self, logins: u64) {
        self.signal("-CONT");
        let own = self.wire.answer_to(self.call)["result"].clone();
        assert_ne!(own["isError"], true, "{own}");
        let again = self.wire.call("list_contacts", json!({"limit": 1}));
        assert_ne!(again["isError"], true, "{again}");
        let other = self.other().await;
        assert_eq!(other.code, Some(0), "{other:?}");
        // The stored token works for the next refresh, and no loss is reported.
        self.account.expire_tokens().await;
        let next = self.other().await;
        assert!(next.code == Some(0) && !next.stderr.contains("cut off"), "{next:?}");
        assert_eq!(live(&self.account).await, logins, "chains");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_continues_in_time_is_waited_for() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    let waiting = tokio::spawn(run(command(&sleeper.account, sleeper.state.path(), &["call", "list_contacts"])));
    tokio::time::sleep(Duration::from_secs(1)).await;
    sleeper.signal("-CONT");
    let waited = waiting.await.unwrap();
    assert_eq!(waited.code, Some(0), "{waited:?}");
    assert_eq!(used(&sleeper.account).await.len(), 1, "the other took what the first one got");
    sleeper.wakes_and_all_is_well(1).await;
}

/// The response with the next refresh token is not read by the stopped process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_no_process_read_is_reported_as_lost_until_the_stopped_one_continues() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    let other = sleeper.other().await;
    let said = format!("{}{}", other.stdout, other.stderr);
    assert_eq!(other.code, Some(4), "{said}");
    assert!(said.contains("ended before its new refresh token could be stored"), "{said}");
    assert_eq!(live(&sleeper.account).await, 1);
    sleeper.wakes_and_all_is_well(1).await;
}

/// The other process uses the refresh token, and the stopped process's request comes too late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_comes_too_late_uses_the_other_ones_token() {
    let mut sleeper = Sleeper::asleep("latency:12000@refresh*1").await;
    let other = sleeper.other().await;
    assert_eq!(other.code, Some(0), "{other:?}");
    assert_eq!(live(&sleeper.account).await, 1);
    sleeper.wakes_and_all_is_well(1).await;
    let used = used(&sleeper.account).await;
    assert_eq!((used.len(), HashSet::<&String>::from_iter(&used).len()), (3, 2), "its own was used before it");
}

/// The person has logged in again by the time it continues: the new login stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_continues_after_a_new_login_keeps_the_new_login() {
    let mut sleeper = Sleeper::asleep("latency-after:1500@refresh*1").await;
    log_in(&sleeper.account, sleeper.state.path(), &[]).await;
    // The server keeps the first login's chain as well, which nothing has ended.
    sleeper.wakes_and_all_is_well(2).await;
}
