//! Sums of money: an answer warns only if it adds different currencies.

use super::*;

/// Statements over deals in two currencies, and whether they add both.
const SUMS: &[(&str, bool)] = &[
    ("select sum(value) from opportunities", true),
    ("select avg(o.value) from Opportunities o where o.value > 10", true),
    ("select stage, sum(value) from opportunities group by stage order by 2", true),
    ("select total(\"value\") from opportunities having sum(value) > 10", true),
    ("select sum(distinct value) from opportunities", true),
    ("select sum(value * probability / 100) from opportunities", true),
    ("select sum(v) from (select value v, currency from opportunities)", true),
    ("select sum(v) from (select value v from opportunities)", true),
    ("with d as (select value, currency from opportunities) select sum(value) from d", true),
    ("with d as (select value from opportunities) select sum(value) from d", true),
    ("select sum(value) over (order by createdAt, id) from opportunities limit 1000", true),
    ("select count(*) from contacts where (select sum(value) from opportunities where currency <> 'XXX') > 0", true),
    ("select currency, sum(value) from opportunities group by currency", false),
    ("select sum(value) from opportunities where currency = 'EUR'", false),
    ("select sum(value) filter (where currency = 'EUR') from opportunities", false),
    (
        "select sum(case when currency = 'EUR' then value else 0 end), sum(iif(currency = 'USD', value, 0)) from opportunities",
        false,
    ),
    ("select sum(value) over (partition by currency) from opportunities", false),
    ("select sum(value) from opportunities where name like 'Euro%'", false),
    ("with d as (select value from opportunities where currency = 'EUR') select sum(value) from d", false),
    ("select avg(probability) from opportunities where value > 5", false),
    ("select count(*), max(value) from opportunities", false),
    ("select value, currency from opportunities", false),
    ("select sum(1) from opportunities where value > 0", false),
    ("select name, sum(value) from opportunities where name like 'Euro%' or name like 'Dollar%' group by name", false),
];

#[tokio::test]
async fn an_answer_warns_only_if_it_adds_different_currencies() {
    let account = account(Api::Session, 20).await;
    for deal in account.objects("opportunities").await {
        account.change("opportunities", deal["id"].as_str().unwrap(), json!({"currency": "USD"})).await;
    }
    let warns = |answer: &Value| answer["note"].as_str().is_some_and(|note| note.contains("currenc"));
    let one = Host::new(&account, &[]).await;
    for (sql, _) in SUMS {
        let answer = answer(&one, json!({"sql": sql})).await;
        assert!(!warns(&answer), "one currency, {sql}: {answer}");
    }
    for (name, currency) in [("Euro 1", "EUR"), ("Euro 2", "EUR"), ("Dollar", "USD")] {
        let deal = json!({"name": name, "value": 1000, "currency": currency, "status": "open", "stage": "new", "probability": 50});
        account.add("opportunities", deal).await;
    }
    let two = Host::new(&account, &[]).await;
    for (sql, mixes) in SUMS {
        let answer = answer(&two, json!({"sql": sql})).await;
        assert_eq!(warns(&answer), *mixes, "{sql}: {answer}");
        assert!(!mixes || answer["note"].as_str().unwrap().contains("EUR, USD"), "{answer}");
    }
}
