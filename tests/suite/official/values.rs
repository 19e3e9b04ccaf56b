//! Values of custom fields: checked against the field's type, sent in its form, and shown in whichever member they arrive.

use super::{
    fake::{Fake, world},
    official,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_value_in_another_spelling_is_sent_in_the_form_of_its_type() {
    let api = Fake::new(world()).await;
    for (field, given, id, sent) in [
        ("industry", json!(5), "FtextAAAAAAAAAAAAAA1", json!("5")),
        ("industry", json!("1,500"), "FtextAAAAAAAAAAAAAA1", json!("1,500")),
        ("employees", json!("1,500"), "FnumbAAAAAAAAAAAAAA1", json!("1500")),
        ("Number of employees", json!(" 12 "), "FnumbAAAAAAAAAAAAAA1", json!("12")),
        ("revenue", json!("$1,500.00"), "FmoneAAAAAAAAAAAAAA1", json!("1500")),
        ("revenue", json!("EUR 1500.5"), "FmoneAAAAAAAAAAAAAA1", json!("1500.5")),
        ("revenue", json!("1.500,25"), "FmoneAAAAAAAAAAAAAA1", json!("1500.25")),
        ("renewal_date", json!("28.02.2025"), "FdateAAAAAAAAAAAAAA1", json!("2025-02-28")),
        ("revenue", json!("-$20"), "FmoneAAAAAAAAAAAAAA1", json!("-20")),
        ("renewal_date", json!("2025-02-28T10:00:00Z"), "FdateAAAAAAAAAAAAAA1", json!("2025-02-28")),
        ("renewal_date", json!("Feb 28, 2025"), "FdateAAAAAAAAAAAAAA1", json!("2025-02-28")),
        ("renewal_date", json!(1_740_700_800_000_u64), "FdateAAAAAAAAAAAAAA1", json!("2025-02-28")),
        ("plan", json!("GOLD"), "FoneoAAAAAAAAAAAAAA1", json!("Gold")),
        ("plan", json!(["silver "]), "FoneoAAAAAAAAAAAAAA1", json!("Silver")),
        ("newsletter", json!(true), "FradiAAAAAAAAAAAAAA1", json!("Yes")),
        ("newsletter", json!("false"), "FradiAAAAAAAAAAAAAA1", json!("No")),
        ("interests", json!("golf"), "FmultAAAAAAAAAAAAAA1", json!(["Golf"])),
        ("interests", json!("golf, Tennis"), "FmultAAAAAAAAAAAAAA1", json!(["Golf", "Tennis"])),
        ("interests", json!("Arts, crafts"), "FmultAAAAAAAAAAAAAA1", json!(["Arts, crafts"])),
        ("interests", json!(["tennis", "TENNIS"]), "FmultAAAAAAAAAAAAAA1", json!(["Tennis"])),
        ("terms", json!(true), "FchecAAAAAAAAAAAAAA1", json!(["Accepted"])),
        ("terms", json!("accepted"), "FchecAAAAAAAAAAAAAA1", json!(["Accepted"])),
        ("measures", json!({"height": 3}), "FboxeAAAAAAAAAAAAAA1", json!({"Height": "3"})),
    ] {
        api.host.answer("update_contact", json!({"id": "c1", "customFields": {(field): given}})).await;
        assert_eq!(api.fields_sent(), json!({(id): sent}), "{field}: {given}");
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_with_what_is_allowed() {
    let api = Fake::new(world()).await;
    for (field, given, allowed) in [
        ("employees", json!("many"), "a number"),
        ("employees", json!(true), "a number"),
        ("employees", json!("12,34,567"), "a number"),
        ("renewal_date", json!("tomorrow"), "2025-02-28"),
        ("renewal_date", json!("02/03/2025"), "2025-02-28"),
        ("renewal_date", json!(7), "2025-02-28"),
        ("plan", json!("Golden"), "`Gold`, `Silver`"),
        ("plan", json!(["Gold", "Silver"]), "one"),
        ("newsletter", json!("maybe"), "`Yes`, `No`"),
        ("interests", json!(["Golf", "Chess"]), "`Golf`, `Tennis`"),
        ("interests", json!("Golf, Chess"), "`Tennis`"),
        ("terms", json!("denied"), "`Accepted`"),
        ("measures", json!("3"), "Height"),
        ("measures", json!({"Depth": "3"}), "Height, Width"),
        ("industry", json!({"a": 1}), "a text"),
        ("industri", json!("Steel"), "Did you mean `industry`?"),
        ("budget", json!(1), "opportunity"),
    ] {
        let error = api.host.error("update_contact", json!({"id": "c1", "customFields": {(field): given}})).await;
        assert_eq!(error["code"], "invalid_arguments", "{error}");
        assert_eq!(error["field"], format!("customFields.{field}"), "{error}");
        assert!(error["message"].as_str().unwrap().contains(allowed), "{error}");
    }
    assert!(api.bodies("PUT").is_empty());
}

#[tokio::test]
async fn a_deals_custom_fields_are_written_and_shown() {
    let mut world = world();
    world.deal["customFields"] = json!([
        {"id": "FbudgAAAAAAAAAAAAAA1", "fieldValue": "1500"}, {"id": "FpartAAAAAAAAAAAAAA1", "fieldValueString": "Acme"},
    ]);
    let api = Fake::new(world).await;
    let fields = json!({"Budget": "1,500", "partner": "ACME"});
    let done = api.host.answer("update_opportunity", json!({"id": "d1", "customFields": fields})).await;
    assert_eq!(api.fields_sent(), json!({"FbudgAAAAAAAAAAAAAA1": "1500", "FpartAAAAAAAAAAAAAA1": "Acme"}));
    assert_eq!(done["customFields"], json!({"budget": 1500, "partner": "Acme"}));
    let error =
        api.host.error("update_opportunity", json!({"id": "d1", "customFields": {"partner": "Umbrella"}})).await;
    assert!(error["message"].as_str().unwrap().contains("`Acme`, `Initech`"), "{error}");
}

#[tokio::test]
async fn a_value_is_shown_in_whichever_member_it_arrives() {
    let value = |id: &str, member: &str, value: Value| json!({"id": id, (member): value});
    let mut world = world();
    let file = json!([{"url": "https://files.example/1", "meta": {"size": 3}}]);
    world.contact["customFields"] = json!([
        value("FtextAAAAAAAAAAAAAA1", "fieldValueString", json!("Steel")),
        value("FnumbAAAAAAAAAAAAAA1", "fieldValueNumber", json!(7)),
        value("FmoneAAAAAAAAAAAAAA1", "field_value", json!("1500.5")),
        value("FdateAAAAAAAAAAAAAA1", "fieldValueDate", json!(1_740_700_800_000_u64)),
        value("FoneoAAAAAAAAAAAAAA1", "fieldValue", json!("Gold")),
        {"id": "FradiAAAAAAAAAAAAAA1", "value": null, "fieldValueString": "Yes"},
        value("FmultAAAAAAAAAAAAAA1", "fieldValueArray", json!(["Golf"])),
        value("FchecAAAAAAAAAAAAAA1", "fieldValueOfTomorrow", json!({"a": 1})),
        value("FunknAAAAAAAAAAAAAA1", "fieldValueFiles", file.clone()),
        value("FunknAAAAAAAAAAAAAA2", "fieldValueDate", json!(1_740_736_800_000_u64)),
        {"key": "contact.measures", "fieldValue": {"Height": "3"}},
        {"fieldValue": "whose?"},
    ]);
    world.found = json!([world.contact.clone()]);
    let expected = json!({
        "industry": "Steel", "employees": 7, "revenue": 1500.5, "renewal_date": "2025-02-28", "plan": "Gold",
        "newsletter": "Yes", "interests": ["Golf"], "terms": {"a": 1}, "FunknAAAAAAAAAAAAAA1": file,
        "FunknAAAAAAAAAAAAAA2": "2025-02-28T10:00:00Z", "measures": {"Height": "3"},
    });
    let api = Fake::new(world).await;
    let shown = api.host.answer("get_contact", json!({"id": "c1"})).await;
    assert_eq!(shown["customFields"], expected);
    assert_eq!(shown["unreadable"], json!({"customFields": [{"fieldValue": "whose?"}]}));
    let listed = api.host.answer("list_contacts", json!({})).await;
    assert_eq!(listed["data"][0]["customFields"], expected);
    let rows = api.host.answer("query_crm", json!({"sql": "SELECT key, value FROM contact_fields ORDER BY key"})).await;
    let rows: serde_json::Map<String, Value> = rows["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_str().unwrap().to_owned(), row[1].clone()))
        .collect();
    assert_eq!(rows.len(), expected.as_object().unwrap().len());
    assert_eq!((&rows["renewal_date"], &rows["employees"]), (&json!("2025-02-28"), &json!(7)));
}

#[tokio::test]
async fn names_in_a_search_have_their_own_spelling() {
    let mut world = world();
    world.found = json!([
        {"id": "c1", "firstName": "ada", "lastName": "mcdonald", "firstNameRaw": "Ada", "lastNameRaw": "McDonald"},
        {"id": "c2", "firstNameLowerCase": "bob", "lastName": "lower"},
    ]);
    let api = Fake::new(world).await;
    let listed = api.host.answer("list_contacts", json!({})).await;
    assert_eq!(listed["data"][0], json!({"id": "c1", "firstName": "Ada", "lastName": "McDonald"}));
    assert_eq!(listed["data"][1]["firstName"], "bob");
    let rows = api.host.answer("query_crm", json!({"sql": "SELECT lastName FROM contacts WHERE id = 'c1'"})).await;
    assert_eq!(rows["rows"], json!([["McDonald"]]));
}

#[tokio::test]
async fn custom_fields_are_written_and_shown_in_live_manners() {
    let (account, host) = official().await;
    account.manners("live,lag:0,odd:off").await;
    let fields = json!({"Industry": "Steel", "employees": "1,500", "preferredContact": "EMAIL"});
    let expected = json!({"industry": "Steel", "employees": 1500, "preferredContact": "email"});
    for number in 0..4 {
        let contact = json!({"phone": format!("+151255501{number:02}7"), "customFields": fields});
        let made = host.answer("create_contact", contact).await;
        assert_eq!(made["customFields"], expected, "{made}");
        let read = host.answer("get_contact", json!({"id": made["id"]})).await;
        assert_eq!(read["customFields"], expected, "{read}");
    }
    let listed = host.answer("list_contacts", json!({"limit": 4})).await;
    for contact in listed["data"].as_array().unwrap() {
        assert_eq!(contact["customFields"], expected, "{contact}");
    }
}
