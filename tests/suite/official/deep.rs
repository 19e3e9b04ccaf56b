//! An account of more than ten thousand contacts, where paging by number ends.

use super::refused;
use crate::support::{Account, command, run};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;

#[tokio::test]
async fn a_large_account_is_read_to_its_end() {
    let config = SandboxConfig { contacts: 10_350, rate_limit: 2_000, ..SandboxConfig::official() };
    let account = Account::with(config).await;
    let state = tempfile::tempdir().unwrap();
    let highlevel = |arguments: &[&str]| {
        let mut command = command(&account, state.path());
        command.args(arguments);
        run(command)
    };
    // As a first call, without an earlier page.
    let page = highlevel(&["call", "list_contacts", "--offset", "10320", "--limit", "100", "--fields", "email"]).await;
    let page = page.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["meta"]["total"]), (30, &json!(10_350)), "{page}");
    assert!(page["meta"].get("nextOffset").is_none(), "{page}");

    let sync = highlevel(&["sync", "contacts"]).await;
    assert_eq!(sync.code, Some(0), "{sync:?}");
    let count = highlevel(&["query", "SELECT count(*), count(DISTINCT id) FROM contacts"]).await;
    assert!(count.stdout.matches("10350").count() >= 2, "{count:?}");
    let requests = account.requests().await.iter().filter(|request| request["path"] == "/contacts/search").count();
    assert!(requests < 130, "{requests} requests for some 105 pages");
    assert_eq!(refused(&account).await, Vec::<String>::new());
}

/// Paging of deals by number ends as for contacts. There are a fifth as many deals.
#[tokio::test]
async fn deals_beyond_the_ten_thousandth_are_read() {
    let config = SandboxConfig { contacts: 53_000, rate_limit: 20_000, ..SandboxConfig::official() };
    let account = Account::with(config).await;
    let state = tempfile::tempdir().unwrap();
    let highlevel = |arguments: &[&str]| {
        let mut command = command(&account, state.path());
        command.args(arguments);
        run(command)
    };
    let truth = account.objects("opportunities").await.len();
    assert!(truth > 10_100, "{truth} deals");
    let (offset, last) = ((truth - 30).to_string(), json!(truth));
    let page =
        highlevel(&["call", "list_opportunities", "--offset", &offset, "--limit", "100", "--fields", "id"]).await;
    let page = page.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["meta"]["total"]), (30, &last), "{page}");
    let sync = highlevel(&["sync", "opportunities"]).await;
    assert_eq!(sync.code, Some(0), "{sync:?}");
    let count = highlevel(&["query", "SELECT count(*), count(DISTINCT id) FROM opportunities"]).await;
    assert!(count.stdout.matches(&truth.to_string()).count() >= 2, "{count:?}");
    // Paging by number would fail there, and was not used.
    let by_number = account.requests().await.into_iter().filter(|request| {
        let query = request["query"].as_str().unwrap_or_default();
        let number = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            found.and_then(|number| number.parse::<u64>().ok())
        };
        number("page").zip(number("limit")).is_some_and(|(page, limit)| page * limit > 10_000)
    });
    assert_eq!(by_number.count(), 0);
    assert_eq!(refused(&account).await, Vec::<String>::new());
}
