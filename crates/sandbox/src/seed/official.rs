//! What only the official API shows of the sample account: its dictionary of custom fields and its pipeline.
//!
//! Their ids come from dice of their own, so that those of all other objects are what they are without them.

use super::super::account::{Account, Fields, Kind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Key and type of the custom fields that sample contacts have.
const CUSTOM_FIELDS: &[(&str, &str)] =
    &[("industry", "TEXT"), ("employees", "NUMERICAL"), ("preferredContact", "SINGLE_OPTIONS")];

/// The stages that sample deals are in, in their order.
const STAGES: &[&str] = &["qualification", "discovery", "proposal", "contract sent", "closed won", "closed lost"];

/// Adds both.
pub(super) fn fill(account: &mut Account, seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(2);
    let mut id = || (0..20).map(|_| char::from(dice.sample(rand::distr::Alphanumeric))).collect::<String>();
    for (position, (key, kind)) in (0..).zip(CUSTOM_FIELDS) {
        let options: &[&str] = if *kind == "SINGLE_OPTIONS" { &["email", "phone", "sms"] } else { &[] };
        let mut field = json!({
            "id": id(),
            "name": key,
            "fieldKey": format!("contact.{key}"),
            "dataType": kind,
            "position": position,
            "model": "contact",
        });
        if let (false, Value::Object(field)) = (options.is_empty(), &mut field) {
            field.insert("picklistOptions".into(), json!(options));
            field.insert("isAllowedCustomOption".into(), true.into());
        }
        put(account, Kind::CustomFields, &field);
    }
    let stages: Vec<_> = (0..)
        .zip(STAGES)
        .map(|(position, name): (usize, _)| json!({ "id": id(), "name": name, "position": position }))
        .collect();
    let pipeline =
        json!({ "id": id(), "name": "Sales", "stages": stages, "showInFunnel": true, "showInPieChart": true });
    put(account, Kind::Pipelines, &pipeline);
}

fn put(account: &mut Account, kind: Kind, object: &Value) {
    let (Some(id), Some(fields)) = (object.get("id").and_then(Value::as_str), object.as_object()) else { return };
    let fields: &Fields = fields;
    account.put(kind, id, fields);
}
