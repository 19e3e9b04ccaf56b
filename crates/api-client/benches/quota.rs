//! What a permit of the quota costs. `cargo bench --bench quota`

#![allow(clippy::unwrap_used, reason = "a bench fails like a test")]

use divan::Bencher;
use highlevel_api_client::quota::{AnswerHeaders, Limiter, QuotaSettings, Sharing};
use highlevel_core::context::{CallContext, Priority};
use highlevel_store::Store;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

const HOUR: Duration = Duration::from_secs(3600);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

/// A quota that is shared with the other processes of a state directory.
static SHARED: LazyLock<(TempDir, Arc<Limiter>)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let sharing = Sharing {
        store: Arc::new(Store::open(dir.path().join("state"))),
        address: "https://api.example".to_owned(),
        location: Some("bench".to_owned()),
        member: "bench".to_owned(),
        attempt_timeout: Duration::from_secs(30),
    };
    let settings = QuotaSettings { limit: Some(1_000_000_000), window: Some(HOUR), ..QuotaSettings::default() };
    (dir, Limiter::new(settings, Some(sharing)))
});

/// A request's permit, from its place in the queue to its answer. Leases are taken as they are due.
#[divan::bench]
fn permit(bencher: Bencher<'_, '_>) {
    let (_, limiter) = &*SHARED;
    let context = CallContext::new(HOUR);
    bencher.bench(|| {
        RUNTIME.block_on(async {
            let ticket = limiter.ticket(Priority::Interactive);
            limiter.acquire(ticket, &context).await.unwrap().answered(&AnswerHeaders::default(), false);
        });
    });
}
