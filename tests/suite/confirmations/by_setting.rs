//! Tools that `--confirm-tools` guards, over each API. The official API has no delete and no publish, so its tools are
//! confirmed only by this setting.

use super::{effects, id};
use crate::support::{Account, Api, Era, Host, Person, on_both_apis};
use serde_json::json;

const GUARDED: [&str; 2] = ["--confirm-tools", "update_opportunity"];

on_both_apis!(a_person_decides, a_token_is_valid_for_its_arguments_and_the_deal_as_shown);

async fn a_person_decides(api: Api) {
    let account = Account::of(api).await;
    let deal = account.find("opportunities", |deal| deal["status"] == "open").await;
    let change = json!({"id": id(&deal), "stage": "proposal", "status": "won"});
    for era in [Era::Modern, Era::Handshake] {
        let host = Host::with(&account, &GUARDED, era, Person::declines()).await;
        assert_eq!(host.error("update_opportunity", change.clone()).await["code"], "declined");
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        assert!(asked.contains(deal["name"].as_str().unwrap()), "the person sees which deal: {asked}");
        assert_eq!(effects(&account).await, 0);
    }
    let host = Host::with(&account, &GUARDED, Era::Modern, Person::agrees()).await;
    let done = host.answer("update_opportunity", change).await;
    assert_eq!((&done["status"], &done["stage"]), (&json!("won"), &json!("proposal")));
    assert_eq!((host.asked().len(), effects(&account).await), (1, 1));
}

async fn a_token_is_valid_for_its_arguments_and_the_deal_as_shown(api: Api) {
    let account = Account::of(api).await;
    let deal = account.find("opportunities", |deal| deal["status"] == "open").await;
    let host = Host::with(&account, &GUARDED, Era::Modern, Person::Absent).await;
    let change = |value: u32, token: &serde_json::Value| json!({"id": id(&deal), "value": value, "stage": "proposal", "confirmationToken": token});
    let first = host.error("update_opportunity", json!({"id": id(&deal), "value": 7, "stage": "proposal"})).await;
    assert_eq!((&first["code"], &first["preview"]["object"]["name"]), (&json!("confirmation_required"), &deal["name"]));
    let token = &first["confirmationToken"];
    let other = host.error("update_opportunity", change(8, token)).await;
    assert_eq!(other["code"], "confirmation_invalid", "other arguments: {other}");
    account.change("opportunities", id(&deal), json!({"name": "Renamed meanwhile"})).await;
    let changed = host.error("update_opportunity", change(7, token)).await;
    assert_eq!(changed["code"], "confirmation_invalid", "another deal by now: {changed}");
    assert_eq!(effects(&account).await, 0);
    let fresh = &changed["confirmationToken"];
    assert_eq!(host.answer("update_opportunity", change(7, fresh)).await["value"], 7);
    let again = host.error("update_opportunity", change(7, fresh)).await;
    assert_eq!((&again["code"], effects(&account).await), (&json!("confirmation_invalid"), 1), "{again}");
}
