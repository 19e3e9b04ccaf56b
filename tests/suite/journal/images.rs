//! Images: whole objects before and after, large values, and their pruning.

use super::{account, contact, database, entries, events, journal, sound};
use crate::support::{Account, Api, Host, Manners, in_all_manners};
use serde_json::json;
use std::path::Path;

/// Makes all images older by so many days, and the next check for pruning due.
fn age(state: &Path, days: i64) {
    let sql = format!("UPDATE images SET used_at = used_at - {days} * 86400000; UPDATE state SET pruned_at = 0");
    database(state).execute_batch(&sql).unwrap();
}

#[tokio::test]
async fn large_values_are_kept_whole() {
    let account = account().await;
    let host = Host::new(&account, &[]).await;
    let mut large = contact("large@example.com");
    large["customFields"] = json!({"text": "x".repeat(100_000)});
    host.answer("create_contact", large.clone()).await;
    let entry = entries(&account, host.state.path(), &[]).await.remove(0);
    assert_eq!(entry["arguments"], large);
    assert_eq!(entry["after"]["customFields"], large["customFields"]);
    assert!(events(host.state.path()).iter().all(|(body, _)| body.len() < 2000), "events stay small");
    sound(&account, host.state.path()).await;
}

#[tokio::test]
async fn old_images_are_pruned_and_the_journal_stays_whole() {
    let account = account().await;
    let host = Host::new(&account, &["--journal-images-days", "30"]).await;
    let state = host.state.path();
    let made = host.answer("create_contact", contact("old@example.com")).await;
    host.answer("update_contact", json!({"id": made["id"], "phone": "+1-555-0101"})).await;
    age(state, 29);
    host.answer("create_contact", contact("young@example.com")).await;
    assert_eq!(events(state).len(), 6, "nothing is old enough");
    age(state, 2);
    host.answer("create_contact", contact("new@example.com")).await;
    let all = entries(&account, state, &[]).await;
    assert_eq!(all.len(), 4);
    for image in [&all[0]["after"], &all[1]["before"], &all[1]["after"]] {
        assert!(
            image["pruned"] == true && image["sha256"].is_string() && image["bytes"].as_u64() > Some(50),
            "{image}"
        );
    }
    assert_eq!(
        (&all[2]["after"]["email"], &all[3]["after"]["email"]),
        (&json!("young@example.com"), &json!("new@example.com"))
    );
    assert_eq!(all[0]["arguments"]["email"], "old@example.com", "what was asked stays");
    let said = sound(&account, state).await;
    assert!(said.contains("note  2 images were pruned") && said.contains("9 events"), "{said}");
    let shown = journal(&account, state, &["show", "3"]).await.stdout;
    assert!(shown.contains("The object before: pruned"), "{shown}");
    // What the chain does not say is no pruning.
    database(state).execute("DELETE FROM images WHERE body IS NULL", []).unwrap();
    sound(&account, state).await;
    database(state).execute("UPDATE images SET body = NULL", []).unwrap();
    let ran = journal(&account, state, &["verify"]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("the image `after` of event 6 is missing"), "{ran:?}");
}

#[tokio::test]
async fn images_beyond_the_size_are_pruned_oldest_first_but_none_of_the_last_day() {
    let account = account().await;
    let host = Host::new(&account, &["--journal-max", "65536"]).await;
    let state = host.state.path();
    let large = |number: usize| {
        let mut large = contact(&format!("n{number}@example.com"));
        large["customFields"] = json!({"text": "x".repeat(10_000)});
        large
    };
    for number in 0..10 {
        host.answer("create_contact", large(number)).await;
    }
    let bytes = "SELECT sum(bytes) FROM images WHERE body IS NOT NULL";
    let stored = |state: &Path| database(state).query_row(bytes, [], |row| row.get::<_, u64>(0)).unwrap();
    age(state, 0);
    host.answer("create_contact", contact("young@example.com")).await;
    assert!(stored(state) > 200_000, "none of the last day");
    age(state, 2);
    host.answer("create_contact", contact("now@example.com")).await;
    assert!((20_000..65_536).contains(&stored(state)), "{}", stored(state));
    let counted: u64 = database(state).query_row("SELECT image_bytes FROM state", [], |row| row.get(0)).unwrap();
    assert_eq!(counted, stored(state));
    let all = entries(&account, state, &[]).await;
    let kept: Vec<bool> = all.iter().map(|entry| entry["after"].get("pruned").is_none()).collect();
    assert!(kept.is_sorted() && !kept[0] && kept[11], "{kept:?}");
    sound(&account, state).await;
}

in_all_manners!(both_images_have_one_form,);

/// An undo goes from the one to the other, field by field.
async fn both_images_have_one_form(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let state = host.state.path();
    let some = account.find("contacts", |contact| contact["email"].is_string()).await;
    let id = &some["id"];
    host.answer("update_contact", json!({"id": id, "customFields": {"industry": "Retail"}})).await;
    host.answer("update_contact", json!({"id": id, "addTags": ["vip"]})).await;
    host.answer(
        "update_contact",
        json!({"id": id, "customFields": {"industry": "Software"}, "removeTags": ["vip"], "phone": "+15550123"}),
    )
    .await;
    host.answer("update_contact", json!({"id": id, "clear": ["phone", "customFields.industry"]})).await;
    let all = entries(&account, state, &[]).await;
    for pair in all.windows(2) {
        let mut after = pair[0]["after"].clone();
        let mut before = pair[1]["before"].clone();
        for image in [&mut after, &mut before] {
            let members = image.as_object_mut().unwrap();
            // The API may show what is empty, or leave it out.
            members.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!(""));
            // The official API changes tags by requests of their own, whose answers do not tell it.
            members.shift_remove("updatedAt");
        }
        let sorted = |image: serde_json::Value| {
            serde_json::from_value::<std::collections::BTreeMap<String, serde_json::Value>>(image).unwrap()
        };
        assert_eq!(sorted(after), sorted(before), "what one write left is what the next one finds");
    }
    let fields: Vec<_> = all.iter().map(|entry| entry["fields"].clone()).collect();
    assert_eq!(
        fields,
        [
            json!(["customFields.industry"]),
            json!(["tags"]),
            json!(["customFields.industry", "phone", "tags"]),
            json!(["customFields.industry", "phone"]),
        ]
    );
}
