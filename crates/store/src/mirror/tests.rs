//! Scans that were left lying, on a real file.

use super::*;
use serde_json::json;
use std::time::Duration;

fn page(drifted: bool) -> MirrorPage {
    MirrorPage {
        items: vec![json!({"id": "a"})],
        sent_at: chrono::Utc::now(),
        offset: 1,
        place: Some("a".to_owned()),
        total: Some(2),
        drifted,
        unnamed: Vec::new(),
        spent: Duration::ZERO,
    }
}

/// Who goes on does not know what was lost, and would call the reading complete.
#[tokio::test]
async fn a_scan_whose_list_moved_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let contacts = Table::named("contacts").unwrap();
    for (account, drifted, next) in [("still", false, 1), ("moved", true, 0)] {
        let mirror = Mirror::open(dir.path(), account);
        mirror.begin_scan(contacts, "one").await.unwrap();
        assert!(mirror.keep_page(contacts, "one", page(drifted)).await.unwrap());
        mirror.leave_scan(contacts, "one").await.unwrap();
        let place = (next == 1).then(|| "a".to_owned());
        assert_eq!(mirror.begin_scan(contacts, "other").await.unwrap(), ScanLock::Acquired { offset: next, place });
    }
}
