//! Values in all forms in which the APIs return them: dates compare, numbers add up, and no value is dropped.

use super::*;

#[tokio::test]
async fn dates_and_numbers_compare_in_whatever_form_they_came() {
    let account = account(Api::Session, 3).await;
    let hour = chrono::Utc::now() - chrono::TimeDelta::minutes(61);
    let forms = [
        json!(hour.timestamp()),
        json!(hour.timestamp_millis()),
        json!(hour.timestamp_millis().to_string()),
        json!(hour.format("%Y-%m-%dT%H:%M:%S+0000").to_string()),
        json!(hour.format("%Y-%m-%dT%H:%MZ").to_string()),
        json!(hour.format("%Y-%m-%d %H:%M:%S").to_string()),
        json!(hour.to_rfc2822()),
        json!(hour.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    ];
    for (number, form) in forms.iter().enumerate() {
        let last = format!("{number}");
        let contact =
            json!({"firstName": "When", "lastName": last, "email": format!("w{number}@x.example"), "createdAt": form});
        account.add("contacts", contact).await;
    }
    let host = Host::new(&account, &[]).await;
    let sql = "select count(*) from contacts where firstName = 'When'
               and createdAt < datetime('now', '-1 hour') and createdAt > datetime('now', '-3 hours')";
    assert_eq!(cell(&host, sql).await, forms.len());
    let kept = rows(&host, "select distinct substr(createdAt, 1, 16) from contacts where firstName = 'When'").await;
    assert_eq!(kept, [json!([hour.format("%Y-%m-%d %H:%M").to_string()])]);

    for (name, value) in [
        ("a", json!("1,500.00")),
        ("b", json!("$1,500.00")),
        ("c", json!("1500")),
        ("d", json!(1500)),
        ("e", json!("on request")),
        ("f", json!("9")),
    ] {
        account.add("opportunities", json!({"name": name, "value": value, "currency": "XTS", "status": "open"})).await;
    }
    let host = Host::new(&account, &[]).await;
    let ours = "from opportunities where currency = 'XTS'";
    assert_eq!(cell(&host, &format!("select count(*) {ours} and value = 1500")).await, 4);
    let answer = answer(&host, json!({"sql": format!("select name, value {ours} order by value, name")})).await;
    let kept = json!([["f", 9], ["a", 1500], ["b", 1500], ["c", 1500], ["d", 1500], ["e", "on request"]]);
    assert_eq!(answer["rows"], kept, "nothing that came is null");
    assert!(answer["note"].as_str().unwrap().contains("opportunities.value holds 1 text"), "{answer}");
    let none = super::answer(&host, json!({"sql": format!("select name {ours}")})).await;
    assert!(none["note"].is_null(), "it reads no number: {none}");
}

#[tokio::test]
async fn tags_and_fields_are_kept_in_whatever_form_they_came() {
    let account = account(Api::Session, 3).await;
    for (last, tags, fields) in [
        ("list", json!(["vip", "hot"]), json!({"yes": true, "no": "false"})),
        ("text", json!("vip, hot"), json!([{"id": "yes", "value": true}, {"id": "no", "fieldValueString": "false"}])),
        ("none", json!(null), json!(null)),
    ] {
        let contact = json!({"firstName": "Form", "lastName": last, "email": format!("{last}@x.example"), "tags": tags, "customFields": fields});
        account.add("contacts", contact).await;
    }
    let host = Host::new(&account, &[]).await;
    let sql = "select lastName, (select group_concat(tag, '|') from contact_tags where contactId = c.id),
               (select group_concat(key || '=' || value, '|') from contact_fields where contactId = c.id)
               from contacts c where firstName = 'Form' order by lastName";
    let kept = rows(&host, sql).await;
    let both = |last: &str| json!([last, "vip|hot", "yes=true|no=false"]);
    assert_eq!(kept, [both("list"), json!(["none", null, null]), both("text")]);
}
