//! Laws over what each API says of its operations' arguments.

use super::catalog;
use highlevel_catalog::{Api, Catalog};
use serde_json::Value;

/// What an API says is of arguments that there are, and its words are among the operation's own.
#[test]
fn every_difference_is_of_an_argument_that_there_is() {
    for spec in Api::ALL.into_iter().flat_map(|api| catalog(api).iter()) {
        let rules = &spec.arguments;
        let declared = Catalog::declared().find(&spec.name).unwrap();
        let properties = declared.input_schema()["properties"].as_object().unwrap();
        let without = rules.without.iter().chain(rules.keeps).chain(rules.described).map(|(name, _)| *name);
        let words = rules.words.iter().map(|(name, ..)| *name);
        for name in without.chain(words).chain(rules.required.iter().chain(rules.any_of).copied()) {
            assert!(properties.contains_key(name), "{}: {name}", spec.name);
        }
        for (name, words, _) in rules.words {
            let Some(known) = properties[*name].get("enum").and_then(Value::as_array) else { continue };
            for word in *words {
                assert!(known.iter().any(|known| known == word), "{} {name}: {word}", spec.name);
            }
        }
        for (name, _) in rules.keeps {
            assert!(spec.is_clearable(name), "{}: {name}", spec.name);
        }
    }
}

/// Every operation that a declaration names is there, in each API that has the declaring one.
#[test]
fn every_operation_that_another_names_is_in_the_same_api() {
    for api in Api::ALL {
        let catalog = catalog(api);
        for spec in catalog.iter() {
            let lookup = spec.lookup.as_ref().map(|lookup| lookup.list.as_ref());
            let read_back = spec.read_back.as_ref().map(|read_back| read_back.operation());
            let inverse = spec.inverse.as_ref().map(|inverse| inverse.operation.as_ref());
            for name in [lookup, read_back, inverse].into_iter().flatten() {
                assert!(catalog.find(name).is_some(), "{} names {name}", spec.name);
            }
        }
    }
}
