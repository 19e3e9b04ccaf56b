//! The definitions of custom fields and the pipeline, which only the official API shows.
//!
//! Their ids come from a random stream of their own, so that they do not change the ids of other objects.

use super::put;
use crate::account::{Account, ObjectKind};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The keys and types of the sample contacts' custom fields.
const CUSTOM_FIELDS: &[(&str, &str)] =
    &[("industry", "TEXT"), ("employees", "NUMERICAL"), ("preferredContact", "SINGLE_OPTIONS")];

/// The stages of sample deals in their order.
const STAGES: &[&str] = &["qualification", "discovery", "proposal", "contract sent", "closed won", "closed lost"];

/// Adds the definitions and the pipeline.
pub(crate) fn fill(account: &mut Account, mut rng: ChaCha8Rng) {
    let mut id = || (0..20).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect::<String>();
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
        put(account, ObjectKind::CustomFields, &field);
    }
    let stages: Vec<_> = (0..)
        .zip(STAGES)
        .map(|(position, name): (usize, _)| json!({ "id": id(), "name": name, "position": position }))
        .collect();
    let pipeline =
        json!({ "id": id(), "name": "Sales", "stages": stages, "showInFunnel": true, "showInPieChart": true });
    put(account, ObjectKind::Pipelines, &pipeline);
}
