//! Arguments as hosts and models send them: in other spellings, with wrong ids, and invalid.

use crate::support::{Account, Api, Host, Manners, on_both_apis};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use serde_json::{Map, Value, json};

on_both_apis!(
    arguments_with_one_meaning_are_accepted,
    writes_in_another_spelling_are_stored_as_meant,
    a_wrong_id_is_refused_with_the_tool_that_finds_it,
    the_id_is_read_from_an_address_of_the_application,
    an_empty_text_counts_as_absent_or_is_refused,
    every_tool_takes_null_for_what_is_not_given,
);

async fn arguments_with_one_meaning_are_accepted(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact =
        account.find("contacts", |contact| contact["tags"].as_array().is_some_and(|tags| !tags.is_empty())).await;
    let (id, email, tag) = (&contact["id"], contact["email"].as_str().unwrap(), &contact["tags"][0]);
    let padded = format!(" \u{feff}{} ", id.as_str().unwrap());
    for (tool, near, plain) in [
        ("list_contacts", json!({"limit": "5", "offset": "10"}), json!({"limit": 5, "offset": 10})),
        ("list_contacts", json!({"limit": 5.0, "fields": "id, email"}), json!({"limit": 5, "fields": ["id", "email"]})),
        ("list_contacts", json!({"email": format!(" {email} ")}), json!({"email": email})),
        ("list_contacts", json!({"email": format!("Ada <{email}>")}), json!({"email": email})),
        ("list_contacts", json!({"tags": tag, "limit": "3"}), json!({"tags": [tag], "limit": 3})),
        ("list_contacts", json!({"tags": json!([tag]).to_string(), "limit": 3}), json!({"tags": [tag], "limit": 3})),
        ("list_contacts", json!({"limit": null, "email": null, "tags": null}), json!({})),
        ("get_contact", json!({"id": padded}), json!({"id": id})),
        ("get_contact", json!({"id": format!("\"{}\"", id.as_str().unwrap())}), json!({"id": id})),
        ("get_contact", json!({"contactId": id}), json!({"id": id})),
        ("get_contact", json!({"contact_id": id}), json!({"id": id})),
        ("list_opportunities", json!({"status": "Open", "limit": "2"}), json!({"status": "open", "limit": 2})),
        ("list_opportunities", json!({"status": " WON ", "limit": 2}), json!({"status": "won", "limit": 2})),
        (
            "search_crm",
            json!({"text": "example", "table": "Contacts", "limit": "4"}),
            json!({"text": "example", "table": "contacts", "limit": 4}),
        ),
        ("changes_since", json!({"since": "January 5, 2020"}), json!({"since": "2020-01-05"})),
        (
            "query_crm",
            json!({"sql": "SELECT COUNT(*) FROM contacts WHERE email = ?", "params": email, "max_age": "600"}),
            json!({"sql": "SELECT COUNT(*) FROM contacts WHERE email = ?", "params": [email], "max_age": 600}),
        ),
    ] {
        let (near_answer, plain_answer) = (host.answer(tool, near.clone()).await, host.answer(tool, plain).await);
        assert_eq!(near_answer, plain_answer, "{tool} {near}");
    }
}

async fn writes_in_another_spelling_are_stored_as_meant(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let made = host
        .answer(
            "create_contact",
            json!({"first_name": "Ada", "LastName": "Lovelace", "email": "ada.near@example.com ", "phone": 15_550_100_200_u64, "tags": "vip, hot", "address": "{\"city\": \"Austin\", \"postal_code\": 78701}"}),
        )
        .await;
    let stored = account.find("contacts", |contact| contact["id"] == made["id"]).await;
    assert_eq!((&stored["firstName"], &stored["lastName"]), (&json!("Ada"), &json!("Lovelace")), "{stored}");
    assert_eq!(
        (&stored["email"], &stored["tags"]),
        (&json!("ada.near@example.com"), &json!(["vip", "hot"])),
        "{stored}"
    );
    assert_eq!((&stored["address"]["city"], &stored["address"]["postalCode"]), (&json!("Austin"), &json!("78701")));
    assert!(stored["phone"].as_str().unwrap().ends_with("15550100200"), "{stored}");
    let stage = account.find("opportunities", |deal| deal["stage"].is_string()).await["stage"].clone();
    let deal = host
        .answer(
            "create_opportunity",
            json!({"name": "Near", "contact_id": format!(" {} ", made["id"].as_str().unwrap()), "value": "1,500.00", "status": "Open", "stage": stage}),
        )
        .await;
    let stored = account.find("opportunities", |object| object["id"] == deal["id"]).await;
    assert_eq!((stored["value"].as_f64(), &stored["contactId"]), (Some(1500.0), &made["id"]), "{stored}");
    let updated =
        host.answer("update_opportunity", json!({"opportunityId": deal["id"], "value": "2000", "status": "WON"})).await;
    assert_eq!((updated["value"].as_f64(), &updated["status"]), (Some(2000.0), &json!("won")));
}

async fn a_wrong_id_is_refused_with_the_tool_that_finds_it(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let cases = [
        ("get_contact", "id", "ada@example.com", "list_contacts {\"email\":\"ada@example.com\"}"),
        ("update_contact", "id", "Ada Lovelace", "search_crm {\"text\":\"Ada Lovelace\",\"table\":\"contacts\"}"),
        ("get_opportunity", "id", "Roof repair", "search_crm"),
        ("update_opportunity", "id", "https://example.com/deal", "list_opportunities"),
        ("create_opportunity", "contactId", "ada@example.com", "list_contacts"),
        (
            "get_user",
            "userId",
            "dana@brightwater.example",
            "search_crm {\"text\":\"dana@brightwater.example\",\"table\":\"users\"}",
        ),
        ("get_page", "id", "https://example.com/offer", "list_pages"),
        ("delete_page", "id", "Spring offer", "search_crm"),
        ("get_campaign", "id", "Spring offer", "search_crm"),
        ("delete_webhook", "id", "https://example.com/hook", "list_webhooks"),
        ("get_location", "id", "Bright Water", "search_crm"),
    ];
    for (tool, field, text, hint) in cases.into_iter().filter(|(tool, ..)| account.has(tool)) {
        let mut arguments = json!({"name": "x", "value": 1, "status": "open"});
        if tool != "create_opportunity" {
            arguments = json!({});
        }
        arguments[field] = text.into();
        let error = host.error(tool, arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{tool}: {error}");
        assert!(error["message"].as_str().unwrap().contains(hint), "{tool}: {error}");
    }
    assert!(account.requests().await.is_empty(), "nothing was sent");
    // A name may look like an id, which only the account can tell.
    let error = host.error("get_contact", json!({"id": "Lovelace"})).await;
    assert_eq!(error["code"], "not_found");
    assert!(
        error["message"].as_str().unwrap().contains("search_crm {\"text\":\"Lovelace\",\"table\":\"contacts\"}"),
        "{error}"
    );
}

async fn the_id_is_read_from_an_address_of_the_application(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let contact = account.find("contacts", |_| true).await;
    let id = contact["id"].as_str().unwrap();
    for address in [
        format!("https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/contacts/detail/{id}"),
        format!("ghl://contact/{id}"),
    ] {
        assert_eq!(host.answer("get_contact", json!({"id": address})).await["id"], id, "{address}");
    }
}

async fn an_empty_text_counts_as_absent_or_is_refused(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    // A host may fill in every argument.
    let all =
        host.answer("list_contacts", json!({"limit": 2, "email": "", "phone": "", "tags": "", "fields": ""})).await;
    assert_eq!(all, host.answer("list_contacts", json!({"limit": 2})).await);
    let made = json!({"firstName": "E", "lastName": "M", "email": "empty@example.com", "phone": "", "tags": "", "source": "", "assignedTo": "", "address": {"street": "", "city": "Austin"}});
    let made = host.answer("create_contact", made).await;
    let stored = account.find("contacts", |contact| contact["id"] == made["id"]).await;
    assert!(["phone", "source", "assignedTo"].iter().all(|name| stored[*name].is_null()), "{stored}");
    assert!(stored["address"]["street"].is_null() && stored["address"]["city"] == "Austin", "{stored}");
    // In an update an empty text is ambiguous, and must not empty a field.
    for field in ["companyName", "tags", "phone", "address", "assignedTo"] {
        let error = host.error("update_contact", json!({"id": made["id"], "firstName": "F", field: ""})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&json!({"clear": [field]}).to_string()), "{error}");
    }
    assert_eq!(account.find("contacts", |contact| contact["id"] == made["id"]).await, stored, "nothing was written");
}

#[tokio::test]
async fn an_ambiguous_argument_is_refused_with_an_example_that_works() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let deal = json!({"name": "x", "contactId": account.find("contacts", |_| true).await["id"], "status": "open"});
    for (field, wrong) in [
        ("value", json!("1,500")),
        ("value", json!("$1500")),
        ("value", json!("1.500")),
        ("value", json!(true)),
        ("probability", json!("half")),
        ("expectedCloseDate", json!("02/03/2025")),
        ("expectedCloseDate", json!("2025-02-28T10:00:00")),
        ("tags", json!("[vip] customer")),
        ("tags", json!([true])),
    ] {
        let mut arguments = deal.clone();
        arguments["value"] = json!(1);
        arguments[field] = wrong.clone();
        let error = host.error("create_opportunity", arguments.clone()).await;
        assert_eq!(error["code"], "invalid_arguments", "{wrong}: {error}");
        assert!(error["field"].as_str().unwrap().starts_with(field), "{error}");
        let message = error["message"].as_str().unwrap();
        match message.split_once("For example ") {
            Some((_, example)) => {
                let example: Value = serde_json::from_str(example.trim_end_matches('.')).unwrap();
                arguments[field] = example[field].clone();
            }
            None => {
                let (_, example) = message.split_once("such as ").expect("an example");
                arguments[field] = example.trim_end_matches('.').into();
            }
        }
        host.answer("create_opportunity", arguments).await;
    }
}

#[tokio::test]
async fn the_accounts_own_location_may_stand_beside_any_argument() {
    for api in [Api::Session, Api::Official] {
        let account = Account::of(api).await;
        let open = Host::new(&account, &[]).await;
        let own = open.answer("get_default_location", json!({})).await["id"].as_str().unwrap().to_owned();
        let host = Host::new(&account, &["--location-id", &own]).await;
        // Without a pinned location it is the credential's location.
        let list = open.answer("list_contacts", json!({"limit": 1, "locationId": own})).await;
        assert_eq!(list, open.answer("list_contacts", json!({"limit": 1})).await, "{api:?}");
        for name in ["locationId", "location_id"] {
            let list = host.answer("list_contacts", json!({"limit": 1, name: own})).await;
            assert_eq!(list, host.answer("list_contacts", json!({"limit": 1})).await, "{api:?}");
            let error = host.error("list_contacts", json!({"limit": 1, name: "ve9EPM428h8vShlRW1KT"})).await;
            assert_eq!((&error["code"], &error["field"]), (&json!("policy_denied"), &json!(name)), "{error}");
            assert!(error["message"].as_str().unwrap().contains(&own), "{error}");
            // For a location's tool it is the id itself.
            assert_eq!(host.answer("get_location", json!({name: own})).await["id"], own);
        }
        host.answer(
            "create_contact",
            json!({"firstName": "L", "lastName": "M", "email": "l@example.com", "locationId": own}),
        )
        .await;
    }
    let account = Account::new().await;
    let error =
        Host::new(&account, &[]).await.error("list_contacts", json!({"locationId": "ve9EPM428h8vShlRW1KT"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("policy_denied"), &json!("locationId")), "{error}");
}

/// Hosts that fill in every optional argument send empty lists, too: one wiped the tags of a contact.
#[tokio::test]
async fn an_empty_list_does_not_empty_a_field() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let contact =
        account.find("contacts", |contact| contact["tags"].as_array().is_some_and(|tags| !tags.is_empty())).await;
    let filled = json!({"id": contact["id"], "companyName": "Filled Inc", "tags": []});
    let error = host.error("update_contact", filled).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("tags")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("{\"clear\":[\"tags\"]}"), "{error}");
    let wished = json!({"id": contact["id"], "companyName": "Filled Inc", "addTags": [], "clear": ["tags"]});
    host.answer("update_contact", wished).await;
    let now = account.find("contacts", |other| other["id"] == contact["id"]).await;
    assert!(now["tags"].as_array().is_none_or(Vec::is_empty), "{now}");
}

#[tokio::test]
async fn a_currency_that_does_not_exist_is_refused() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let contact = account.find("contacts", |_| true).await;
    let deal = |currency: &str| json!({"name": "Deal", "contactId": contact["id"], "value": 5, "status": "open", "currency": currency});
    let error = host.error("create_opportunity", deal("EURO")).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("currency")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("such as USD"), "{error}");
    let made = host.answer("create_opportunity", deal("eur")).await;
    assert_eq!(made["currency"], "EUR", "{made}");
}

#[tokio::test]
async fn a_confirmation_token_may_have_spaces_and_an_empty_one_counts_as_absent() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let draft = account.find("pages", |page| page["status"] == "draft").await;
    let asked = host.error("delete_page", json!({"id": draft["id"], "confirmationToken": ""})).await;
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    let token = format!(" {} ", asked["confirmationToken"].as_str().unwrap());
    let done = host.answer("delete_page", json!({"pageId": draft["id"], "confirmation_token": token})).await;
    assert_eq!(done["deleted"], true);
}

/// A value that fits a schema's type.
fn stand_in(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("array") => json!([stand_in(&schema["items"])]),
        Some("object") => json!({"name": "x"}),
        _ => schema["enum"].get(0).cloned().unwrap_or(json!("x")),
    }
}

/// Some frameworks send null for every optional argument.
async fn every_tool_takes_null_for_what_is_not_given(api: Api) {
    let account = Account::in_manners(api, Manners::plain()).await;
    let host = Host::new(&account, &["--toolsets", "all"]).await;
    for tool in host.session.list_all_tools().await.unwrap() {
        let schema = serde_json::to_value(&tool.input_schema).unwrap();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"].as_object().unwrap().clone();
        let (needed, optional): (Vec<_>, Vec<_>) =
            properties.into_iter().partition(|(name, _)| required.contains(&json!(name)));
        let plain: Map<String, Value> = needed.iter().map(|(name, schema)| (name.clone(), stand_in(schema))).collect();
        let mut nulls = plain.clone();
        nulls.extend(optional.into_iter().map(|(name, _)| (name, Value::Null)));
        let call = async |arguments: Map<String, Value>| {
            let params = CallToolRequestParams::new(tool.name.clone()).with_arguments(arguments);
            host.session.call_tool(params).await.unwrap()
        };
        let (with, without) = (call(nulls).await, call(plain).await);
        let complaint = |result: &CallToolResult| {
            let error = (result.is_error == Some(true)).then(|| crate::support::error_of(result));
            error.filter(|error| error["code"] == "invalid_arguments")
        };
        assert_eq!(complaint(&with), complaint(&without), "{}", tool.name);
    }
}
