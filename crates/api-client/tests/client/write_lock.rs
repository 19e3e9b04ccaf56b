//! Order among calls: two `Store`s on one directory lock against each other as two processes do.

use highlevel_core::context::CallContext;
use highlevel_core::error::Code;
use highlevel_store::Store;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(30);

fn stores() -> (tempfile::TempDir, Arc<Store>, Arc<Store>) {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| Arc::new(Store::open(dir.path().join("state"))));
    (dir, one, other)
}

#[tokio::test]
async fn one_holds_a_key_at_a_time_in_all_processes() {
    let (dir, one, other) = stores();
    let context = CallContext::new(LONG);
    let held = one.write_lock("account", "key", &context).await.unwrap();
    for store in [&one, &other] {
        let error =
            store.write_lock("account", "key", &CallContext::new(Duration::from_millis(50))).await.err().unwrap();
        assert_eq!(error.code, Code::Timeout);
        assert!(error.message.contains("Nothing was sent"), "{error}");
        let cancel = CancellationToken::new();
        cancel.cancel();
        let error =
            store.write_lock("account", "key", &CallContext::new(LONG).cancelled_by(cancel)).await.err().unwrap();
        assert_eq!(error.code, Code::Cancelled);
        drop(store.write_lock("account", "other key", &context).await.unwrap());
        drop(store.write_lock("other account", "key", &context).await.unwrap());
    }
    let waiting = tokio::spawn({
        let (other, context) = (Arc::clone(&other), context.clone());
        async move { other.write_lock("account", "key", &context).await.map(drop) }
    });
    drop(held);
    waiting.await.unwrap().unwrap();
    drop(one.write_lock("account", "key", &context).await.unwrap());
    let left = std::fs::read_dir(dir.path().join("state/turns")).unwrap().count();
    assert_eq!(left, usize::from(cfg!(windows)), "no key leaves a file behind");
}

#[tokio::test]
async fn the_calls_of_a_process_come_in_their_order_and_never_together() {
    let (_dir, one, other) = stores();
    let context = CallContext::new(LONG);
    let held = one.write_lock("account", "key", &context).await.unwrap();
    let (order, held_by_one) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for number in 0..20 {
        let store = Arc::clone(if number % 2 == 0 { &one } else { &other });
        let (order, held_by_one, context) = (Arc::clone(&order), Arc::clone(&held_by_one), context.clone());
        tasks.push(tokio::spawn(async move {
            let turn = store.write_lock("account", "key", &context).await.unwrap();
            let alone = !held_by_one.swap(true, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1)).await;
            order.lock().unwrap().push(number);
            held_by_one.store(false, Ordering::SeqCst);
            drop(turn);
            alone
        }));
        // Each has asked before the next one does.
        tokio::task::yield_now().await;
    }
    drop(held);
    for task in tasks {
        assert!(task.await.unwrap());
    }
    let order = order.lock().unwrap().clone();
    for first in [0, 1] {
        let of_one: Vec<_> = order.iter().filter(|number| **number % 2 == first).collect();
        assert!(of_one.is_sorted(), "{order:?}");
    }
    assert_eq!(order.len(), 20);
}

#[tokio::test]
async fn a_dropped_call_leaves_no_turn_behind() {
    let (_dir, one, other) = stores();
    let context = CallContext::new(LONG);
    for _ in 0..50 {
        let asking = tokio::spawn({
            let (one, context) = (Arc::clone(&one), context.clone());
            async move { one.write_lock("account", "key", &context).await.map(drop) }
        });
        tokio::task::yield_now().await;
        asking.abort();
    }
    drop(other.write_lock("account", "key", &context).await.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_cannot_be_written_orders_this_process_alone() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let store = Store::open(file.path().to_owned());
    let held = store.write_lock("account", "key", &CallContext::new(LONG)).await.unwrap();
    let short = CallContext::new(Duration::from_millis(20));
    assert_eq!(store.write_lock("account", "key", &short).await.err().unwrap().code, Code::Timeout);
    drop(held);
    drop(store.write_lock("account", "key", &CallContext::new(LONG)).await.unwrap());
}
