//! Statements over several accounts, on real files.

mod concurrent;
mod folding;
mod hostile;
mod rows;

use super::*;
use crate::mirror::{Mirror, MirrorPage, Table, ToolWrite, readable};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A state directory with mirrors and the file of all accounts.
struct State {
    dir: TempDir,
    union: UnionMirror,
}

impl State {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let union = UnionMirror::open(dir.path(), None);
        Self { dir, union }
    }

    fn mirror(&self, account: &str) -> Mirror {
        Mirror::open(self.dir.path(), account)
    }

    /// An account whose mirror has this object.
    fn account(&self, name: &str) -> UnionAccount {
        self.named(name, name)
    }

    /// The account of a mirror under a name.
    fn named(&self, account: &str, name: &str) -> UnionAccount {
        UnionAccount { name: name.to_owned(), mirror: self.mirror(account).path().to_owned() }
    }

    /// The rows of a statement over these accounts, after what changed is folded in.
    async fn rows(&self, accounts: &[UnionAccount], sql: &str) -> Vec<Vec<Value>> {
        self.ask(accounts, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).rows
    }

    async fn ask(&self, accounts: &[UnionAccount], sql: &str) -> Result<MirrorAnswer> {
        let tables = match self.union.tables(question(sql)).await? {
            QueryOutcome::NotYet(tables) => tables,
            QueryOutcome::Answered(answer) => return Ok(answer),
        };
        let folded = self.union.fold(accounts.to_vec(), &tables).await?;
        let shown = folded.into_iter().map(|account| shown(account, &tables)).collect();
        self.union.query(question(sql), shown).await
    }
}

fn shown(account: FoldedAccount, tables: &[&Table]) -> ShownAccount {
    account.states.unwrap();
    let tables = tables.iter().map(|table| table.name.to_owned()).collect();
    ShownAccount { name: account.name, mirror: account.mirror, tables }
}

fn question(sql: &str) -> SqlQuery {
    SqlQuery {
        sql: sql.to_owned(),
        params: Vec::new(),
        hidden: Vec::new(),
        most_rows: 10_000,
        most_bytes: 10_000_000,
        accounts: None,
        streams: false,
        rows_to: None,
        cancel: CancellationToken::new(),
    }
}

/// Reads these objects, and nothing else, into a table.
async fn fill(mirror: &Mirror, table: &str, items: Vec<Value>) {
    let table = Table::named(table).unwrap();
    let count = items.len() as u64;
    mirror.begin_scan(table, "test", false).await.unwrap();
    let page = MirrorPage {
        items,
        sent_at: chrono::Utc::now(),
        offset: count,
        place: None,
        total: Some(count),
        drifted: false,
        unnamed: Vec::new(),
        spent: Duration::ZERO,
    };
    assert!(mirror.keep_page(table, "test", page).await.unwrap());
    mirror.end_scan(table, "test", None).await.unwrap();
}

fn contact(id: &str, name: &str, tags: &[&str]) -> Value {
    json!({"id": id, "firstName": name, "email": format!("{name}@x.example"), "tags": tags})
}

async fn wrote(mirror: &Mirror, table: &str, object: Value) {
    let Value::Object(object) = object else { panic!("no object") };
    mirror.wrote(Table::named(table).unwrap(), object, ToolWrite::default()).await.unwrap();
}
