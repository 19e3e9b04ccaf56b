//! Files as other systems export them (`tests/files/exports`, made by hand after the systems' documented columns): the
//! system is recognised, each column is mapped or left out with its reason, and rows become HighLevel's values.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use highlevel_tabular::{
    Column, ReadOptions, Row,
    convert::{DateOrder, DecimalMark},
    mapping::{Field, Mapping, RowObject, System, Target, recognise},
    open,
};
use serde_json::{Value, json};
use std::path::PathBuf;

fn read(file: &str) -> (Mapping, Vec<Row>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/files/exports").join(file);
    let mut reader = open(&path, &ReadOptions::default()).unwrap();
    let rows: Vec<Row> = reader.by_ref().map(Result::unwrap).collect();
    (recognise(reader.columns(), &rows), rows)
}

/// The rows as JSON: contact, opportunity if it has any, and what is beside them; errors as text.
fn values(mapping: &Mapping, rows: &[Row]) -> Vec<Value> {
    let values = rows.iter().map(|row| match mapping.read(row) {
        Ok(mapped) => {
            let mut value = json!({"contact": mapped.contact});
            for (key, part) in [
                ("opportunity", json!(mapped.opportunity)),
                ("custom", json!(mapped.custom)),
                ("emails", json!(mapped.additional_emails)),
                ("phones", json!(mapped.additional_phones)),
            ] {
                if part.as_array().is_none_or(|list| !list.is_empty()) && part != json!({}) {
                    value[key] = part;
                }
            }
            value
        }
        Err(errors) => json!(errors.iter().map(ToString::to_string).collect::<Vec<_>>()),
    });
    values.collect()
}

fn target(mapping: &Mapping, column: &str) -> String {
    let found = mapping.columns.iter().find(|other| other.column == column);
    found.unwrap_or_else(|| panic!("no column {column}")).target.to_string()
}

#[test]
fn hubspot() {
    let (mapping, rows) = read("hubspot-contacts.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::HubSpot), RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows),
        [
            json!({
                "contact": {
                    "firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "+1 555-010-0100",
                    "assignedTo": "Sam Seller", "companyName": "Lee & Sons", "address1": "1 High St, Flat 2",
                    "city": "Leeds", "postalCode": "LS1 1AA", "country": "United Kingdom",
                    "website": "https://lee.example", "dateOfBirth": "1980-04-03", "source": "Organic Search",
                },
                "phones": ["+1 555-010-0199"],
            }),
            json!({"contact": {
                "firstName": "Bob", "email": "bob@fox.example", "phone": "+49 170 1234567", "source": "Offline Sources",
                "dndSettings": {"Email": {"status": "active"}},
            }}),
            json!(["Email: \"cy(at)moe.example\" is no e-mail address"]),
        ]
    );
    assert_eq!(
        target(&mapping, "Lifecycle Stage"),
        "not mapped: no field of its own; a tag or a custom field can hold it"
    );
    assert_eq!(target(&mapping, "Record ID"), "not mapped: HubSpot's own id");
    assert_eq!(mapping.notes(), ["Not recognised and left out: \"Favourite colour\"."]);

    let (mapping, rows) = read("hubspot-deals.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::HubSpot), RowObject::Opportunity));
    assert_eq!(
        values(&mapping, &rows)[1],
        json!({
            "contact": {"name": "Bob", "email": "bob@fox.example"},
            "opportunity": {
                "name": "Fox - Retainer", "stage": "Closed lost", "monetaryValue": 1999.5, "pipeline": "Sales Pipeline",
                "lostReason": "Too expensive",
            },
        })
    );
}

#[test]
fn pipedrive() {
    let (mapping, rows) = read("pipedrive-persons.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Pipedrive), RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows),
        [
            json!({
                "contact": {
                    "name": "Ann Lee", "firstName": "Ann", "lastName": "Lee", "tags": ["Hot lead", "Customer"],
                    "companyName": "Lee & Sons", "email": "ann@lee.example", "phone": "+1 555-010-0100",
                    "assignedTo": "Sam Seller", "dateOfBirth": "1980-04-03",
                },
                "emails": ["ann@home.example"],
            }),
            json!({
                "contact": {
                    "name": "Bob Fox", "firstName": "Bob", "lastName": "Fox", "assignedTo": "Sam Seller",
                    "dndSettings": {"Email": {"status": "active"}}, "email": "bob@home.example",
                    "phone": "+49 170 1234567",
                },
                "emails": ["bob@fox.example"],
            }),
        ]
    );
    let (mapping, rows) = read("pipedrive-deals.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Pipedrive), RowObject::Opportunity));
    let values = values(&mapping, &rows);
    assert_eq!(
        values[1],
        json!({
            "contact": {"name": "Bob Fox", "email": "bob@fox.example"},
            "opportunity": {
                "name": "Fox retainer", "monetaryValue": 1999.5, "pipeline": "Sales", "stage": "Negotiation",
                "status": "lost", "assignedTo": "Sam Seller", "lostReason": "Too expensive",
            },
        })
    );
    let allowed = r#"is no status; allowed are ["open","won","lost","abandoned"]"#;
    assert_eq!(values[2], json!([format!("Deal - Status: \"Deleted\" {allowed}")]));
}

#[test]
fn salesforce() {
    let (mapping, rows) = read("salesforce-contacts.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Salesforce), RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows),
        [
            json!({
                "contact": {
                    "lastName": "Lee", "firstName": "Ann", "name": "Ann Lee", "address1": "1 High St, Flat 2",
                    "city": "Leeds", "postalCode": "LS1 1AA", "country": "United Kingdom", "phone": "+1 555-010-0100",
                    "email": "ann@lee.example", "source": "Web", "dateOfBirth": "1980-04-03",
                },
                "phones": ["+1 555-010-0199"],
            }),
            json!({"contact": {
                "lastName": "Fox", "firstName": "Bob", "name": "Bob Fox", "email": "bob@fox.example",
                "source": "Phone Inquiry", "phone": "+49 170 1234567",
                "dndSettings": {"Email": {"status": "active"}, "Call": {"status": "active"}},
            }}),
        ]
    );
    assert!(target(&mapping, "Description").contains("create_note"));

    let (mapping, rows) = read("salesforce-leads-report.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Salesforce), RowObject::Contact));
    let values_of_leads = values(&mapping, &rows);
    assert_eq!(
        values_of_leads[0]["contact"]["dateOfBirth"], "1980-04-03",
        "the other row shows that months come first"
    );
    assert_eq!(values_of_leads[0]["contact"]["assignedTo"], "Sam Seller");

    let (mapping, rows) = read("salesforce-opportunities.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Salesforce), RowObject::Opportunity));
    let expected = json!({"contact": {}, "opportunity": {
        "name": "Lee - Website", "stage": "Proposal/Price Quote", "monetaryValue": 12500, "source": "Web",
    }});
    assert_eq!(values(&mapping, &rows), [expected]);
}

#[test]
fn mailchimp() {
    let (mapping, rows) = read("mailchimp-subscribed.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::Mailchimp), RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows)[0],
        json!({"contact": {
            "email": "ann@lee.example", "firstName": "Ann", "lastName": "Lee", "address1": "1 High St  Leeds    LS1 1AA  GB",
            "phone": "+15550100100", "timezone": "Europe/London", "country": "gb", "state": "eng",
            "tags": ["VIP", "Likes A, B"],
        }})
    );
    assert_eq!(target(&mapping, "Birthday"), "not mapped: Mailchimp keeps day and month without the year");
    assert_eq!(mapping.notes(), Vec::<String>::new());

    let (mapping, rows) = read("mailchimp-unsubscribed.csv");
    assert_eq!(mapping.system, Some(System::Mailchimp));
    let contact = &values(&mapping, &rows)[0]["contact"];
    assert_eq!((&contact["email"], &contact["tags"]), (&json!("cy@moe.example"), &json!(["Old"])));
    assert_eq!(contact["dndSettings"], json!({"Email": {"status": "active"}}), "who unsubscribed stays so");
}

#[test]
fn google_contacts() {
    let (mapping, rows) = read("google-contacts.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::GoogleContacts), RowObject::Contact));
    let values_of_new = values(&mapping, &rows);
    assert_eq!(
        values_of_new[0],
        json!({
            "contact": {
                "firstName": "Ann", "lastName": "Lee", "companyName": "Lee & Sons", "dateOfBirth": "1980-04-03",
                "tags": ["Friends"], "email": "ann@lee.example", "phone": "+1 555-010-0100", "address1": "1 High St",
                "city": "Leeds", "postalCode": "LS1 1AA", "country": "GB", "website": "https://lee.example",
            },
            "emails": ["ann@home.example"],
            "phones": ["+1 555-010-0199", "+1 555-010-0111"],
        })
    );
    assert_eq!(values_of_new[1], json!(["Birthday: \"--04-03\" has no year; write it as YYYY-MM-DD"]));

    let (mapping, rows) = read("google-contacts-old.csv");
    assert_eq!(mapping.system, Some(System::GoogleContacts));
    assert_eq!(
        values(&mapping, &rows),
        [json!({"contact": {
            "name": "Ann Lee", "firstName": "Ann", "lastName": "Lee", "dateOfBirth": "1980-04-03", "tags": ["Friends"],
            "email": "ann@lee.example", "phone": "+1 555-010-0100", "companyName": "Lee & Sons",
        }})]
    );
}

#[test]
fn gohighlevel_itself() {
    let (mapping, rows) = read("gohighlevel-contacts.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::GoHighLevel), RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows),
        [json!({
            "contact": {
                "id": "ocQHyuzHvysMo5N5VsXc", "firstName": "Ann", "lastName": "Lee", "companyName": "Lee & Sons",
                "phone": "+15550100100", "email": "ann@lee.example", "tags": ["vip", "newsletter"],
            },
            "emails": ["ann@home.example"],
        })]
    );
    assert_eq!(mapping.notes(), ["\"Company Name\" is contact.companyName, so \"Business Name\" is left out."]);

    let (mapping, rows) = read("gohighlevel-opportunities.csv");
    assert_eq!((mapping.system, mapping.object), (Some(System::GoHighLevel), RowObject::Opportunity));
    let value = &values(&mapping, &rows)[0];
    assert_eq!(value["contact"]["id"], "ocQHyuzHvysMo5N5VsXc");
    assert_eq!(value["opportunity"]["pipelineId"], "VDm7RPYC2GLUvdpKmBfC");
    assert_eq!(value["opportunity"]["monetaryValue"], 12500);
    assert_eq!(value["opportunity"]["status"], "open");
}

#[test]
fn lists_in_other_languages() {
    let (mapping, rows) = read("german-list.csv");
    assert_eq!((mapping.system, mapping.object), (None, RowObject::Contact));
    assert_eq!(
        values(&mapping, &rows),
        [json!({"contact": {
            "firstName": "Jürgen", "lastName": "Müller", "email": "jm@mueller.example", "phone": "0221/123456",
            "companyName": "Müller GmbH", "address1": "Hauptstr. 1", "postalCode": "50667", "city": "Köln",
            "country": "Deutschland", "dateOfBirth": "1980-04-03", "tags": ["VIP", "Stammkunde"],
        }})]
    );
    assert_eq!(mapping.notes(), ["Not recognised and left out: \"Kundennr.\"."]);

    let (mapping, rows) = read("spanish-list.csv");
    assert_eq!(target(&mapping, "Nombre"), "contact.firstName");
    assert_eq!(target(&mapping, "Apellidos"), "contact.lastName");
    assert_eq!(target(&mapping, "Móvil"), "contact.phone");
    assert_eq!(values(&mapping, &rows), [json!(["Fecha de nacimiento: \"31/04/1980\" is no day of the calendar"])]);

    let (mapping, rows) = read("french-list.csv");
    let contact = &values(&mapping, &rows)[0]["contact"];
    assert_eq!(contact["dateOfBirth"], "1980-04-13");
    assert_eq!(contact["dndSettings"], json!({"Email": {"status": "active"}}));
}

/// "Name" beside a first name is a last name in some languages, and the full name in others.
#[test]
fn a_name_beside_a_first_name_is_told_by_its_values() {
    let columns = columns(&["Vorname", "Name"]);
    let mapping = recognise(&columns, &[row(2, &["Jan", "Meier"]), row(3, &["Eva", "Schulz"])]);
    assert_eq!(target(&mapping, "Name"), "contact.lastName");
    let mapping = recognise(&columns, &[row(2, &["Jan", "Jan Meier"]), row(3, &["", "Schulz"])]);
    assert_eq!(target(&mapping, "Name"), "contact.name");
}

fn columns(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| Column { name: (*name).to_owned(), original: (*name).to_owned() }).collect()
}

fn row(line: u64, cells: &[&str]) -> Row {
    let values = cells.iter().map(|cell| highlevel_tabular::Cell::of_text(*cell)).collect();
    Row { line, values, extra: Vec::new() }
}

/// A guess at 03/04 would give half of the contacts a wrong birthday, and nobody would notice.
#[test]
fn dates_and_numbers_that_can_be_read_in_two_ways_are_asked_about() {
    let columns = columns(&["Deal Name", "Stage", "Amount", "Birthday"]);
    let rows = [row(2, &["A", "New", "1,234", "03/04/1980"])];
    let mut mapping = recognise(&columns, &rows);
    assert_eq!(mapping.object, RowObject::Opportunity);
    let notes = mapping.notes();
    assert!(notes[0].starts_with("\"Amount\" has numbers such as 1,234 (1)"), "{notes:?}");
    assert!(notes[1].starts_with("\"Birthday\" has dates such as 03/04 (1)"), "{notes:?}");
    assert_eq!(mapping.read(&rows[0]).unwrap_err().len(), 2);

    // A later row settles what its column has.
    mapping.learn(&row(3, &["B", "New", "5.50", "31/12/1980"]));
    assert_eq!(mapping.notes(), Vec::<String>::new());
    let mapped = mapping.read(&rows[0]).unwrap();
    assert_eq!(
        (&mapped.opportunity["monetaryValue"], &mapped.contact["dateOfBirth"]),
        (&json!(1234), &json!("1980-04-03"))
    );

    // A column with both orders is asked about again, and a person's word decides.
    mapping.learn(&row(4, &["C", "New", "5,5", "12/31/1980"]));
    assert_eq!(mapping.notes().len(), 2);
    let birthday = mapping.columns.iter_mut().find(|column| column.column == "Birthday").unwrap();
    birthday.evidence = birthday.evidence.with_date_order(DateOrder::MonthFirst);
    let amount = mapping.columns.iter_mut().find(|column| column.column == "Amount").unwrap();
    amount.evidence = amount.evidence.with_decimal_mark(DecimalMark::Comma);
    let mapped = mapping.read(&rows[0]).unwrap();
    assert_eq!(
        (&mapped.opportunity["monetaryValue"], &mapped.contact["dateOfBirth"]),
        (&json!(1.234), &json!("1980-03-04"))
    );
}

#[test]
fn a_person_can_change_the_mapping() {
    let columns = columns(&["Name", "Firma", "E-Mail privat", "Score", "Company", "Email"]);
    let rows = [row(2, &["Ann", "", "a@home.example", "7", "Lee Ltd", "a@work.example"])];
    let mut mapping = recognise(&columns, &rows);
    // Of two columns for one field, the one with values is taken.
    assert_eq!(target(&mapping, "Firma"), "not mapped: contact.companyName is taken from \"Company\"");
    mapping.assign("score", "customFields.lead_score".parse().unwrap()).unwrap();
    mapping.assign("E-Mail privat", "companyName".parse().unwrap()).unwrap();
    mapping.assign("Name", "-".parse().unwrap()).unwrap();
    for left_out in ["Firma", "Company"] {
        assert_eq!(target(&mapping, left_out), "not mapped: contact.companyName is taken from \"E-Mail privat\"");
    }
    assert_eq!(
        values(&mapping, &rows),
        [json!({
            "contact": {"companyName": "a@home.example", "email": "a@work.example"},
            "custom": {"lead_score": "7"},
        })]
    );
    let error = mapping.assign("Punkte", Target::Field(Field::Email)).unwrap_err();
    assert!(error.to_string().contains("has no column \"Punkte\". Its columns are \"Name\", \"Firma\""), "{error}");
    let error = "emial".parse::<Target>().unwrap_err();
    assert!(error.to_string().contains("contact.email"), "{error}");
}

/// A second column of numbers is not lost: it fills in where the first is empty.
#[test]
fn further_addresses_and_numbers_fill_in() {
    let columns = columns(&["Email", "Phone", "Mobile", "E-Mail"]);
    let rows = [
        row(2, &["a@x.example", "", "+15550100", "b@x.example"]),
        row(3, &["", "+15550101", "+15550102", "c@x.example"]),
    ];
    let mapping = recognise(&columns, &rows);
    assert_eq!(
        values(&mapping, &rows),
        [
            json!({"contact": {"email": "a@x.example", "phone": "+15550100"}, "emails": ["b@x.example"]}),
            json!({"contact": {"email": "c@x.example", "phone": "+15550101"}, "phones": ["+15550102"]}),
        ]
    );
}

/// Without a header, a column of nothing but addresses is the e-mail address.
#[test]
fn addresses_are_found_by_their_values() {
    let columns = columns(&["Column 1", "Column 2"]);
    let rows = [row(1, &["Ann", "ann@lee.example"]), row(2, &["Bob", ""])];
    let mapping = recognise(&columns, &rows);
    assert_eq!(target(&mapping, "Column 2"), "contact.email");
    assert_eq!(target(&mapping, "Column 1"), "not mapped");
}
