//! Owners: who has what, who sells what, and what has no owner.

use super::{
    Question,
    truth::{Deal, Truth, counts, most, percent, sums},
    untidy::LEFT,
};
use std::collections::BTreeMap;

pub const QUESTIONS: &[Question] = &[
    Question {
        asked: "How much does each of us have in the pipeline?",
        sql: "SELECT u.firstName || ' ' || u.lastName AS owner, o.currency, count(*), sum(o.value)
              FROM opportunities o JOIN users u ON u.id = o.assignedTo WHERE o.status IN ('open', 'negotiation')
              GROUP BY u.id, o.currency ORDER BY owner, o.currency",
        answer: |truth| {
            let owned = || truth.open().filter_map(|deal| Some(((owner(truth, deal)?, &deal.currency), deal.value)));
            let (numbers, sums) = (counts(owned().map(|(key, _)| key)), sums(owned()));
            numbers.iter().map(|(key, number)| row![key.0, key.1, number, sums[key]]).collect()
        },
    },
    Question {
        asked: "Who wins most of their deals?",
        sql: "SELECT u.lastName, sum(o.status = 'won'), sum(o.status = 'lost'),
                100.0 * sum(o.status = 'won') / count(*) AS rate
              FROM opportunities o JOIN users u ON u.id = o.assignedTo WHERE o.status IN ('won', 'lost')
              GROUP BY u.id ORDER BY rate DESC, u.lastName",
        answer: |truth| {
            let mut all: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            for deal in &truth.deals {
                let Some(user) = truth.user(&deal.assigned_to) else { continue };
                match deal.status.as_str() {
                    "won" => all.entry(&user.last_name).or_default().0 += 1,
                    "lost" => all.entry(&user.last_name).or_default().1 += 1,
                    _ => {}
                }
            }
            let mut all: Vec<_> =
                all.into_iter().map(|(name, (won, lost))| (percent(won, won + lost), name, won, lost)).collect();
            all.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
            all.into_iter().map(|(rate, name, won, lost)| row![name, won, lost, rate]).collect()
        },
    },
    Question {
        asked: "How many contacts does each of us look after, those of nobody included?",
        sql: "SELECT coalesce(u.firstName, 'nobody here') AS owner, count(*) FROM contacts c
              LEFT JOIN users u ON u.id = c.assignedTo GROUP BY owner ORDER BY 2 DESC, 1",
        answer: |truth| {
            let owners = truth.contacts.iter().map(|contact| {
                let user = contact.assigned_to.as_ref().and_then(|id| truth.user(id));
                user.map_or("nobody here", |user| &user.first_name)
            });
            most(counts(owners)).into_iter().map(|(owner, count)| row![owner, count]).collect()
        },
    },
    Question {
        asked: "Which sources bring contacts that nobody takes on?",
        sql: "SELECT source, count(*) AS alone FROM contacts WHERE assignedTo IS NULL
              GROUP BY source ORDER BY alone DESC, source LIMIT 5",
        answer: |truth| {
            let alone = truth.contacts.iter().filter(|contact| contact.assigned_to.is_none());
            let sources = most(counts(alone.map(|contact| &contact.source)));
            sources.into_iter().take(5).map(|(source, count)| row![source, count]).collect()
        },
    },
    Question {
        asked: "Which owners are no users any more, and what do they still have?",
        sql: "SELECT c.assignedTo, count(*) FROM contacts c LEFT JOIN users u ON u.id = c.assignedTo
              WHERE c.assignedTo IS NOT NULL AND u.id IS NULL GROUP BY c.assignedTo",
        answer: |truth| {
            let left = truth.contacts.iter().filter(|contact| contact.assigned_to.as_deref() == Some(LEFT));
            vec![row![LEFT, left.count()]]
        },
    },
    Question {
        asked: "How many deals are with somebody else than the one who owns the contact?",
        sql: "SELECT o.status, count(*) FROM opportunities o JOIN contacts c ON c.id = o.contactId
              WHERE o.assignedTo <> c.assignedTo GROUP BY o.status",
        answer: |truth| {
            let elsewhere = truth.deals.iter().filter(|deal| {
                let owner = truth.contact(&deal.contact_id).and_then(|contact| contact.assigned_to.as_ref());
                owner.is_some_and(|owner| *owner != deal.assigned_to)
            });
            counts(elsewhere.map(|deal| &deal.status)).into_iter().map(|(of, count)| row![of, count]).collect()
        },
    },
    Question {
        asked: "What is the largest open deal of each of us?",
        sql: "SELECT owner, name, value FROM (
                SELECT u.firstName AS owner, o.name, o.value,
                  row_number() OVER (PARTITION BY u.id ORDER BY o.value DESC, o.id) AS place
                FROM opportunities o JOIN users u ON u.id = o.assignedTo
                WHERE o.status IN ('open', 'negotiation') AND o.currency = 'USD')
              WHERE place = 1 ORDER BY owner",
        answer: |truth| {
            let mut best: BTreeMap<&str, &Deal> = BTreeMap::new();
            for deal in truth.open().filter(|deal| deal.is_in("USD")) {
                let Some(user) = truth.user(&deal.assigned_to) else { continue };
                let best = best.entry(&user.first_name).or_insert(deal);
                if (deal.value, &best.id) > (best.value, &deal.id) {
                    *best = deal;
                }
            }
            best.into_iter().map(|(owner, deal)| row![owner, deal.name, deal.value]).collect()
        },
    },
    Question {
        asked: "Do managers or reps bring in more money?",
        sql: "SELECT u.role, count(*), total(o.value) FROM opportunities o JOIN users u ON u.id = o.assignedTo
              WHERE o.status = 'won' AND o.currency = 'USD' GROUP BY u.role",
        answer: |truth| {
            let won = || truth.won().filter(|deal| deal.is_in("USD"));
            let roles = || won().filter_map(|deal| Some((&truth.user(&deal.assigned_to)?.role, deal.value)));
            let (numbers, sums) = (counts(roles().map(|(role, _)| role)), sums(roles()));
            numbers.iter().map(|(role, number)| row![role, number, sums[role]]).collect()
        },
    },
];

fn owner(truth: &Truth, deal: &Deal) -> Option<String> {
    Some(truth.user(&deal.assigned_to)?.name())
}
