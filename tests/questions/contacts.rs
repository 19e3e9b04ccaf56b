//! Contacts: sources, tags and addresses.

use super::{
    Question,
    truth::{Contact, counts, most, percent},
};
use chrono::Duration;
use std::collections::HashSet;

pub const QUESTIONS: &[Question] = &[
    Question {
        asked: "How many contacts did each source bring us in our first 90 days, month by month?",
        sql: "SELECT strftime('%Y-%m', createdAt) AS month, source, count(*) FROM contacts
              WHERE createdAt < (SELECT datetime(min(createdAt), '+90 days') FROM contacts)
              GROUP BY month, source ORDER BY month, source",
        answer: |truth| {
            let month = |contact: &Contact| contact.created_at.format("%Y-%m").to_string();
            let begin = truth.contacts.iter().map(|contact| contact.created_at).min().unwrap();
            let early = truth.contacts.iter().filter(|of| of.created_at < begin + Duration::days(90));
            let all = counts(early.map(|contact| (month(contact), &contact.source)));
            all.into_iter().map(|((month, source), count)| row![month, source, count]).collect()
        },
    },
    Question {
        asked: "Who is new in the last 30 days?",
        sql: "SELECT firstName, lastName, email, source FROM contacts
              WHERE createdAt >= datetime('now', '-30 days') ORDER BY createdAt DESC LIMIT 50",
        answer: |truth| {
            let since = truth.now - Duration::days(30);
            let mut new: Vec<_> = truth.contacts.iter().filter(|contact| contact.created_at >= since).collect();
            new.sort_by_key(|contact| std::cmp::Reverse(contact.created_at));
            new.iter().take(50).map(|new| row![new.first_name, new.last_name, new.email, new.source]).collect()
        },
    },
    Question {
        asked: "What are our ten most used tags?",
        sql: "SELECT tag, count(*) AS contacts FROM contact_tags GROUP BY tag ORDER BY contacts DESC, tag LIMIT 10",
        answer: |truth| {
            let tags = most(counts(truth.contacts.iter().flat_map(|contact| &contact.tags)));
            tags.into_iter().take(10).map(|(tag, count)| row![tag, count]).collect()
        },
    },
    Question {
        asked: "How many VIPs have no deal in the works?",
        sql: "SELECT count(*) FROM contacts c
              WHERE EXISTS (SELECT 1 FROM contact_tags t WHERE t.contactId = c.id AND t.tag = 'vip')
                AND NOT EXISTS (SELECT 1 FROM opportunities o
                                WHERE o.contactId = c.id AND o.status IN ('open', 'negotiation'))",
        answer: |truth| {
            let busy: HashSet<_> = truth.open().map(|deal| &deal.contact_id).collect();
            let idle = |contact: &&Contact| contact.has("vip") && !busy.contains(&contact.id);
            vec![row![truth.contacts.iter().filter(idle).count()]]
        },
    },
    Question {
        asked: "Which Texan cities have newsletter readers who are not clients yet?",
        sql: "SELECT city, count(*) FROM contacts
              WHERE state = 'TX' AND id IN (SELECT contactId FROM contact_tags WHERE tag = 'newsletter')
                AND id NOT IN (SELECT contactId FROM contact_tags WHERE tag = 'client')
              GROUP BY city ORDER BY 2 DESC, city",
        answer: |truth| {
            let reader = |contact: &&Contact| contact.has("newsletter") && !contact.has("client");
            let texan = |contact: &&Contact| contact.address.state.as_deref() == Some("TX");
            let found = truth.contacts.iter().filter(texan).filter(reader);
            let cities = most(counts(found.map(|contact| &contact.address.city)));
            cities.into_iter().map(|(city, count)| row![city, count]).collect()
        },
    },
    Question {
        asked: "In which companies do we know the most people?",
        sql: "SELECT companyName, count(*) AS people FROM contacts WHERE companyName <> ''
              GROUP BY companyName ORDER BY people DESC, companyName LIMIT 10",
        answer: |truth| {
            let companies = most(counts(truth.contacts.iter().filter_map(Contact::company)));
            companies.into_iter().take(10).map(|(company, count)| row![company, count]).collect()
        },
    },
    Question {
        asked: "What share of our contacts lives in each state?",
        sql: "SELECT coalesce(state, 'unknown') AS place, count(*), 100.0 * count(*) / (SELECT count(*) FROM contacts)
              FROM contacts GROUP BY place",
        answer: |truth| {
            let state = |contact: &Contact| contact.address.state.clone().unwrap_or("unknown".to_owned());
            let states = counts(truth.contacts.iter().map(state));
            let share = |count| percent(count, truth.contacts.len());
            states.into_iter().map(|(state, count)| row![state, count, share(count)]).collect()
        },
    },
    Question {
        asked: "Do we have contacts abroad, and are they customers?",
        sql: "SELECT c.country, c.city, count(DISTINCT c.id), count(o.id) FROM contacts c
              LEFT JOIN opportunities o ON o.contactId = c.id AND o.status = 'won'
              WHERE c.country NOT IN ('US', 'USA') GROUP BY c.country, c.city",
        answer: |truth| {
            let abroad: Vec<_> =
                truth.contacts.iter().filter(|contact| contact.address.country.as_deref() == Some("Germany")).collect();
            let ids: HashSet<_> = abroad.iter().map(|contact| &contact.id).collect();
            let won = truth.won().filter(|deal| ids.contains(&deal.contact_id)).count();
            vec![row!["Germany", "München", abroad.len(), won]]
        },
    },
    Question {
        asked: "How do people in each industry like to be contacted?",
        sql: "SELECT i.value AS industry, p.value AS way, count(*) FROM contact_fields i
              JOIN contact_fields p ON p.contactId = i.contactId AND p.key = 'preferredContact'
              WHERE i.key = 'industry' GROUP BY industry, way ORDER BY industry, way",
        answer: |truth| {
            let both = |contact: &'_ Contact| {
                Some((contact.field("industry")?.to_owned(), contact.field("preferredContact")?.to_owned()))
            };
            let all = counts(truth.contacts.iter().filter_map(both));
            all.into_iter().map(|((industry, way), count)| row![industry, way, count]).collect()
        },
    },
    Question {
        asked: "How many contacts work where more than 50 people do?",
        sql: "SELECT count(*) FROM contact_fields WHERE key = 'employees' AND CAST(value AS INTEGER) > 50",
        answer: |truth| {
            let employees = |contact: &Contact| {
                let number = contact.custom_fields.get("employees")?;
                number.as_i64().or_else(|| number.as_str()?.parse().ok())
            };
            let large = truth.contacts.iter().filter_map(employees).filter(|number| *number > 50);
            vec![row![large.count()]]
        },
    },
    Question {
        asked: "How many dentists do we know, and how many companies is that?",
        sql: "SELECT count(*), count(DISTINCT companyName) FROM contacts WHERE companyName LIKE '%dental%'",
        answer: |truth| {
            let companies = truth.contacts.iter().filter_map(Contact::company);
            let dental: Vec<_> = companies.filter(|name| name.to_lowercase().contains("dental")).collect();
            vec![row![dental.len(), dental.iter().collect::<HashSet<_>>().len()]]
        },
    },
    Question {
        asked: "What percentage of each source's contacts became customers?",
        sql: "SELECT source, 100.0 * count(DISTINCT o.contactId) / count(DISTINCT c.id) AS rate FROM contacts c
              LEFT JOIN opportunities o ON o.contactId = c.id AND o.status = 'won' GROUP BY source ORDER BY source",
        answer: |truth| {
            let customers: HashSet<_> = truth.won().map(|deal| &deal.contact_id).collect();
            let came = truth.contacts.iter().filter(|contact| customers.contains(&contact.id));
            let (came, all) = (counts(came.map(|of| &of.source)), counts(truth.contacts.iter().map(|of| &of.source)));
            let rate = |source, all| percent(came.get(source).copied().unwrap_or(0), all);
            all.into_iter().map(|(source, all)| row![source, rate(source, all)]).collect()
        },
    },
];
