//! Several processes that fold into one file, and one that is killed while it does.

use super::*;
use std::{
    env,
    process::{Child, Command, Stdio},
};

const ACCOUNTS: usize = 6;
const CONTACTS: usize = 400;
const DIR: &str = "UNION_TEST_DIR";

/// A process of this test program that folds and asks in an endless loop.
fn folding(state: &State) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "mirror::union::tests::concurrent::a_process_that_folds"]);
    command.env(DIR, state.dir.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Not a test by itself: the other process of those below.
#[tokio::test]
#[ignore = "run by other tests"]
async fn a_process_that_folds() {
    let Some(dir) = env::var_os(DIR) else { return };
    let union = UnionMirror::open(dir.as_ref(), None);
    let state = State { dir: tempfile::tempdir().unwrap(), union };
    let accounts = accounts_in(dir.as_ref());
    loop {
        check(&state, &accounts).await;
        // Everything is copied again.
        let all = "DELETE FROM folded; DELETE FROM all_contacts; DELETE FROM all_contact_tags";
        state
            .union
            .write(|db| {
                let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                transaction.execute_batch(all)?;
                transaction.commit()
            })
            .await
            .unwrap();
    }
}

fn accounts_in(dir: &Path) -> Vec<UnionAccount> {
    let name = |number| format!("account {number}");
    let account =
        |number| UnionAccount { name: name(number), mirror: Mirror::open(dir, &name(number)).path().to_owned() };
    (0..ACCOUNTS).map(account).collect()
}

async fn filled() -> (State, Vec<UnionAccount>) {
    let state = State::new();
    let accounts = accounts_in(state.dir.path());
    for account in &accounts {
        let contacts = (0..CONTACTS).map(|at| contact(&format!("c{at}"), &account.name, &["lead", "vip"])).collect();
        fill(&state.mirror(&account.name), "contacts", contacts).await;
    }
    (state, accounts)
}

/// Every account has all of its rows and no other's, or the question is refused because its rows were removed.
async fn check(state: &State, accounts: &[UnionAccount]) {
    let sql = "select account, count(*), count(distinct id), min(firstName), max(firstName), (select count(*) from contact_tags t
            where t.account = c.account) from contacts c group by 1 order by 1";
    match state.ask(accounts, sql).await {
        Ok(answer) => {
            let rows: Vec<_> = accounts
                .iter()
                .map(|account| json!([account.name, CONTACTS, CONTACTS, account.name, account.name, 2 * CONTACTS]))
                .collect();
            assert_eq!(json!(answer.rows), json!(rows));
        }
        Err(error) => assert_eq!(error.code, Code::Conflict, "{error:?}"),
    }
}

#[tokio::test]
async fn two_processes_fold_at_once() {
    let (state, accounts) = filled().await;
    let mut others = [folding(&state), folding(&state)];
    for _ in 0..30 {
        check(&state, &accounts).await;
    }
    for other in &mut others {
        assert!(other.try_wait().unwrap().is_none(), "the other process failed");
        other.kill().unwrap();
        other.wait().unwrap();
    }
    check(&state, &accounts).await;
}

#[tokio::test]
async fn a_kill_leaves_each_table_as_it_was_or_whole() {
    let (state, accounts) = filled().await;
    for round in 0..20 {
        let mut other = folding(&state);
        // At another moment in each round.
        tokio::time::sleep(Duration::from_millis(30 + 7 * round)).await;
        assert!(other.try_wait().unwrap().is_none(), "the other process failed");
        other.kill().unwrap();
        other.wait().unwrap();
        check(&state, &accounts).await;
    }
    state
        .union
        .write(|db| {
            let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
            assert_eq!(sound, "ok");
            Ok(())
        })
        .await
        .unwrap();
}
