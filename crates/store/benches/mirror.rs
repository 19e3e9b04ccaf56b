//! What a question costs once the mirror is filled: 100,000 contacts and 20,000 deals. `cargo bench --bench mirror`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails like a test")]

use divan::Bencher;
use highlevel_store::{Mirror, MirrorPage, SqlQuery, TABLES, Table};
use serde_json::{Value, json};
use std::{sync::LazyLock, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

static FILLED: LazyLock<(TempDir, Mirror)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "bench");
    RUNTIME.block_on(async {
        fill(&mirror, "contacts", 100_000, contact).await;
        fill(&mirror, "opportunities", 20_000, deal).await;
    });
    (dir, mirror)
});

async fn fill(mirror: &Mirror, table: &str, count: u64, object: fn(u64) -> Value) {
    let table = Table::named(table).unwrap();
    mirror.begin_scan(table, "bench", false).await.unwrap();
    for start in (0..count).step_by(1000) {
        let items = (start..start + 1000).map(object).collect();
        let page = MirrorPage {
            items,
            sent_at: chrono::Utc::now(),
            offset: start + 1000,
            place: None,
            total: Some(count),
            drifted: false,
            unnamed: Vec::new(),
            spent: Duration::ZERO,
        };
        assert!(mirror.keep_page(table, "bench", page).await.unwrap());
    }
    mirror.end_scan(table, "bench", None).await.unwrap();
}

fn contact(number: u64) -> Value {
    json!({
        "id": format!("contact{number}"), "firstName": "Ann", "lastName": format!("Lee{number}"),
        "email": format!("ann{number}@x.example"), "phone": format!("+1512555{:04}", number % 10_000),
        "companyName": format!("Company {}", number % 5000), "tags": ["lead", "newsletter"],
        "assignedTo": format!("user{}", number % 7), "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"
    })
}

fn deal(number: u64) -> Value {
    const STATUS: [&str; 4] = ["open", "negotiation", "won", "lost"];
    let status = STATUS[usize::try_from(number % 4).unwrap()];
    json!({
        "id": format!("deal{number}"), "name": format!("Deal {number}"), "contactId": format!("contact{}", number * 5),
        "value": number % 90_000, "currency": if number.is_multiple_of(5) { "EUR" } else { "USD" }, "status": status,
        "stage": format!("stage {}", number % 6), "assignedTo": format!("user{}", number % 7),
        "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"
    })
}

#[divan::bench(args = [
    "select stage, currency, count(*), sum(value) from opportunities group by 1, 2",
    "select count(*) from contacts where createdAt > '2024-01-01'",
    "select o.name, c.email from opportunities o join contacts c on c.id = o.contactId where o.status = 'open' and o.value > 80000",
    "select tag, count(*) from contact_tags group by tag",
    "select * from contacts where id = 'contact77777'",
    "select 1",
])]
fn query(bencher: Bencher<'_, '_>, sql: &str) {
    let (_, mirror) = &*FILLED;
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
    bencher.bench(|| RUNTIME.block_on(mirror.query(query.clone(), |_| true)).unwrap());
}

/// What describe_crm asks while nobody writes.
#[divan::bench]
fn overview(bencher: Bencher<'_, '_>) {
    let (_, mirror) = &*FILLED;
    bencher.bench(|| RUNTIME.block_on(mirror.overview(TABLES.iter().collect(), 12, |_, _| true)).unwrap());
}

#[divan::bench(args = ["ann lee777", "5550101"])]
fn search(bencher: Bencher<'_, '_>, text: &str) {
    let (_, mirror) = &*FILLED;
    let tables = || vec![Table::named("contacts").unwrap()];
    bencher.bench(|| RUNTIME.block_on(mirror.search(text, tables(), Vec::new(), 20)).unwrap());
}

#[divan::bench(sample_count = 10)]
fn duplicates(bencher: Bencher<'_, '_>) {
    let (_, mirror) = &*FILLED;
    bencher.bench(|| RUNTIME.block_on(mirror.duplicates()).unwrap());
}
