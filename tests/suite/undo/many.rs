//! Jobs: a mass update goes back, except for what others changed since. The short run is part of every test run; the one of
//! 1,000 rows is `cargo test --test suite undo::many -- --ignored`.

use super::*;
use crate::support::{Api, Manners};
use highlevel_sandbox::SandboxConfig;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_rows_of_which_others_changed_six() {
    for api in [Api::Session, Api::Official] {
        put_back(api, 60, 6).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute; run it with --ignored for the figures of docs/undo.md"]
async fn a_thousand_rows_of_which_others_changed_fifty() {
    for api in [Api::Session, Api::Official] {
        put_back(api, 1000, 50).await;
    }
}

async fn put_back(api: Api, rows: usize, others: usize) {
    let manners: Manners = "live,lag:300".parse().unwrap();
    let config = SandboxConfig {
        api,
        manners,
        contacts: rows + 50,
        rate_limit: 1_000_000,
        daily_limit: 1_000_000,
        ..SandboxConfig::default()
    };
    let account = Account::with(config).await;
    let host = Host::new(&account, &[]).await;
    let before = dump(&account, "contacts").await;
    let template = json!({"companyName": "Mass {{id}}", "addTags": ["mass"], "customFields": {"industry": "Mass"}});
    let sql = format!("SELECT id FROM contacts ORDER BY id LIMIT {rows}");
    let plan = host.answer("plan_bulk", json!({"operation": "update_contact", "sql": sql, "template": template})).await;
    let updated = run(&host, &plan).await;
    assert_eq!(updated["rows"], json!({"done": rows}), "{updated}");
    let changed: Vec<String> = {
        let all = dump(&account, "contacts").await;
        let mass = all.iter().filter(|(_, contact)| contact["customFields"]["industry"] == "Mass");
        mass.map(|(id, _)| id.clone()).collect()
    };
    assert_eq!(changed.len(), rows);
    let theirs: Vec<&String> = changed.iter().step_by(rows / others).take(others).collect();
    for id in &theirs {
        account.change("contacts", id, json!({"companyName": format!("Theirs {id}")})).await;
    }
    // One that somebody put back by hand: its field is nobody's change, and needs no row's word.
    let by_hand = changed.iter().find(|id| !theirs.contains(id)).unwrap();
    account.change("contacts", by_hand, json!({"companyName": before[by_hand].get("companyName")})).await;
    let started = std::time::Instant::now();
    let undo = host.answer("undo_changes", json!({"job": plan["plan"]})).await;
    let planned = started.elapsed();
    assert_eq!(undo["calls"], json!({"update_contact": rows}), "{undo}");
    let done = run(&host, &undo).await;
    assert_eq!(done["rows"], json!({"done": rows}), "{done}");
    assert_eq!((&done["asBefore"], &done["partly"]), (&json!(rows - others), &json!(others)), "{done}");
    let named: Vec<&str> = done["changedByOthers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(named.iter().filter(|id| theirs.iter().any(|their| their == *id)).count(), others, "{done}");
    let figures = format!("{api:?}: {rows} rows planned in {planned:?}, put back in {:?}\n", started.elapsed());
    std::fs::write(std::env::temp_dir().join(format!("highlevel-mcp-undo-{api:?}-{rows}.txt")), figures).unwrap();
    let after = dump(&account, "contacts").await;
    for (id, was) in &before {
        let mut was = was.clone();
        if theirs.contains(&id) {
            // Their field stays. The tag and the custom field, which nobody else touched, are as before.
            was.insert("companyName".to_owned(), format!("Theirs {id}").into());
        }
        same_object(&was, &after[id]);
    }
    let results = std::fs::read_to_string(done["results"].as_str().unwrap()).unwrap();
    assert_eq!(results.matches("left: companyName").count() + results.matches("Left companyName").count(), others);
    for id in theirs {
        let reported = results.lines().any(|line| line.contains(id.as_str()) && line.contains("companyName"));
        assert!(reported, "{id} is not reported");
    }
}
