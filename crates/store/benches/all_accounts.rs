//! What a statement over all accounts costs: 200 accounts of 5,000 contacts, 10,000 tags and 500 deals.
//! `cargo bench --bench all_accounts`

#![allow(clippy::unwrap_used, reason = "a bench fails like a test")]

use divan::Bencher;
use highlevel_store::{Mirror, MirrorPage, ShownAccount, SqlQuery, Table, ToolWrite, UnionAccount, UnionMirror};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNTS: u64 = 200;
const CONTACTS: u64 = 5_000;
const DEALS: u64 = 500;

fn main() {
    divan::main();
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

/// The accounts' mirrors, with one file for all of them.
struct Filled {
    dir: TempDir,
    union: UnionMirror,
}

static FILLED: LazyLock<Filled> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        for account in 0..ACCOUNTS {
            let mirror = mirror(&dir, account);
            fill(&mirror, "contacts", CONTACTS, |number| contact(account, number)).await;
            fill(&mirror, "opportunities", DEALS, |number| deal(account, number)).await;
        }
    });
    let union = UnionMirror::open(dir.path(), None);
    RUNTIME.block_on(union.fold(accounts(&dir), &tables())).unwrap();
    Filled { dir, union }
});

fn mirror(dir: &TempDir, account: u64) -> Mirror {
    Mirror::open(dir.path(), &format!("account {account}"))
}

fn tables() -> [&'static Table; 2] {
    ["contacts", "opportunities"].map(|name| Table::named(name).unwrap())
}

fn accounts(dir: &TempDir) -> Vec<UnionAccount> {
    let account = |number| UnionAccount {
        name: format!("Client number {number}"),
        mirror: mirror(dir, number).path().to_owned(),
    };
    (0..ACCOUNTS).map(account).collect()
}

async fn fill(mirror: &Mirror, table: &str, count: u64, object: impl Fn(u64) -> Value) {
    let table = Table::named(table).unwrap();
    mirror.begin_scan(table, "bench", false).await.unwrap();
    let page = MirrorPage {
        items: (0..count).map(object).collect(),
        sent_at: chrono::Utc::now(),
        offset: count,
        place: None,
        total: Some(count),
        drifted: false,
        unnamed: Vec::new(),
        spent: Duration::ZERO,
    };
    assert!(mirror.keep_page(table, "bench", page).await.unwrap());
    mirror.end_scan(table, "bench", None).await.unwrap();
}

/// An id as HighLevel makes it: 20 letters in no order.
fn id(account: u64, number: u64) -> String {
    let mixed = (account * 1_000_003 + number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}{:04x}", number % 65_536)
}

fn contact(account: u64, number: u64) -> Value {
    json!({
        "id": id(account, number), "firstName": "Ann", "lastName": format!("Lee{number}"),
        "email": format!("ann{number}@client{account}.example"), "phone": format!("+1512555{:04}", number % 10_000),
        "companyName": format!("Company {}", number % 500), "tags": ["lead", "newsletter"],
        "assignedTo": format!("user{}", number % 7), "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"
    })
}

fn deal(account: u64, number: u64) -> Value {
    json!({
        "id": format!("deal-{account}-{number}"), "name": format!("Deal {number}"), "contactId": id(account, number * 10),
        "value": number * 90, "currency": "USD", "status": "open", "stage": format!("stage {}", number % 6)
    })
}

fn ask(union: &UnionMirror, sql: &str) {
    let query = SqlQuery {
        sql: sql.to_owned(),
        params: Vec::new(),
        hidden: Vec::new(),
        most_rows: 1000,
        most_bytes: 50_000,
        accounts: None,
        streams: false,
        rows_to: None,
        cancel: tokio_util::sync::CancellationToken::new(),
    };
    RUNTIME.block_on(async {
        let folded = union.fold(accounts(&FILLED.dir), &tables()).await.unwrap();
        let shown = folded.into_iter().map(|account| ShownAccount {
            name: account.name,
            mirror: account.mirror,
            tables: tables().map(|table| table.name.to_owned()).to_vec(),
        });
        assert!(!union.query(query, shown.collect()).await.unwrap().rows.is_empty());
    });
}

/// With the look at all mirrors for changes.
#[divan::bench(sample_count = 20, args = [
    "select account, count(*) from contacts group by account",
    "select account, id from contacts where email = 'ann77@client77.example' collate nocase",
    "select account, firstName from contacts where id = (select contactId from opportunities where id = 'deal-7-7')",
    "select account, tag, count(*) from contact_tags group by 1, 2",
    "select t.account, count(*) from contact_tags t join contacts c on c.account = t.account and c.id = t.contactId where t.tag = 'lead' group by 1",
    "select o.account, sum(o.value) from opportunities o join contacts c on c.account = o.account and c.id = o.contactId group by 1",
    "select tag, count(*) from contact_tags group by tag",
    "select c.account, count(*) from contacts c left join opportunities o on o.account = c.account and o.contactId = c.id where o.id is null group by 1",
    "select account, count(*) from contacts where createdAt > '2024' group by account",
    "select 1",
])]
fn query(bencher: Bencher<'_, '_>, sql: &str) {
    bencher.bench(|| ask(&FILLED.union, sql));
}

/// A count by account after one contact of one account changed.
#[divan::bench(sample_count = 20)]
fn count_after_a_change(bencher: Bencher<'_, '_>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let change = || {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let Value::Object(object) = json!({"id": id(7, number), "firstName": format!("Bob{number}")}) else { return };
        let table = Table::named("contacts").unwrap();
        RUNTIME.block_on(mirror(&FILLED.dir, 7).wrote(table, object, ToolWrite::default())).unwrap();
    };
    bencher
        .with_inputs(change)
        .bench_values(|()| ask(&FILLED.union, "select account, count(*) from contacts group by account"));
}

/// All accounts into an empty file.
#[divan::bench(sample_count = 2, sample_size = 1)]
fn first_fold(bencher: Bencher<'_, '_>) {
    let filled = &*FILLED;
    let elsewhere = || {
        let dir = tempfile::tempdir().unwrap();
        for account in accounts(&filled.dir) {
            fs::copy(&account.mirror, dir.path().join(account.mirror.file_name().unwrap())).unwrap();
        }
        dir
    };
    bencher.with_inputs(elsewhere).bench_values(|dir| {
        let union = UnionMirror::open(dir.path(), None);
        RUNTIME.block_on(union.fold(accounts(&dir), &tables())).unwrap();
    });
}
