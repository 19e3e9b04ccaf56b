//! `find_duplicates`: the groups, by comparing everybody with everybody.

use super::truth::{Contact, Truth};
use crate::support::{Account, Api, Host, on_both_apis};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both_apis!(the_groups_are_those_that_comparing_all_pairs_gives_the_likeliest_first,);

/// Why two contacts are likely one person's, as the tool says it.
fn reasons(one: &Contact, other: &Contact) -> BTreeSet<&'static str> {
    let email = |of: &Contact| of.email.as_ref().map(|email| email.to_lowercase());
    let phone = |of: &Contact| {
        let digits: Vec<_> = of.phone.as_ref()?.chars().filter(char::is_ascii_digit).collect();
        digits.last_chunk::<10>().copied()
    };
    let mut reasons = BTreeSet::new();
    if email(one).is_some() && email(one) == email(other) {
        reasons.insert("same email");
    }
    if phone(one).is_some() && phone(one) == phone(other) {
        reasons.insert("same phone");
    }
    let company = |of: &Contact| of.company().map(str::to_owned);
    let near = strsim::jaro_winkler(&one.name().to_lowercase(), &other.name().to_lowercase()) >= 0.92;
    if near && company(one).is_some() && company(one) == company(other) {
        reasons.insert("near name, same company");
    }
    reasons
}

/// Groups of ids with their reasons.
fn groups(contacts: &[Contact]) -> BTreeMap<BTreeSet<&str>, BTreeSet<&'static str>> {
    let mut group: Vec<usize> = (0..contacts.len()).collect();
    let mut links = Vec::new();
    for one in 0..contacts.len() {
        for other in one + 1..contacts.len() {
            let reasons = reasons(&contacts[one], &contacts[other]);
            if !reasons.is_empty() {
                let (old, new) = (group[other], group[one]);
                group.iter_mut().filter(|group| **group == old).for_each(|group| *group = new);
                links.push((one, reasons));
            }
        }
    }
    let mut all: BTreeMap<usize, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for (one, reasons) in links {
        all.entry(group[one]).or_default().1.extend(reasons);
    }
    for (number, contact) in contacts.iter().enumerate() {
        if let Some((ids, _)) = all.get_mut(&group[number]) {
            ids.insert(&contact.id);
        }
    }
    all.into_values().collect()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

async fn the_groups_are_those_that_comparing_all_pairs_gives_the_likeliest_first(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let truth = Truth::of(&account).await;
    let expected = groups(&truth.contacts);
    let mut found = Vec::new();
    loop {
        let page = host.answer("find_duplicates", json!({"limit": 20, "offset": found.len()})).await;
        assert_eq!(page["meta"]["total"], expected.len());
        assert!(page["note"].is_null(), "nothing is left out: {page}");
        found.extend(page["data"].as_array().unwrap().clone());
        if page["meta"]["nextOffset"].is_null() {
            break;
        }
        assert_eq!(page["meta"]["nextOffset"], found.len());
    }
    let weight = |group: &Value| -> u32 {
        let worth = |reason: &str| {
            [("same email", 100), ("same phone", 60)]
                .iter()
                .find(|(of, _)| *of == reason)
                .map_or(40, |(_, worth)| *worth)
        };
        texts(&group["reasons"]).into_iter().map(worth).sum()
    };
    assert!(found.is_sorted_by_key(|group| std::cmp::Reverse(weight(group))), "not the likeliest first");
    let mut given = BTreeMap::new();
    for group in &found {
        let contacts = group["contacts"].as_array().unwrap();
        let ids: BTreeSet<_> = contacts.iter().map(|contact| contact["id"].as_str().unwrap()).collect();
        assert_eq!(group["count"], ids.len(), "{group}");
        assert!(contacts.is_sorted_by_key(|contact| contact["createdAt"].as_str().unwrap()), "the oldest is first");
        given.insert(ids, texts(&group["reasons"]));
    }
    assert_eq!(given, expected);
    // Those that the sample account was given on purpose.
    let twins = truth.contacts.windows(2).filter(|pair| {
        pair[1].source == "import"
            && pair[1].tags == ["lead"]
            && pair[1].email == pair[0].email.as_ref().map(|email| email.to_uppercase())
    });
    let twins: Vec<_> = twins.collect();
    assert_eq!(twins.len(), 3);
    for twin in twins {
        let holds = |ids: &BTreeSet<&str>| twin.iter().all(|contact| ids.contains(contact.id.as_str()));
        assert!(given.keys().any(holds), "{twin:?}");
    }
}
