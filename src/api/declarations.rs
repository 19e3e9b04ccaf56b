//! Checks of the declarations in both catalogues.

use super::catalog;
use highlevel_catalog::{Api, Catalog};
use serde_json::Value;

/// Argument rules refer to arguments that exist, and their values are among the operation's own.
#[test]
fn argument_rules_refer_to_arguments_that_exist() {
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

/// An API that has an operation also has the operations to which its declaration refers, except its inverse: where an API
/// cannot delete what it creates, undo says so.
#[test]
fn referenced_operations_are_in_the_same_api() {
    for api in Api::ALL {
        let catalog = catalog(api);
        for spec in catalog.iter() {
            let lookup = spec.lookup.as_ref().map(|lookup| lookup.list.as_ref());
            let read_back = spec.read_back.as_ref().map(|read_back| read_back.operation());
            for name in [lookup, read_back].into_iter().flatten() {
                assert!(catalog.find(name).is_some(), "{} names {name}", spec.name);
            }
            let inverse = spec.inverse.as_ref().map(|inverse| inverse.operation.as_ref());
            assert!(
                inverse.is_none_or(|name| Catalog::declared().find(name).is_some()),
                "{} names {inverse:?}",
                spec.name
            );
        }
    }
}
