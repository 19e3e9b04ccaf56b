//! The body of a new invoice. Pure.

use super::request;
use chrono::{Days, NaiveDate};
use highlevel_catalog::Invocation;
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value, json};

/// The members of a business's details that a new invoice takes.
const BUSINESS: [&str; 5] = ["name", "phoneNo", "website", "logoUrl", "customValues"];

/// The members of an address.
const ADDRESS: [&str; 6] = ["addressLine1", "addressLine2", "city", "state", "countryCode", "postalCode"];

/// What a new invoice is made of beside the call's arguments.
pub(super) struct NewInvoice<'a> {
    pub(super) location_id: &'a str,
    pub(super) contact: Map<String, Value>,
    pub(super) location: Map<String, Value>,
    /// The location's settings of invoices. Empty if they cannot be read.
    pub(super) settings: Map<String, Value>,
    /// The next number.
    pub(super) number: Value,
    /// Today in the location's time zone.
    pub(super) today: NaiveDate,
}

impl NewInvoice<'_> {
    /// The body of the request.
    ///
    /// # Errors
    /// `invalid_arguments` for an invoice that is due before it is issued.
    pub(super) fn body(&self, create: &Invocation) -> Result<Map<String, Value>> {
        let text = |name: &str| create.arguments.text(name);
        let currency = text("currency").unwrap_or_default().trim().to_uppercase();
        let issued = text("issueDate").and_then(|day| day.parse().ok()).unwrap_or(self.today);
        let due = text("dueDate").and_then(|day| day.parse().ok()).or_else(|| self.due(issued));
        if let Some(due) = due.filter(|due| *due < issued) {
            let message =
                format!("`dueDate` {due} is before the day of issue, {issued}. Give {issued} or a later day.");
            return Err(Error::invalid("dueDate", message));
        }
        let (email, phone) = (self.of_contact("email"), self.of_contact("phone"));
        let list = |one: &str| if one.is_empty() { json!([]) } else { json!([one]) };
        let mut body = json!({
            "altId": self.location_id,
            "altType": "location",
            "name": text("name"),
            "businessDetails": self.business(),
            "currency": currency,
            "items": self::items(create, &currency),
            "discount": { "type": "percentage", "value": 0 },
            "contactDetails": self.contact_details(),
            "issueDate": issued.to_string(),
            "sentTo": { "email": list(email), "phoneNo": list(phone) },
            "liveMode": true,
        });
        let number = self.number.as_str().map_or_else(|| self.number.to_string(), str::to_owned);
        let optional = [
            ("invoiceNumber", (!self.number.is_null()).then_some(number)),
            ("invoiceNumberPrefix", self.setting("invoiceNumberPrefix")),
            ("dueDate", due.map(|due| due.to_string())),
            ("title", text("title").map(str::to_owned).or_else(|| self.setting("title"))),
            ("termsNotes", self.setting("termsNote")),
        ];
        let mut body = body.as_object_mut().map(std::mem::take).unwrap_or_default();
        body.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
        Ok(body)
    }

    fn of_contact(&self, name: &str) -> &str {
        request::text(&self.contact, name).map(str::trim).unwrap_or_default()
    }

    fn setting(&self, name: &str) -> Option<String> {
        request::text(&self.settings, name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The day on which an invoice is due by the settings.
    fn due(&self, issued: NaiveDate) -> Option<NaiveDate> {
        let days = self.settings.get("dueAfterXDays")?;
        let days = days.as_u64().or_else(|| days.as_str()?.trim().parse().ok())?;
        issued.checked_add_days(Days::new(days))
    }

    /// The business's details: those of the settings, or else the location's.
    fn business(&self) -> Value {
        let settings = self.settings.get("businessDetails").and_then(Value::as_object);
        if let Some(details) = settings.filter(|details| request::text(details, "name").is_some()) {
            let mut business = kept(details, &BUSINESS);
            let address = details.get("address").and_then(Value::as_object);
            business.extend(address.map(|address| ("address".to_owned(), kept(address, &ADDRESS).into())));
            return business.into();
        }
        let location = |name: &str| request::text(&self.location, name);
        let mut business = Map::new();
        for (to, from) in [("name", "name"), ("phoneNo", "phone"), ("website", "website"), ("logoUrl", "logoUrl")] {
            business.extend(location(from).map(|value| (to.to_owned(), value.into())));
        }
        let names = [
            ("addressLine1", "address"),
            ("city", "city"),
            ("state", "state"),
            ("countryCode", "country"),
            ("postalCode", "postalCode"),
        ];
        let address = names.into_iter().filter_map(|(to, from)| Some((to.to_owned(), location(from)?.into())));
        business.insert("address".to_owned(), Value::Object(address.collect()));
        business.into()
    }

    /// The contact's details. The API requires an e-mail address and a phone number, but takes empty ones.
    fn contact_details(&self) -> Value {
        let name = [self.of_contact("firstName"), self.of_contact("lastName")].join(" ").trim().to_owned();
        let names = [name.as_str(), self.of_contact("name"), self.of_contact("companyName"), self.of_contact("email")];
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let mut details = json!({
            "id": self.of_contact("id"),
            "name": name,
            "phoneNo": self.of_contact("phone"),
            "email": self.of_contact("email"),
        });
        if let Some(details) = details.as_object_mut() {
            let company = Some(self.of_contact("companyName")).filter(|company| !company.is_empty());
            details.extend(company.map(|company| ("companyName".to_owned(), company.into())));
            let address = self.contact_address();
            details.extend((!address.is_empty()).then(|| ("address".to_owned(), address.into())));
        }
        details
    }

    fn contact_address(&self) -> Map<String, Value> {
        let names = [
            ("addressLine1", "address1"),
            ("city", "city"),
            ("state", "state"),
            ("countryCode", "country"),
            ("postalCode", "postalCode"),
        ];
        let is_code = |code: &str| code.len() == 2;
        let filled = names.into_iter().map(|(to, from)| (to, self.of_contact(from)));
        let filled = filled.filter(|(to, text)| !text.is_empty() && (*to != "countryCode" || is_code(text)));
        filled.map(|(to, text)| (to.to_owned(), text.into())).collect()
    }
}

/// The items, each in the invoice's currency. Amounts stay as they were given.
fn items(create: &Invocation, currency: &str) -> Vec<Value> {
    let items = create.arguments.get("items").and_then(Value::as_array).into_iter().flatten();
    let item = |item: &Map<String, Value>| {
        let mut made = kept(item, &["name", "description", "amount"]);
        made.insert("currency".to_owned(), currency.into());
        made.insert("qty".to_owned(), item.get("quantity").cloned().unwrap_or_else(|| 1.into()));
        Value::Object(made)
    };
    items.filter_map(Value::as_object).map(item).collect()
}

/// The members of these names that have a value.
fn kept(object: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), object.get(*name)?.clone()));
    names.iter().filter_map(member).filter(|(_, value)| !value.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Registry;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn new(settings: Value) -> NewInvoice<'static> {
        NewInvoice {
            location_id: "loc1",
            contact: object(json!({"id": "c1", "firstName": "Ada", "email": "ada@example.com", "country": "GB"})),
            location: object(json!({"name": "Shop", "phone": "+1555", "address": "1 Main St"})),
            settings: object(settings),
            number: json!(19),
            today: "2026-01-31".parse().unwrap(),
        }
    }

    fn create(more: Value) -> Invocation {
        let mut arguments = json!({
            "contactId": "c1", "name": "Audit", "currency": "usd",
            "items": [{"name": "Hours", "amount": 12.1, "quantity": 2.5}, {"name": "Fee", "amount": 3}],
        });
        arguments.as_object_mut().unwrap().extend(object(more));
        let spec = Registry::standard().catalog().find("create_invoice").unwrap();
        spec.parse(object(arguments)).unwrap()
    }

    #[test]
    fn the_body_has_what_the_api_requires() {
        let body = new(json!({"dueAfterXDays": "14", "invoiceNumberPrefix": "INV-"})).body(&create(json!({}))).unwrap();
        assert_eq!((&body["issueDate"], &body["dueDate"]), (&json!("2026-01-31"), &json!("2026-02-14")));
        assert_eq!((&body["invoiceNumber"], &body["invoiceNumberPrefix"]), (&json!("19"), &json!("INV-")));
        assert_eq!(
            body["contactDetails"],
            json!({"id": "c1", "name": "Ada", "phoneNo": "", "email": "ada@example.com", "address": {"countryCode": "GB"}})
        );
        assert_eq!(body["sentTo"], json!({"email": ["ada@example.com"], "phoneNo": []}));
        assert_eq!(body["businessDetails"]["name"], "Shop");
        let items = json!([
            {"name": "Hours", "amount": 12.1, "currency": "USD", "qty": 2.5},
            {"name": "Fee", "amount": 3, "currency": "USD", "qty": 1},
        ]);
        assert_eq!(body["items"], items);
    }

    #[test]
    fn settings_win_over_the_location_and_arguments_over_both() {
        let settings = json!({
            "title": "BILL", "termsNote": "Soon", "businessDetails": {"name": "Shop Ltd", "address": {"city": "Bath", "x": 1}},
        });
        let body = new(settings.clone()).body(&create(json!({}))).unwrap();
        assert_eq!(body["businessDetails"], json!({"name": "Shop Ltd", "address": {"city": "Bath"}}));
        assert_eq!((&body["title"], body.get("dueDate"), &body["termsNotes"]), (&json!("BILL"), None, &json!("Soon")));
        let given = create(json!({"title": "INVOICE", "issueDate": "2026-03-01", "dueDate": "2026-03-01"}));
        let body = new(settings.clone()).body(&given).unwrap();
        assert_eq!((&body["title"], &body["dueDate"]), (&json!("INVOICE"), &json!("2026-03-01")));
        let early = create(json!({"dueDate": "2026-01-30"}));
        assert_eq!(new(settings).body(&early).unwrap_err().field.as_deref(), Some("dueDate"));
    }
}
