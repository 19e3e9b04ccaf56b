//! `find_duplicates` finds the pairs that a comparison of all contacts with each other finds.

use super::truth::{Contact, Truth};
use crate::support::{Account, Api, Host, on_both_apis};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both_apis!(the_pairs_are_those_of_a_full_comparison_the_likeliest_first, a_value_that_many_share_makes_no_pair,);

/// The tool's reasons why two contacts are likely the same person.
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

/// Pairs of ids with their reasons.
fn pairs(contacts: &[Contact]) -> BTreeMap<BTreeSet<&str>, BTreeSet<&'static str>> {
    let mut all = BTreeMap::new();
    for (at, one) in contacts.iter().enumerate() {
        for other in &contacts[at + 1..] {
            let reasons = reasons(one, other);
            if !reasons.is_empty() {
                all.insert(BTreeSet::from([one.id.as_str(), other.id.as_str()]), reasons);
            }
        }
    }
    all
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

async fn the_pairs_are_those_of_a_full_comparison_the_likeliest_first(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let truth = Truth::of(&account).await;
    let expected = pairs(&truth.contacts);
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
        assert_eq!(ids.len(), 2, "{group}");
        assert!(contacts.is_sorted_by_key(|contact| contact["createdAt"].as_str().unwrap()), "the oldest is first");
        given.insert(ids, texts(&group["reasons"]));
    }
    assert_eq!(given, expected);
    // The duplicates in the sample account.
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

/// One contact shares a phone number with the next and an e-mail address with the one after: those two are not a pair.
async fn a_value_that_many_share_makes_no_pair(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact = |name: &str, email: &str, phone: &str| json!({"firstName": name, "lastName": "Quill", "email": email, "phone": phone});
    let mut ids = Vec::new();
    for (name, email, phone) in [
        ("Ada", "ada@quill.example", "+1 512 555 7701"),
        ("Zoe", "zoe@quill.example", "(512) 555-7701"),
        ("Max", "ZOE@quill.example", "+1 512 555 7702"),
    ] {
        ids.push(account.add("contacts", contact(name, email, phone)).await);
    }
    for number in 0..30 {
        let (name, email) = (format!("{number}x{number}"), format!("office{number}@quill.example"));
        account.add("contacts", contact(&name, &email, "+1 512 555 7700")).await;
    }
    let found = host.answer("find_duplicates", json!({"limit": 100})).await;
    let of_quill = found["data"].as_array().unwrap().iter().filter(|pair| pair["contacts"][0]["lastName"] == "Quill");
    let given: BTreeSet<_> = of_quill
        .map(|pair| {
            let contacts = pair["contacts"].as_array().unwrap().iter().map(|contact| contact["id"].as_str().unwrap());
            (contacts.collect::<BTreeSet<_>>(), texts(&pair["reasons"]))
        })
        .collect();
    let pair =
        |one: usize, other: usize, reason| (BTreeSet::from([&*ids[one], &*ids[other]]), BTreeSet::from([reason]));
    assert_eq!(given, BTreeSet::from([pair(0, 1, "same phone"), pair(1, 2, "same email")]));
    assert!(found["note"].as_str().is_some_and(|note| note.contains("1 numbers or addresses")), "{}", found["note"]);
}
