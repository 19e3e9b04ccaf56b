//! Contacts by phone number: a number is found in every spelling, given or stored.

use crate::support::{Account, Api, Host, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(a_number_is_found_in_whatever_form_it_is_given, a_number_is_found_in_whatever_form_it_is_stored);

async fn with(api: Api, phone: &str) -> (Host, String, Account) {
    let account = Account::of(api).await;
    let contact = json!({"firstName": "Ada", "lastName": "L", "email": "ada@phones.example", "phone": phone});
    let id = account.add("contacts", contact).await;
    (Host::new(&account, &[]).await, id, account)
}

async fn found(host: &Host, phone: &str) -> Vec<Value> {
    let answer = host.answer("list_contacts", json!({"phone": phone})).await;
    answer["data"].as_array().unwrap().iter().map(|contact| contact["id"].clone()).collect()
}

async fn a_number_is_found_in_whatever_form_it_is_given(api: Api) {
    let (host, id, _account) = with(api, "+15550100100").await;
    for phone in ["(555) 010-0100", "555-010-0100", "5550100100", "+1 555 010 0100", "1-555-010-0100", "0015550100100"]
    {
        assert_eq!(found(&host, phone).await, [id.as_str()], "{phone}");
    }
    assert_eq!(found(&host, "(555) 010-0199").await, [""; 0]);
}

async fn a_number_is_found_in_whatever_form_it_is_stored(api: Api) {
    for (stored, asked) in
        [("(555) 010-0100", "+15550100100"), ("+49 (0)151 2345678", "0151 2345678"), ("0151/2345678", "+491512345678")]
    {
        let (host, id, _account) = with(api, stored).await;
        assert_eq!(found(&host, asked).await, [id.as_str()], "{stored} by {asked}");
    }
}

#[tokio::test]
async fn an_answer_says_how_a_number_was_found() {
    let (host, _, account) = with(Api::Session, "+15550100100").await;
    let found = host.answer("list_contacts", json!({"phone": "(555) 010-0100"})).await;
    assert!(found["note"].as_str().unwrap().contains("`+15550100100`"), "{found}");
    let exact = host.answer("list_contacts", json!({"phone": "+15550100100"})).await;
    assert!(exact.get("note").is_none(), "{exact}");
    let abroad = host.answer("list_contacts", json!({"phone": "+445550100100"})).await;
    assert_eq!(abroad["data"], json!([]), "another country's number");
    account.forget_requests().await;
    let none = host.answer("list_contacts", json!({"phone": "(555) 010-0199"})).await;
    assert_eq!((&none["data"], &none["meta"]["total"]), (&json!([]), &json!(0)));
    assert!(none["note"].as_str().unwrap().contains("compared"), "{none}");
    assert!(account.requests().await.len() <= 8);
}
