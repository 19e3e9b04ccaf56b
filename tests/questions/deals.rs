//! Deals: the pipeline, closing dates, and what was won.

use super::{
    Question,
    truth::{Deal, counts, percent, sums, written},
};
use chrono::Duration;
use serde_json::Value;
use std::collections::BTreeMap;

pub const QUESTIONS: &[Question] = &[
    Question {
        asked: "How much is in the pipeline?",
        sql: "SELECT currency, count(*), sum(value) FROM opportunities
              WHERE status IN ('open', 'negotiation') GROUP BY currency ORDER BY currency",
        answer: |truth| {
            let numbers = counts(truth.open().map(|deal| &deal.currency));
            let sums = sums(truth.open().map(|deal| (&deal.currency, deal.value)));
            numbers.iter().map(|(currency, number)| row![currency, number, sums[currency]]).collect()
        },
    },
    Question {
        asked: "Which open deals over $10k have had no activity in 30 days, and who owns them?",
        sql: "SELECT o.name, o.value, o.updatedAt, u.firstName || ' ' || u.lastName AS owner
              FROM opportunities o LEFT JOIN users u ON u.id = o.assignedTo
              WHERE o.status IN ('open', 'negotiation') AND o.currency = 'USD' AND o.value > 10000
                AND o.updatedAt < datetime('now', '-30 days')
              ORDER BY o.updatedAt DESC, o.id LIMIT 20",
        answer: |truth| {
            let quiet = truth.now - Duration::days(30);
            let fits = |deal: &&Deal| deal.is_in("USD") && deal.value > 10_000.0 && deal.updated_at < quiet;
            let mut deals: Vec<_> = truth.open().filter(fits).collect();
            deals.sort_by_key(|deal| (std::cmp::Reverse(deal.updated_at), &deal.id));
            let owner = |deal: &Deal| truth.user(&deal.assigned_to).map(|user| user.name());
            let row = |deal: &Deal| row![deal.name, deal.value, written(deal.updated_at), owner(deal)];
            deals.into_iter().take(20).map(row).collect()
        },
    },
    Question {
        asked: "What can we expect each month, weighted by how likely it is?",
        sql: "SELECT strftime('%Y-%m', expectedCloseDate) AS month, currency, sum(value * probability / 100.0)
              FROM opportunities WHERE status IN ('open', 'negotiation')
              GROUP BY month, currency ORDER BY month, currency",
        answer: |truth| {
            let month = |deal: &Deal| deal.expected_close_date.map(|date| date.format("%Y-%m").to_string());
            let mut sums: BTreeMap<_, Option<f64>> = BTreeMap::new();
            for deal in truth.open() {
                let sum = sums.entry((month(deal), &deal.currency)).or_default();
                if let Some(probability) = deal.probability {
                    *sum = Some(sum.unwrap_or_default() + deal.value * probability / 100.0);
                }
            }
            sums.iter().map(|((month, currency), sum)| row![month, currency, sum]).collect()
        },
    },
    Question {
        asked: "Which of our services do we win most often?",
        sql: "SELECT substr(name, 1, instr(name, ' – ') - 1) AS service, count(*),
                100.0 * sum(status = 'won') / count(*) AS rate
              FROM opportunities WHERE status IN ('won', 'lost') GROUP BY service ORDER BY rate DESC, service",
        answer: |truth| {
            let service = |deal: &Deal| deal.name.split(" – ").next().unwrap().to_owned();
            let decided =
                counts(truth.deals.iter().filter(|deal| ["won", "lost"].contains(&&*deal.status)).map(service));
            let won = counts(truth.won().map(service));
            let rate = |service: &String, count: usize| percent(won.get(service).copied().unwrap_or(0), count);
            let mut all: Vec<_> = decided.into_iter().map(|(name, count)| (rate(&name, count), name, count)).collect();
            all.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
            all.into_iter().map(|(rate, service, count)| row![service, count, rate]).collect()
        },
    },
    Question {
        asked: "What is a won deal worth on average, by the client's industry?",
        sql: "SELECT f.value AS industry, count(*), avg(o.value) FROM opportunities o
              JOIN contact_fields f ON f.contactId = o.contactId AND f.key = 'industry'
              WHERE o.status = 'won' AND o.currency = 'USD' GROUP BY industry ORDER BY industry",
        answer: |truth| {
            let industry = |deal: &Deal| truth.contact(&deal.contact_id)?.field("industry");
            let won = || truth.won().filter(|deal| deal.is_in("USD"));
            let known = || won().filter_map(|deal| Some((industry(deal)?, deal.value)));
            let (numbers, sums) = (counts(known().map(|(industry, _)| industry)), sums(known()));
            numbers.iter().map(|(name, number)| row![name, number, sums[name] / *number as f64]).collect()
        },
    },
    Question {
        asked: "Whom should I call about a deal that closes in the next two weeks?",
        sql: "SELECT o.expectedCloseDate, c.firstName || ' ' || c.lastName, c.phone, o.name FROM opportunities o
              LEFT JOIN contacts c ON c.id = o.contactId
              WHERE o.status IN ('open', 'negotiation')
                AND o.expectedCloseDate BETWEEN date('now') AND date('now', '+14 days')
              ORDER BY o.expectedCloseDate, o.id",
        answer: |truth| {
            let today = truth.now.date_naive();
            let soon = |deal: &&Deal| {
                deal.expected_close_date.is_some_and(|date| (today..=today + Duration::days(14)).contains(&date))
            };
            let mut deals: Vec<_> = truth.open().filter(soon).collect();
            deals.sort_by_key(|deal| (deal.expected_close_date, &deal.id));
            let row = |deal: &Deal| {
                let contact = truth.contact(&deal.contact_id);
                let (name, phone) = (contact.map(|of| of.name()), contact.and_then(|of| of.phone.as_ref()));
                row![deal.expected_close_date, name, phone, deal.name]
            };
            deals.into_iter().map(row).collect()
        },
    },
    Question {
        asked: "How many open deals are past their close date, and how much is in them?",
        sql: "SELECT currency, count(*), sum(value) FROM opportunities
              WHERE status IN ('open', 'negotiation') AND expectedCloseDate < date('now')
              GROUP BY currency ORDER BY 2 DESC, 1",
        answer: |truth| {
            let past = |deal: &&Deal| deal.expected_close_date.is_some_and(|date| date < truth.now.date_naive());
            let number = counts(truth.open().filter(past).map(|deal| &deal.currency));
            let sums = sums(truth.open().filter(past).map(|deal| (&deal.currency, deal.value)));
            super::truth::most(number).into_iter().map(|(of, number)| row![of, number, sums[of]]).collect()
        },
    },
    Question {
        asked: "What are our ten largest open deals in dollars, and how do I reach the people?",
        sql: "SELECT o.name, o.value, c.email, c.city FROM opportunities o LEFT JOIN contacts c ON c.id = o.contactId
              WHERE o.status IN ('open', 'negotiation') AND o.currency = 'USD'
              ORDER BY o.value DESC, o.id LIMIT 10",
        answer: |truth| {
            let mut deals: Vec<_> = truth.open().filter(|deal| deal.is_in("USD")).collect();
            deals.sort_by(|one, other| other.value.total_cmp(&one.value).then_with(|| one.id.cmp(&other.id)));
            let row = |deal: &Deal| {
                let contact = truth.contact(&deal.contact_id);
                let email = contact.and_then(|contact| contact.email.as_ref());
                row![deal.name, deal.value, email, contact.and_then(|contact| contact.address.city.as_ref())]
            };
            deals.into_iter().take(10).map(row).collect()
        },
    },
    Question {
        asked: "What is the median of the deals that we won?",
        sql: "WITH won AS (
                SELECT value, row_number() OVER (ORDER BY value) AS place, count(*) OVER () AS count
                FROM opportunities WHERE status = 'won' AND currency = 'USD')
              SELECT avg(value) FROM won WHERE place IN ((count + 1) / 2, (count + 2) / 2)",
        answer: |truth| {
            let won = truth.won().filter(|deal| deal.is_in("USD"));
            let mut values: Vec<_> = won.map(|deal| deal.value).collect();
            values.sort_by(f64::total_cmp);
            let middle = |len: usize| (values[(len - 1) / 2] + values[len / 2]) / 2.0;
            vec![row![(!values.is_empty()).then(|| middle(values.len()))]]
        },
    },
    Question {
        asked: "How many days does it take us to win a deal?",
        sql: "SELECT round(avg(julianday(updatedAt) - julianday(createdAt)), 3) FROM opportunities WHERE status = 'won'",
        answer: |truth| {
            let days: Vec<_> = truth.won().map(|deal| (deal.updated_at - deal.created_at).num_minutes()).collect();
            let average = days.iter().sum::<i64>() as f64 / days.len() as f64 / (24.0 * 60.0);
            vec![row![(average * 1000.0).round() / 1000.0]]
        },
    },
    Question {
        asked: "How are the deals spread over the stages, in percent?",
        sql: "SELECT stage, count(*), 100.0 * count(*) / sum(count(*)) OVER () FROM opportunities GROUP BY stage",
        answer: |truth| {
            let stages = counts(truth.deals.iter().map(|deal| &deal.stage));
            let row = |(stage, count)| -> Vec<Value> { row![stage, count, percent(count, truth.deals.len())] };
            stages.into_iter().map(row).collect()
        },
    },
    Question {
        asked: "In which stages are the deals that we marked as priority?",
        sql: "SELECT o.status, o.stage, count(*) FROM opportunities o JOIN opportunity_tags t ON t.opportunityId = o.id
              WHERE t.tag = 'priority' GROUP BY o.status, o.stage ORDER BY count(*) DESC, o.status, o.stage",
        answer: |truth| {
            let marked = truth.deals.iter().filter(|deal| deal.tags.iter().any(|tag| tag == "priority"));
            let places = counts(marked.map(|deal| (&deal.status, &deal.stage)));
            let row = |((status, stage), count)| -> Vec<Value> { row![status, stage, count] };
            super::truth::most(places).into_iter().map(row).collect()
        },
    },
];
