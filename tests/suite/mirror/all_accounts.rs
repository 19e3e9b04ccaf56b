//! One statement over several accounts, each a sandbox of its own. All have the same seed, so that ids are equal in them.

use super::*;
use crate::support::{BINARY, default_settings};
use highlevel_api_client::{Login, Runtime};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error},
    folders::Folders,
};
use highlevel_mcp::{
    api::{Adapter, Registry},
    service::{
        AccountRules, AccountService, AllAccounts, MirrorPlace, NamedAccount, PartialTables, QueryResult, Question,
        WaitPolicy,
    },
    settings::Settings,
};
use highlevel_store::Store;
use std::sync::Arc;
use tempfile::TempDir;

const COUNT: &str = "select account, count(*) from contacts group by account";

/// Several accounts in one state directory.
struct Agency {
    state: TempDir,
    all: AllAccounts,
    services: Vec<(String, AccountService)>,
}

impl Agency {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let all = AllAccounts::new(MirrorPlace::In(state.path().to_owned()), Some(BINARY.into()));
        Self { state, all, services: Vec::new() }
    }

    fn with(mut self, name: &str, account: &Account) -> Self {
        self.add(name, account, account.token(), &[]);
        self
    }

    /// Adds an account whose settings hide these tables.
    fn add(&mut self, name: &str, account: &Account, token: &str, hidden: &[(&'static str, &'static str)]) {
        let api = match account.api() {
            Api::Session => highlevel_mcp::api::Api::Session,
            Api::Official => highlevel_mcp::api::Api::Official,
        };
        let settings = Settings {
            base_url: Some(account.url().parse().unwrap()),
            given_token: Some(token.into()),
            state_dir: Some(self.state.path().to_owned()),
            api: Some(api),
            location_id: account.location(),
            ..default_settings()
        };
        let store = Arc::new(Store::open(self.state.path().to_owned()));
        let runtime = Runtime::new(Arc::clone(&store), settings.attempt_timeout());
        let login = Login::new(&runtime, settings.api_config().unwrap(), settings.token_source()).unwrap();
        let client = login.account(settings.location_id.clone());
        let adapter = match account.api() {
            Api::Session => Adapter::session(client),
            Api::Official => Adapter::official(
                Registry::standard(),
                client,
                settings.official_location().unwrap(),
                None,
                store,
                Folders::default(),
            ),
        };
        let rules = AccountRules {
            location_id: settings.location_id.clone(),
            name: name.to_owned(),
            mirror: MirrorPlace::In(self.state.path().to_owned()),
            program: Some(BINARY.into()),
            bulk_share: 50,
            hidden_tables: hidden.to_vec(),
            max_answer: 100_000,
            ..AccountRules::default()
        };
        self.services.push((name.to_owned(), AccountService::new(adapter, rules, None)));
    }

    async fn ask(&self, sql: &str) -> Result<QueryResult, Error> {
        self.ask_within(&question(sql), Duration::from_secs(60)).await
    }

    async fn ask_within(&self, question: &Question, time: Duration) -> Result<QueryResult, Error> {
        let members: Vec<NamedAccount<'_>> = self.services.iter().map(|(name, service)| (&**name, service)).collect();
        self.all.ask(&members, question, &CallContext::new(time), &|_, _| {}).await
    }

    async fn rows(&self, sql: &str) -> Value {
        self.ask(sql).await.unwrap().rows.into()
    }
}

fn question(sql: &str) -> Question {
    Question { sql: sql.to_owned(), most_rows: 10_000, most_bytes: 1_000_000, ..Question::default() }
}

#[tokio::test]
async fn one_statement_sees_the_rows_of_every_account_under_its_name() {
    let (one, two, three) =
        tokio::join!(account(Api::Session, 30), account(Api::Session, 45), account(Api::Official, 20));
    let agency = Agency::new().with("Acme", &one).with("acme ", &two).with("Zeta", &three);
    let answer = agency.ask(COUNT).await.unwrap();
    assert_eq!(json!(answer.rows), json!([["Acme", 30], ["Zeta", 20], ["acme ", 45]]));
    assert_eq!(answer.status["complete"], true, "{:?}", answer.status);
    let as_of = answer.status["asOf"].as_object().unwrap();
    assert!(as_of.len() == 3 && as_of.values().all(Value::is_string), "{as_of:?}");
    assert!(!answer.status.contains_key("missing") && !answer.status.contains_key("note"), "{:?}", answer.status);

    let mut expected = Vec::new();
    for (name, account) in [("Acme", &one), ("acme ", &two), ("Zeta", &three)] {
        let ids = true_ids(account, "contacts").await;
        expected.extend(ids.into_iter().map(|id| json!([name, id])));
    }
    expected.sort_by_key(Value::to_string);
    let mut found = agency.rows("select account, id from contacts").await.as_array().unwrap().clone();
    found.sort_by_key(Value::to_string);
    assert_eq!(found, expected);

    // The ids of a deal's contact are equal in several accounts.
    let joined = "select c.account, count(*) = (select count(*) from opportunities o where o.account = c.account)
        from opportunities o join contacts c on c.account = o.account and c.id = o.contactId group by 1";
    assert_eq!(agency.rows(joined).await, json!([["Acme", 1], ["Zeta", 1], ["acme ", 1]]));
}

#[tokio::test]
async fn a_statement_that_is_not_allowed_costs_no_request() {
    let (one, two) = tokio::join!(account(Api::Session, 10), account(Api::Session, 10));
    let mut agency = Agency::new();
    for (name, account) in [("one", &one), ("two", &two)] {
        agency.add(name, account, account.token(), &[("webhooks", "list_webhooks")]);
    }
    for (sql, code) in [
        ("select * from contact", Code::InvalidArguments),
        ("select acount from contacts", Code::InvalidArguments),
        ("select * from main.all_contacts", Code::InvalidArguments),
        ("with contacts as (select * from main.all_contacts) select * from contacts", Code::InvalidArguments),
        ("select * from temp.shown", Code::InvalidArguments),
        ("select * from sqlite_temp_schema", Code::InvalidArguments),
        ("pragma query_only = off", Code::InvalidArguments),
        ("attach 'x' as y", Code::InvalidArguments),
        ("delete from contacts", Code::InvalidArguments),
        ("select 1; select 2", Code::InvalidArguments),
        ("select * from webhooks", Code::PolicyDenied),
        ("select url from contacts, webhooks", Code::PolicyDenied),
    ] {
        let error = agency.ask(sql).await.unwrap_err();
        assert_eq!(error.code, code, "{sql}: {error:?}");
    }
    for account in [&one, &two] {
        assert_eq!(account.requests().await.len(), 0);
    }
    assert_eq!(agency.rows("select 1 + 1").await, json!([[2]]));
    assert_eq!(one.requests().await.len(), 0);
    let error = agency.all.ask(&[], &question(COUNT), &CallContext::new(Duration::from_secs(5)), &|_, _| {}).await;
    assert_eq!(error.unwrap_err().code, Code::InvalidArguments);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_or_too_much_is_stopped() {
    let (one, two) = tokio::join!(account(Api::Session, 200), account(Api::Session, 200));
    let agency = Agency::new().with("one", &one).with("two", &two);
    assert_eq!(agency.rows(COUNT).await, json!([["one", 200], ["two", 200]]));
    let endless = "select count(*) from contacts a, contacts b, contacts c, contacts d";
    assert_eq!(agency.ask(endless).await.unwrap_err().code, Code::Timeout);
    let large = "select a.*, b.*, c.* from contacts a, contacts b, contacts c order by a.email || b.email || c.email";
    assert!([Code::Timeout, Code::TooLarge].contains(&agency.ask(large).await.unwrap_err().code));
    assert_eq!(agency.rows(COUNT).await, json!([["one", 200], ["two", 200]]));
}

#[tokio::test]
async fn an_account_that_cannot_answer_is_left_out_and_named() {
    let (fine, dead, hidden) =
        tokio::join!(account(Api::Session, 30), account(Api::Session, 30), account(Api::Session, 30));
    // Reading it takes minutes.
    let slow = slow_account(Api::Session, 5_000, 1).await;
    let mut agency = Agency::new().with("fine", &fine);
    agency.add("dead", &dead, "not a token", &[]);
    agency.add("hidden", &hidden, hidden.token(), &[("contacts", "list_contacts")]);
    agency.add("slow", &slow, slow.token(), &[]);

    let answer = agency.ask_within(&question(COUNT), Duration::from_secs(8)).await.unwrap();
    assert_eq!(json!(answer.rows), json!([["fine", 30]]));
    let status = &answer.status;
    assert_eq!(status["complete"], false);
    assert_eq!(status["asOf"].as_object().unwrap().keys().collect::<Vec<_>>(), ["fine"]);
    let missing = status["missing"].as_array().unwrap();
    let why =
        |name: &str| missing.iter().find(|one| one["account"] == name).unwrap()["why"].as_str().unwrap().to_owned();
    assert_eq!(missing.len(), 3, "{status:?}");
    assert!(why("dead").contains("token"), "{status:?}");
    assert_eq!(why("hidden"), "contacts is hidden: this account's settings or its API leave out list_contacts.");
    assert!(why("slow").starts_with("contacts is being read: "), "{status:?}");
    let note = status["note"].as_str().unwrap();
    assert_eq!(
        note,
        "3 of 4 accounts are left out, see missing: dead, hidden, slow. Those that are being read can answer later: ask again then, or set allowPartial: true."
    );

    // What only one of its tables lacks: a deal without its contact would be wrong.
    let both = "select o.account, count(*) from opportunities o left join contacts c using (account) group by 1";
    let answer = agency.ask_within(&question(both), Duration::from_secs(8)).await.unwrap();
    assert_eq!(answer.rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), ["fine"]);
    // A table that it shows. The other one's quota is spent on its contacts.
    let campaigns = question("select distinct account from campaigns where account <> 'slow'");
    let answer = agency.ask_within(&campaigns, Duration::from_secs(8)).await;
    assert_eq!(json!(answer.unwrap().rows), json!([["fine"], ["hidden"]]));

    let partial = Question { partial: PartialTables::Used, wait: WaitPolicy::SmallTables, ..question(COUNT) };
    let answer = agency.ask_within(&partial, Duration::from_secs(8)).await.unwrap();
    assert_eq!(answer.rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), ["fine", "slow"]);
    assert_eq!((&answer.status["complete"], &answer.status["asOf"]["slow"]), (&json!(false), &Value::Null));
    let note = answer.status["note"].as_str().unwrap();
    assert!(note.contains("Not read in full yet: slow."), "{note}");

    agency.services.remove(0);
    agency.services.truncate(2);
    let error = agency.ask(COUNT).await.unwrap_err();
    assert_eq!(error.code, Code::Unauthorized, "{error:?}");
    assert!(error.message.starts_with("None of the 2 accounts can answer: dead ("), "{error:?}");
    assert_eq!(error.details["missing"].as_array().unwrap().len(), 2);
}

/// Each account has its own quota, and a place is not held for it.
#[tokio::test]
async fn accounts_with_spent_quotas_keep_no_other_waiting() {
    let mut agency = Agency::new();
    let mut slow = Vec::new();
    for number in 0..9 {
        let account = slow_account(Api::Session, 5_000, 1).await;
        agency.add(&format!("slow {number}"), &account, account.token(), &[]);
        slow.push(account);
    }
    let fine = account(Api::Session, 30).await;
    let agency = agency.with("fine", &fine);
    let answer = agency.ask_within(&question(COUNT), Duration::from_secs(16)).await.unwrap();
    assert_eq!(json!(answer.rows), json!([["fine", 30]]), "{:?}", answer.status);
    assert_eq!(answer.status["missing"].as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn changes_of_one_account_are_seen_beside_the_others() {
    let (one, two) = tokio::join!(account(Api::Session, 30), account(Api::Session, 30));
    let agency = Agency::new().with("one", &one).with("two", &two);
    assert_eq!(agency.rows(COUNT).await, json!([["one", 30], ["two", 30]]));
    let id = true_ids(&two, "contacts").await.pop_first().unwrap();
    two.change("contacts", &id, json!({"firstName": "Zarathustra"})).await;
    let found = "select account, id from contacts where firstName = 'Zarathustra'";
    assert_eq!(agency.rows(found).await, json!([]), "the stored rows are the answer");
    let fresh = Question { max_age: Some(Duration::ZERO), ..question(found) };
    for _ in 0..200 {
        let answer = agency.ask_within(&fresh, Duration::from_secs(20)).await.unwrap();
        if answer.rows.is_empty() {
            // A table rests for ten times the duration of its last reading.
            assert!(
                answer.status["note"].as_str().unwrap().starts_with("max_age is not met for "),
                "{:?}",
                answer.status
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        assert_eq!(json!(answer.rows), json!([["two", id]]));
        return;
    }
    panic!("it never came");
}

#[tokio::test]
async fn the_freshness_of_many_accounts_takes_few_words() {
    let mut agency = Agency::new();
    let mut accounts = Vec::new();
    for number in 0..12 {
        let account = account(Api::Session, 5).await;
        agency.add(&format!("client {number}"), &account, account.token(), &[]);
        accounts.push(account);
    }
    let answer = agency.ask(COUNT).await.unwrap();
    assert_eq!(answer.rows.len(), 12, "{:?}", answer.status);
    let as_of = answer.status["asOf"].as_object().unwrap();
    let times: Vec<_> = as_of.values().map(|at| at.as_str().unwrap()).collect();
    assert!(times.len() == 4 && times.is_sorted(), "{as_of:?}");
    assert_eq!(as_of.keys().next_back().unwrap(), "(others since)");
    assert_eq!(answer.status["complete"], true);
}
