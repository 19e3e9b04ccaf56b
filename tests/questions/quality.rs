//! Data quality: missing, duplicate and wrong values.

use super::{
    Question,
    truth::{Contact, counts, most},
};
use std::collections::{BTreeMap, HashSet};

pub const QUESTIONS: &[Question] = &[
    Question {
        asked: "How many contacts lack a phone number, an email, a company or an address?",
        sql: "SELECT sum(coalesce(phone, '') = ''), sum(coalesce(email, '') = ''), sum(coalesce(companyName, '') = ''),
                sum(coalesce(street, city, state, postalCode, country) IS NULL) FROM contacts",
        answer: |truth| {
            let lack = |is: fn(&Contact) -> bool| truth.contacts.iter().filter(|contact| is(contact)).count();
            vec![row![
                lack(|contact| contact.phone.as_deref().unwrap_or_default().is_empty()),
                lack(|contact| contact.email.as_deref().unwrap_or_default().is_empty()),
                lack(|contact| contact.company().is_none()),
                lack(|contact| contact.address.country.is_none()),
            ]]
        },
    },
    Question {
        asked: "Which email addresses do several contacts have, whatever the case?",
        sql: "SELECT lower(email) AS address, count(*) AS contacts FROM contacts WHERE email <> ''
              GROUP BY address HAVING contacts > 1 ORDER BY contacts DESC, address LIMIT 20",
        answer: |truth| {
            let addresses = counts(truth.contacts.iter().filter_map(|of| of.email.as_deref()).map(str::to_lowercase));
            let shared = most(addresses).into_iter().filter(|(_, count)| *count > 1);
            shared.take(20).map(|(address, count)| row![address, count]).collect()
        },
    },
    Question {
        asked: "Which deals belong to a contact that is gone?",
        sql: "SELECT id, name FROM opportunities WHERE contactId NOT IN (SELECT id FROM contacts) ORDER BY id",
        answer: |truth| {
            let mut lost: Vec<_> =
                truth.deals.iter().filter(|deal| truth.contact(&deal.contact_id).is_none()).collect();
            lost.sort_by_key(|deal| &deal.id);
            lost.iter().map(|deal| row![deal.id, deal.name]).collect()
        },
    },
    Question {
        asked: "How are our phone numbers written?",
        sql: "SELECT CASE WHEN phone LIKE '+%' THEN 'with country' WHEN phone LIKE '(%' THEN 'brackets'
                WHEN phone GLOB '*[^0-9]*' THEN 'punctuated' ELSE 'digits' END AS form, count(*)
              FROM contacts WHERE phone <> '' GROUP BY form",
        answer: |truth| {
            let form = |phone: &str| match phone.chars().next() {
                Some('+') => "with country",
                Some('(') => "brackets",
                _ if phone.chars().any(|letter| !letter.is_ascii_digit()) => "punctuated",
                _ => "digits",
            };
            let phones = truth.contacts.iter().filter_map(|contact| contact.phone.as_deref());
            let forms = counts(phones.filter(|phone| !phone.is_empty()).map(form));
            forms.into_iter().map(|(form, count)| row![form, count]).collect()
        },
    },
    Question {
        asked: "How many contacts have no tag, one, two, or more?",
        sql: "SELECT tags, count(*) FROM (
                SELECT c.id, count(t.tag) AS tags FROM contacts c LEFT JOIN contact_tags t ON t.contactId = c.id
                GROUP BY c.id) GROUP BY tags ORDER BY tags",
        answer: |truth| {
            let numbers = counts(truth.contacts.iter().map(|contact| contact.tags.len()));
            numbers.into_iter().map(|(tags, contacts)| row![tags, contacts]).collect()
        },
    },
    Question {
        asked: "At which mail providers are most of our contacts?",
        sql: "SELECT lower(substr(email, instr(email, '@') + 1)) AS domain, count(*) AS contacts FROM contacts
              WHERE email LIKE '%@%' GROUP BY domain ORDER BY contacts DESC, domain LIMIT 10",
        answer: |truth| {
            let domain = |contact: &Contact| Some(contact.email.as_ref()?.split_once('@')?.1.to_lowercase());
            let domains = most(counts(truth.contacts.iter().filter_map(domain)));
            domains.into_iter().take(10).map(|(domain, count)| row![domain, count]).collect()
        },
    },
    Question {
        asked: "Are we working on deals with people who must not be called?",
        sql: "SELECT o.stage, count(DISTINCT c.id) FROM contacts c JOIN contact_tags t ON t.contactId = c.id
              JOIN opportunities o ON o.contactId = c.id
              WHERE t.tag = 'do-not-call' AND o.status IN ('open', 'negotiation') GROUP BY o.stage ORDER BY o.stage",
        answer: |truth| {
            let mut people: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
            for deal in truth.open() {
                if let Some(contact) = truth.contact(&deal.contact_id).filter(|contact| contact.has("do-not-call")) {
                    people.entry(&deal.stage).or_default().insert(&contact.id);
                }
            }
            people.into_iter().map(|(stage, people)| row![stage, people.len()]).collect()
        },
    },
    Question {
        asked: "Which deals look wrong: worth nothing, or without a close date?",
        sql: "SELECT CASE WHEN value = 0 THEN 'worth nothing' ELSE 'no close date' END AS fault, status, count(*)
              FROM opportunities WHERE value = 0 OR expectedCloseDate IS NULL GROUP BY fault, status",
        answer: |truth| {
            let faults = truth.deals.iter().filter_map(|deal| match (deal.value, deal.expected_close_date) {
                (0.0, _) => Some(("worth nothing", &deal.status)),
                (_, None) => Some(("no close date", &deal.status)),
                _ => None,
            });
            counts(faults).into_iter().map(|((fault, status), count)| row![fault, status, count]).collect()
        },
    },
    Question {
        asked: "How many contacts with a company lack its industry?",
        sql: "SELECT count(*) FROM contacts c
              LEFT JOIN contact_fields f ON f.contactId = c.id AND f.key = 'industry'
              WHERE c.companyName IS NOT NULL AND f.value IS NULL",
        answer: |truth| {
            let lacks = |of: &&Contact| of.company_name.is_some() && of.field("industry").is_none();
            vec![row![truth.contacts.iter().filter(lacks).count()]]
        },
    },
    Question {
        asked: "How many contacts has nobody touched since they came in?",
        sql: "SELECT count(*), min(createdAt), max(createdAt) FROM contacts WHERE updatedAt = createdAt",
        answer: |truth| {
            let untouched = || truth.contacts.iter().filter(|contact| contact.updated_at == contact.created_at);
            let dates = || untouched().map(|contact| super::truth::written(contact.created_at));
            vec![row![untouched().count(), dates().min(), dates().max()]]
        },
    },
];
