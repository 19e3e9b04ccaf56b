//! `accounts.toml` is edited while a server runs: no call goes by an entry that is not there any more.

use crate::support::{Agency, Api, Host};
use serde_json::{Value, json};
use std::fs;

async fn write(host: &Host, account: Option<&str>, number: usize) -> Result<Value, Value> {
    let mut contact = json!({"firstName": "Ada", "lastName": "L", "email": format!("edited{number}@example.com")});
    if let Some(account) = account {
        contact["account"] = json!(account);
    }
    let result = host.call("create_contact", contact).await;
    match result.is_error {
        Some(true) => Err(crate::support::error_of(&result)),
        _ => Ok(result.structured_content.unwrap()),
    }
}

#[tokio::test]
async fn an_account_whose_entry_changed_is_not_served_until_a_restart() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let host = agency.host(&[]).await;
    write(&host, Some("North"), 1).await.unwrap();
    let before = fs::read_to_string(agency.file()).unwrap();

    // The name stands for another place by now.
    let (north, south) = (agency.account("North").location_id(), agency.account("South").location_id());
    fs::write(agency.file(), before.replace(&north, "elsewhere0123456789")).unwrap();
    let refused = write(&host, Some("North"), 2).await.unwrap_err();
    assert_eq!((&refused["code"], &refused["account"]), (&json!("policy_denied"), &json!("North")), "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("Restart the server"), "{refused}");
    let by_location = write(&host, Some(&north), 3).await.unwrap_err();
    assert_eq!(by_location["code"], "policy_denied", "{by_location}");
    let read = host.error("list_contacts", json!({"account": "North", "limit": 1})).await;
    assert_eq!(read["code"], "policy_denied", "{read}");
    write(&host, Some("South"), 4).await.unwrap();

    // What is as it was is served on, whatever else the file says.
    fs::write(agency.file(), format!("# a remark\n{before}\n[[account]]\nname = \"West\"\nlocation = \"w\"\n"))
        .unwrap();
    write(&host, Some("North"), 5).await.unwrap();
    agency.write("", |name| if name == "South" { "read-only = true".to_owned() } else { String::new() });
    assert_eq!(write(&host, Some(&south), 6).await.unwrap_err()["code"], "policy_denied");
    write(&host, Some("North"), 7).await.unwrap();

    // A file that cannot be read stops writes, and reads go on.
    fs::write(agency.file(), "[[account]\nname = ").unwrap();
    let refused = write(&host, Some("North"), 8).await.unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("accounts.toml"), "{refused}");
    host.answer("list_contacts", json!({"account": "North", "limit": 1})).await;
    let emails: Vec<Value> = agency.account("North").objects("contacts").await;
    let written = emails.iter().filter(|contact| contact["email"].as_str().unwrap_or("").starts_with("edited"));
    assert_eq!(written.count(), 3, "1, 5 and 7");
}

#[tokio::test]
async fn the_one_account_that_is_served_is_watched_too() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let host = agency.host(&["--account", "North"]).await;
    write(&host, None, 1).await.unwrap();
    agency.write("", |name| if name == "North" { "read-only = true".to_owned() } else { String::new() });
    let refused = write(&host, None, 2).await.unwrap_err();
    assert_eq!(refused["code"], "policy_denied", "{refused}");
    agency.write("", |name| if name == "South" { "read-only = true".to_owned() } else { String::new() });
    write(&host, None, 3).await.unwrap();
}
