//! Which rows a statement sees.

use super::*;

/// Two accounts whose names and ids are nearly or quite equal.
async fn near_equal() -> (State, Vec<UnionAccount>) {
    let state = State::new();
    for (name, contacts) in [("Acme", &["Ann", "Bob"][..]), ("acme ", &["Eve"])] {
        let mirror = state.mirror(name);
        let contacts =
            contacts.iter().enumerate().map(|(at, person)| contact(&format!("c{at}"), person, &["lead", name]));
        fill(&mirror, "contacts", contacts.collect()).await;
        let deal =
            json!({"id": "o1", "name": format!("deal of {name}"), "contactId": "c0", "value": 10, "currency": "USD"});
        fill(&mirror, "opportunities", vec![deal]).await;
    }
    let accounts = vec![state.account("Acme"), state.account("acme ")];
    (state, accounts)
}

#[tokio::test]
async fn every_row_has_its_own_accounts_name() {
    let (state, accounts) = near_equal().await;
    for (sql, rows) in [
        ("select account, count(*) from contacts group by account", json!([["Acme", 2], ["acme ", 1]])),
        ("select account, firstName from contacts where id = 'c0' order by 1", json!([["Acme", "Ann"], ["acme ", "Eve"]])),
        ("select firstName from contacts where account = 'acme '", json!([["Eve"]])),
        ("select firstName from contacts where account in ('Acme', 'ACME', 'acme')", json!([["Ann"], ["Bob"]])),
        ("select account from contacts where email = 'EVE@x.example' collate nocase", json!([["acme "]])),
        (
            "select o.account, o.name, c.firstName from opportunities o
                 join contacts c on c.account = o.account and c.id = o.contactId order by 1",
            json!([["Acme", "deal of Acme", "Ann"], ["acme ", "deal of acme ", "Eve"]]),
        ),
        (
            "select c.account, c.firstName, t.tag from contacts c
                 left join contact_tags t on t.account = c.account and t.contactId = c.id and t.tag <> 'lead' order by 1, 2",
            json!([["Acme", "Ann", "Acme"], ["Acme", "Bob", "Acme"], ["acme ", "Eve", "acme "]]),
        ),
        (
            "select c.account, c.id from contacts c left join opportunities o on o.account = c.account and o.contactId = c.id
                 where o.id is null",
            json!([["Acme", "c1"]]),
        ),
        ("select distinct account from contact_tags order by 1", json!([["Acme"], ["acme "]])),
        ("with contacts as (select 1 n) select * from contacts", json!([[1]])),
    ] {
        assert_eq!(json!(state.rows(&accounts, sql).await), rows, "{sql}");
    }
}

#[tokio::test]
async fn the_account_is_the_first_column_of_every_table() {
    let (state, accounts) = near_equal().await;
    for (name, columns) in readable() {
        let answer = state.ask(&accounts, &format!("select * from {name}")).await.unwrap();
        let with: Vec<&str> = std::iter::once("account").chain(columns).collect();
        assert_eq!(answer.columns, with, "{name}");
    }
    let error = state.ask(&accounts, "select acount from contacts").await.unwrap_err();
    assert!(error.message.contains("Did you mean account"), "{error:?}");
    let error = state.ask(&accounts, "select * from contact").await.unwrap_err();
    assert!(error.message.contains("Did you mean contacts"), "{error:?}");
}

#[tokio::test]
async fn only_the_accounts_asked_for_are_shown() {
    let (state, accounts) = near_equal().await;
    let count = "select account, count(*) from contacts group by account";
    assert_eq!(json!(state.rows(&accounts, count).await), json!([["Acme", 2], ["acme ", 1]]));
    // Others are in the file, and five more.
    for (at, one) in accounts.iter().enumerate() {
        let rows = json!([[one.name, 2 - at]]);
        assert_eq!(json!(state.rows(std::slice::from_ref(one), count).await), rows);
    }
    for name in ["one", "two", "three", "four", "five"] {
        fill(&state.mirror(name), "contacts", vec![contact("c0", "Zoe", &["lead"])]).await;
        state.rows(&[state.account(name)], count).await;
    }
    for (sql, rows) in [
        (count, json!([["acme ", 1]])),
        ("select count(*) from contact_tags where tag = 'lead'", json!([[1]])),
        ("select firstName from contacts where id = 'c0'", json!([["Eve"]])),
        ("select (select count(*) from contacts) + (select count(*) from contact_tags)", json!([[3]])),
        ("select count(*) from contacts a left join contacts b on b.id = a.id", json!([[1]])),
    ] {
        assert_eq!(json!(state.rows(&accounts[1..], sql).await), rows, "{sql}");
    }
    assert_eq!(json!(state.rows(&accounts, count).await), json!([["Acme", 2], ["acme ", 1]]));
}

/// Two configurations may give one account two names, or two accounts the same name.
#[tokio::test]
async fn names_of_other_settings_never_mix() {
    let (state, accounts) = near_equal().await;
    let sql = "select account, firstName from contacts order by 2";
    let renamed = [state.named("Acme", "acme ")];
    assert_eq!(json!(state.rows(&renamed, sql).await), json!([["acme ", "Ann"], ["acme ", "Bob"]]));
    assert_eq!(json!(state.rows(&accounts[1..], sql).await), json!([["acme ", "Eve"]]));
    assert_eq!(json!(state.rows(&accounts[..1], sql).await), json!([["Acme", "Ann"], ["Acme", "Bob"]]));
    assert_eq!(json!(state.rows(&renamed, sql).await), json!([["acme ", "Ann"], ["acme ", "Bob"]]));
    let both = [&renamed[..], &accounts[1..]].concat();
    let rows = json!([["acme ", "Ann"], ["acme ", "Bob"], ["acme ", "Eve"]]);
    assert_eq!(json!(state.rows(&both, sql).await), rows, "both were asked for");
    let joined =
        "select a.firstName from contacts a left join contacts b on b.account = a.account and b.firstName > a.firstName
        where b.id is null";
    assert_eq!(json!(state.rows(&accounts[1..], joined).await), json!([["Eve"]]));
}

/// A table that the settings hide for one account.
#[tokio::test]
async fn a_table_is_shown_only_of_the_accounts_that_show_it() {
    let (state, accounts) = near_equal().await;
    let all = [Table::named("contacts").unwrap(), Table::named("opportunities").unwrap()];
    let folded = state.union.fold(accounts, &all).await.unwrap();
    let mut shown: Vec<_> = folded.into_iter().map(|account| shown(account, &all)).collect();
    shown[0].tables = vec!["opportunities".to_owned()];
    for (sql, rows) in [
        ("select account from contacts", json!([["acme "]])),
        ("select distinct account from contact_tags", json!([["acme "]])),
        ("select account from opportunities order by 1", json!([["Acme"], ["acme "]])),
        ("select (select count(*) from contacts where id in (select contactId from opportunities))", json!([[1]])),
    ] {
        let answer = state.union.query(question(sql), shown.clone()).await.unwrap();
        assert_eq!(json!(answer.rows), rows, "{sql}");
    }
}

/// What holds for one mirror.
#[tokio::test]
async fn sums_of_several_currencies_and_texts_among_numbers_are_noticed() {
    let (state, accounts) = near_equal().await;
    let sum = "select sum(value) from opportunities";
    assert_eq!(state.ask(&accounts, sum).await.unwrap().currencies, Vec::<String>::new());
    let deal = json!({"id": "o2", "name": "x", "value": "a lot", "currency": "EUR"});
    wrote(&state.mirror("acme "), "opportunities", deal).await;
    wrote(&state.mirror("acme "), "opportunities", json!({"id": "o3", "value": 5, "currency": "EUR"})).await;
    let answer = state.ask(&accounts, sum).await.unwrap();
    assert_eq!(answer.currencies, ["EUR", "USD"]);
    assert_eq!(answer.texts, [("opportunities.value".to_owned(), 1)]);
    let by_account = "select account, currency, sum(value) from opportunities group by 1, 2";
    assert_eq!(state.ask(&accounts, by_account).await.unwrap().currencies, Vec::<String>::new());
    // The other account has one currency and no text.
    let answer = state.ask(&accounts[..1], sum).await.unwrap();
    assert_eq!((answer.currencies.len(), answer.texts.len()), (0, 0));
}
