//! What questions cost by paging with list tools and by `query_crm`: the figures of docs/questions.md.
//!
//! ```sh
//! cargo test --test suite questions::cost -- --ignored --nocapture
//! ```

#![expect(clippy::print_stdout, reason = "a table for the reader")]

use super::{account_of, synced};
use crate::support::{Account, Api, Host};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// A question, its SQL for the mirror, and the lists to page through instead.
struct Costed {
    asked: &'static str,
    sql: &'static str,
    lists: &'static [List],
}

/// A list, its filter, and the fields that the question needs.
struct List(&'static str, Option<(&'static str, &'static str)>, &'static [&'static str]);

const QUESTIONS: [Costed; 5] = [
    Costed {
        asked: "Which open deals over $10k have had no activity in 30 days, and who owns them?",
        sql: "SELECT o.name, o.value, o.updatedAt, u.firstName || ' ' || u.lastName AS owner FROM opportunities o \
              LEFT JOIN users u ON u.id = o.assignedTo WHERE o.status IN ('open', 'negotiation') \
              AND o.currency = 'USD' AND o.value > 10000 AND o.updatedAt < datetime('now', '-30 days') \
              ORDER BY o.value DESC LIMIT 20",
        lists: &[List("list_opportunities", None, &["name", "value", "currency", "status", "updatedAt", "assignedTo"])],
    },
    Costed {
        asked: "What are our ten most used tags?",
        sql: "SELECT tag, count(*) FROM contact_tags GROUP BY tag ORDER BY 2 DESC LIMIT 10",
        lists: &[List("list_contacts", None, &["tags"])],
    },
    Costed {
        asked: "What percentage of each source's contacts became customers?",
        sql: "SELECT source, 100.0 * count(DISTINCT o.contactId) / count(DISTINCT c.id) FROM contacts c \
              LEFT JOIN opportunities o ON o.contactId = c.id AND o.status = 'won' GROUP BY source",
        lists: &[
            List("list_contacts", None, &["source"]),
            List("list_opportunities", Some(("status", "won")), &["contactId"]),
        ],
    },
    Costed {
        asked: "Which email addresses do several contacts have?",
        sql: "SELECT lower(email) AS address, count(*) FROM contacts WHERE email <> '' GROUP BY address \
              HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 20",
        lists: &[List("list_contacts", None, &["email"])],
    },
    Costed {
        asked: "Which funnels lead to a page that is not published?",
        sql: "SELECT f.name, p.name FROM funnels f JOIN funnel_pages s ON s.funnelId = f.id \
              JOIN pages p ON p.id = s.pageId WHERE p.status <> 'published'",
        lists: &[List("list_funnels", None, &["name", "pages"]), List("list_pages", None, &["status"])],
    },
];

/// The cost of an answer.
struct Cost {
    calls: usize,
    requests: usize,
    tokens: usize,
    time: Duration,
}

/// Records calls and answers.
struct Meter<'a> {
    account: &'a Account,
    host: &'a Host,
    texts: Vec<String>,
    since: Instant,
}

impl<'a> Meter<'a> {
    async fn start(account: &'a Account, host: &'a Host) -> Self {
        account.forget_requests().await;
        Self { account, host, texts: Vec::new(), since: Instant::now() }
    }

    /// Calls a tool, and records what the model writes and reads.
    async fn call(&mut self, tool: &'static str, arguments: Value) -> Value {
        let answer = self.host.answer(tool, arguments.clone()).await;
        self.texts.extend([format!("{tool}{arguments}"), answer.to_string()]);
        answer
    }

    async fn stop(self) -> Cost {
        let time = self.since.elapsed();
        let encoding = tiktoken_rs::o200k_base().unwrap();
        let tokens = self.texts.iter().map(|text| encoding.encode_ordinary(text).len()).sum();
        Cost { calls: self.texts.len() / 2, requests: self.account.requests().await.len(), tokens, time }
    }
}

/// Reads whole lists, and looks up the owners.
async fn by_paging(account: &Account, host: &Host, question: &Costed) -> Cost {
    let mut meter = Meter::start(account, host).await;
    let mut owners = BTreeSet::new();
    for List(list, filter, fields) in question.lists {
        let mut arguments = json!({"limit": 100, "fields": fields});
        if let Some((name, value)) = filter {
            arguments[name] = json!(value);
        }
        loop {
            let page = meter.call(list, arguments.clone()).await;
            let items = page["data"].as_array().unwrap();
            owners.extend(items.iter().filter_map(|item| item["assignedTo"].as_str().map(str::to_owned)));
            match page["meta"]["nextOffset"].as_u64() {
                Some(next) => arguments["offset"] = next.into(),
                None => break,
            }
        }
    }
    for id in owners {
        meter.call("get_user", json!({"userId": id})).await;
    }
    meter.stop().await
}

/// Asks, and asks again while a table is being read for the first time, as a model does.
async fn by_query(account: &Account, host: &Host, question: &Costed) -> Cost {
    let mut meter = Meter::start(account, host).await;
    let ask = json!({"sql": question.sql});
    if meter.call("query_crm", ask.clone()).await["complete"] != true {
        while host.answer("query_crm", ask.clone()).await["complete"] != true {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        meter.call("query_crm", ask).await;
    }
    meter.stop().await
}

fn show(way: &str, cost: &Cost) {
    let Cost { calls, requests, tokens, time } = cost;
    println!("| {way} | {calls} | {requests} | {tokens} | {:.2} |", time.as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; it judges nothing"]
async fn what_five_questions_cost_by_either_way() {
    for contacts in [1_000, 20_000] {
        let account = account_of(Api::Session, contacts).await;
        let host = synced(&account).await;
        println!("\n{contacts} contacts, {} opportunities", account.objects("opportunities").await.len());
        let mut meter = Meter::start(&account, &host).await;
        meter.call("describe_crm", json!({})).await;
        println!("\n| | calls | requests | tokens | s |\n| --- | --- | --- | --- | --- |");
        show("describe_crm, once", &meter.stop().await);
        for question in &QUESTIONS {
            println!("| **{}** | | | | |", question.asked);
            show("paging", &by_paging(&account, &host, question).await);
            show("query_crm", &by_query(&account, &host, question).await);
            let new = Host::new(&account, &[]).await;
            show("query_crm, nothing read yet", &by_query(&account, &new, question).await);
        }
    }
}
