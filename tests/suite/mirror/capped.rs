//! Lists with pages that are smaller than requested, and with totals that are absent, text, or capped.

use super::*;

on_both_apis!(every_object_is_read_however_small_the_pages_are, a_tool_continues_after_a_short_page);

/// The tables whose lists are paged.
const PAGED: [&str; 4] = ["contacts", "opportunities", "campaigns", "pages"];

async fn every_object_is_read_however_small_the_pages_are(api: Api) {
    let account = account(api, 130).await;
    for manners in ["cap:20", "cap:20,total:absent", "cap:20,total:text", "cap:20,total:cap:20", "cap:7,total:cap:50"] {
        account.manners(&format!("plain,{manners}")).await;
        let host = Host::new(&account, &["--max-answer", "4000000"]).await;
        for table in PAGED {
            let kept = answer(&host, json!({"sql": format!("select id from {table}")})).await;
            assert_eq!(kept["complete"], true, "{manners}: {kept}");
            let kept = kept["rows"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned());
            assert_eq!(kept.collect::<BTreeSet<_>>(), true_ids(&account, table).await, "{manners}: {table}");
        }
    }
}

async fn a_tool_continues_after_a_short_page(api: Api) {
    let account = account(api, 70).await;
    account.manners("cap:20,total:absent").await;
    let host = Host::new(&account, &[]).await;
    let (mut met, mut offset) = (BTreeSet::new(), 0);
    for _ in 0..12 {
        let page = host.answer("list_contacts", json!({"limit": 50, "offset": offset, "fields": ["id"]})).await;
        assert!(page["meta"].get("total").is_none(), "{page}");
        met.extend(page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["meta"]["nextOffset"].as_u64() else { break };
        offset = next;
    }
    assert_eq!(met, true_ids(&account, "contacts").await);
}
