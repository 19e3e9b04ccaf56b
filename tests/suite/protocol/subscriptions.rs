//! Hosts that subscribe to objects: `resources/subscribe` before 2026-07-28, `subscriptions/listen` from then on.

use super::{meta, wire};
use crate::support::{Account, Wire};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

const UPDATED: &str = "notifications/resources/updated";

/// The URI of the next object that the host is told of.
fn updated(wire: &mut Wire) -> Value {
    loop {
        let line = wire.line();
        if line["method"] == UPDATED {
            return line["params"]["uri"].clone();
        }
    }
}

fn uri(contact: &Value) -> String {
    format!("ghl://contact/{}", contact["id"].as_str().unwrap())
}

/// Both hosts watch the first two of three contacts. One is written by the host's own server, one by another process, and one
/// is changed in the account and seen by a reading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_of_both_eras_are_told_of_what_they_watch() {
    let account = Account::with(SandboxConfig { rate_limit: 100_000, ..SandboxConfig::default() }).await;
    let contacts = account.reported("contacts").await;
    let [first, second, third] = [0, 1, 2].map(|at| &contacts[at]);
    let state = tempfile::tempdir().unwrap();
    let mut legacy = wire(&account, state.path(), &[]);
    let hello = legacy.initialize("2025-11-25", json!({}));
    assert_eq!(hello["result"]["capabilities"]["resources"]["subscribe"], true, "{hello}");
    // From here on the mirror sees what changes.
    legacy.call("query_crm", json!({"sql": "SELECT count(*) FROM contacts"}));
    for contact in [first, second, third] {
        let answer = legacy.ask("resources/subscribe", json!({"uri": uri(contact)}));
        assert!(answer["result"].is_object(), "{answer}");
    }
    legacy.ask("resources/unsubscribe", json!({"uri": uri(third)}));
    let mut modern = wire(&account, state.path(), &[]);
    let wanted = json!({"resourceSubscriptions": [uri(first), uri(second), "ghl://contact/a/b", "ghl://nothing/1"]});
    let listening = json!({"notifications": wanted, "_meta": meta(json!({}))});
    modern.send("subscriptions/listen", listening);
    let accepted = modern.line()["params"]["notifications"]["resourceSubscriptions"].clone();
    assert_eq!(accepted, json!([uri(first), uri(second)]));

    for contact in [third, first] {
        let arguments = json!({"id": contact["id"], "companyName": "Told Inc"});
        assert_ne!(legacy.call("update_contact", arguments)["isError"], true);
    }
    assert_eq!(updated(&mut legacy), uri(first), "the third is not watched any more");
    assert_eq!(updated(&mut modern), uri(first), "another process wrote it");

    account.change("contacts", second["id"].as_str().unwrap(), json!({"firstName": "Elsewhere"})).await;
    let mut asked = 0;
    // The table is not read again before a pause.
    loop {
        asked += 1;
        assert!(asked < 200, "the mirror is read again");
        let rows = legacy.call(
            "query_crm",
            json!({"sql": "SELECT firstName FROM contacts WHERE id = ?", "params": [second["id"]], "max_age": 0}),
        );
        if rows["structuredContent"]["rows"][0][0] == "Elsewhere" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let watched = |wire: &mut Wire| loop {
        let told = updated(wire);
        if told == json!(uri(second)) {
            return told;
        }
    };
    assert_eq!(watched(&mut legacy), uri(second));
    assert_eq!(watched(&mut modern), uri(second));

    let wrong = legacy.ask("resources/subscribe", json!({"uri": "ghl://nothing/1"}));
    assert_eq!(wrong["error"]["code"], -32002, "{wrong}");
    for number in 2..100 {
        let answer = legacy.ask("resources/subscribe", json!({"uri": format!("ghl://contact/c{number}")}));
        assert!(answer["result"].is_object(), "{answer}");
    }
    let above = legacy.ask("resources/subscribe", json!({"uri": "ghl://contact/c100"}));
    assert!(above["error"]["message"].as_str().unwrap().contains("100"), "{above}");
    legacy.close_input();
    assert_eq!(legacy.exit_code(), Some(0));
    modern.close_input();
    assert_eq!(modern.exit_code(), Some(0));
}
