//! `search_crm` finds what people remember, however it is written.

use crate::support::{Account, Api, Host, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(
    case_accents_and_the_order_of_words_do_not_matter,
    a_number_is_found_however_it_is_written,
    every_kind_of_object_is_found_by_its_name_and_by_its_id,
    an_object_of_this_name_comes_before_one_that_mentions_it,
    a_changed_object_is_found_by_its_new_values,
    a_deal_is_shown_with_what_people_ask_next,
    the_number_of_matches_is_reported,
);

async fn hits(host: &Host, text: &str) -> Vec<Value> {
    host.answer("search_crm", json!({"text": text})).await["data"].as_array().unwrap().clone()
}

async fn finds(host: &Host, text: &str, id: &Value) -> bool {
    hits(host, text).await.iter().any(|hit| hit["id"] == *id)
}

async fn create(host: &Host, first: &str, last: &str, email: &str, phone: &str, company: &str) -> Value {
    let contact = json!({"firstName": first, "lastName": last, "email": email, "phone": phone, "companyName": company});
    host.answer("create_contact", contact).await["id"].clone()
}

async fn case_accents_and_the_order_of_words_do_not_matter(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    // One object comes from a scan, the others from the tools' writes.
    let jose = create(&host, "José", "Núñez", "j.nunez@beispiel.example", "0", "Müller & Söhne GmbH").await;
    for text in ["jose nunez", "JOSÉ NÚÑEZ", "núñez josé", "nun jos", "Jose\u{301} Nu\u{301}n\u{303}ez", "nunez"]
    {
        assert!(finds(&host, text, &jose).await, "{text}");
    }
    for text in ["j.nunez@beispiel.example", "beispiel.example", "J.NUNEZ@", "muller sohne", "Müller", "söhne gmbh"] {
        assert!(finds(&host, text, &jose).await, "{text}");
    }
    for (first, last, texts) in [
        ("Łukasz", "Sørensen", ["lukasz", "SORENSEN", "sørensen łukasz"]),
        ("Đorđe", "Nguyễn", ["dorde nguyen", "ĐORĐE", "nguyễn"]),
        ("Зоя", "Иванова", ["зоя", "ИВАНОВА", "зоя иван"]),
        ("Sinéad", "O'Brien", ["o'brien", "sinead o’brien", "brien"]),
    ] {
        let id = create(&host, first, last, "x@beispiel.example", "0", "").await;
        for text in texts {
            assert!(finds(&host, text, &id).await, "{first} {last}: {text}");
        }
    }
    for text in ["jose beckett", "nunezz", "\"", "* OR *", "NEAR(jose"] {
        assert!(!finds(&host, text, &jose).await, "{text}");
    }
}

async fn a_number_is_found_however_it_is_written(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let german = ["0151 2345678", "2345678", "+49 151 2345678", "0049 151 2345678", "+49 (0)151 234-5678", "5678"];
    for phone in ["+49 (0)151 2345678", "+49 151 2345678", "0151/2345678", "0049-151-2345678"] {
        let id = create(&host, "Uwe", "Lang", "uwe@beispiel.example", phone, "").await;
        for text in german {
            assert!(finds(&host, text, &id).await, "{phone} by {text}");
        }
        for text in ["0151 2345679", "0152 2345678", "234567"] {
            assert!(!finds(&host, text, &id).await, "{phone} by {text}");
        }
    }
    for phone in ["+1 (915) 555-7342", "915.555.7342", "19155557342"] {
        let id = create(&host, "Ann", "Lee", "ann@beispiel.example", phone, "").await;
        for text in ["(915) 555-7342", "9155557342", "+1-915-555-7342", "001 915 555 7342", "555 7342"] {
            assert!(finds(&host, text, &id).await, "{phone} by {text}");
        }
        assert!(!finds(&host, "+1 815 555 7342", &id).await, "{phone}");
    }
    let id = create(&host, "Zoe", "Null", "zoe@beispiel.example", "+1-915-550-0000", "").await;
    assert!(finds(&host, "0000", &id).await);
}

async fn every_kind_of_object_is_found_by_its_name_and_by_its_id(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    for (kind, name) in [
        ("contacts", "lastName"),
        ("contacts", "email"),
        ("opportunities", "name"),
        ("campaigns", "name"),
        ("pages", "slug"),
        ("pages", "title"),
        ("funnels", "name"),
        ("webhooks", "url"),
        ("locations", "name"),
        ("locations", "email"),
        ("users", "lastName"),
    ] {
        let Some(object) = account.reported(kind).await.into_iter().find(|object| object[name].is_string()) else {
            continue;
        };
        let (id, text) = (object["id"].as_str().unwrap(), object[name].as_str().unwrap());
        for text in [text, id] {
            let found = host.answer("search_crm", json!({"text": text, "table": kind, "limit": 100})).await;
            let hit = found["data"].as_array().unwrap().iter().find(|hit| hit["id"] == id);
            let hit = hit.unwrap_or_else(|| panic!("{kind} by {text}: {found}"));
            assert_eq!((&hit["table"], &hit[name]), (&json!(kind), &object[name]), "{text}");
        }
        // An id finds its object first.
        assert_eq!(hits(&host, id).await[0]["id"], id, "{kind}");
    }
}

async fn an_object_of_this_name_comes_before_one_that_mentions_it(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let mentions = create(&host, "Eva", "Klein", "eva@quixotic.example", "0", "Quixotic Ltd").await;
    let named = create(&host, "Rosa", "Quixotic", "rosa@beispiel.example", "0", "").await;
    let found: Vec<_> = hits(&host, "quixotic").await.into_iter().map(|hit| hit["id"].clone()).collect();
    assert_eq!(found, [named, mentions]);
}

async fn a_changed_object_is_found_by_its_new_values(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let id = create(&host, "Vera", "Oldname", "vera@beispiel.example", "0", "").await;
    assert!(finds(&host, "oldname", &id).await);
    host.answer("update_contact", json!({"id": id, "lastName": "Newname"})).await;
    assert!(finds(&host, "newname", &id).await);
    assert!(!finds(&host, "oldname", &id).await);
}

async fn a_deal_is_shown_with_what_people_ask_next(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let named =
        |object: &Value| format!("{} {}", object["firstName"].as_str().unwrap(), object["lastName"].as_str().unwrap());
    let (users, contacts) = (account.reported("users").await, account.reported("contacts").await);
    for deal in account.reported("opportunities").await.iter().filter(|deal| deal["contactId"].is_string()).take(20) {
        let id = deal["id"].as_str().unwrap();
        let hit = host.answer("search_crm", json!({"text": id, "table": "opportunities"})).await["data"][0].clone();
        for field in ["status", "stage", "currency"] {
            assert_eq!(hit[field], deal[field], "{field} of {hit}");
        }
        assert_eq!(hit["value"].as_f64(), deal["value"].as_f64(), "{hit}");
        let of = |all: &[Value], id: &Value| {
            all.iter().find(|one| one["id"] == *id).map_or(id.clone(), |one| json!(named(one)))
        };
        assert_eq!(hit["owner"], of(&users, &deal["assignedTo"]), "{hit}");
        assert_eq!(hit["contact"], of(&contacts, &deal["contactId"]), "{hit}");
        assert!(hit["assignedTo"].is_null() && hit["contactId"].is_null(), "{hit}");
    }
}

async fn the_number_of_matches_is_reported(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    for number in 0..7 {
        create(&host, "Quirin", "Zz", &format!("quirin{number}@beispiel.example"), "0", "").await;
    }
    for (limit, shown) in [(3, 3), (7, 7), (100, 7)] {
        let found = host.answer("search_crm", json!({"text": "quirin zz", "limit": limit})).await;
        assert_eq!((&found["meta"]["total"], found["data"].as_array().unwrap().len()), (&json!(7), shown), "{found}");
    }
    assert_eq!(host.answer("search_crm", json!({"text": "nobodyatall"})).await["meta"]["total"], 0);
    let error = host.error("search_crm", json!({"text": "a ".repeat(300)})).await;
    assert_eq!(error["field"], "text");
}
