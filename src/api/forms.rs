//! Laws over what each API says of the catalogue's arguments.

use super::Api;
use highlevel_catalog::ALL;
use serde_json::Value;

/// What an API says is of arguments that there are, and its words are among the catalogue's.
#[test]
fn every_difference_is_of_an_argument_that_there_is() {
    for api in [Api::Session, Api::Official] {
        for entry in ALL.iter() {
            let Some(takes) = api.form(entry).map(|form| &form.takes) else { continue };
            let properties = entry.input_schema()["properties"].as_object().unwrap();
            let without = takes.without.iter().chain(takes.keeps).chain(takes.described).map(|(name, _)| *name);
            let words = takes.words.iter().map(|(name, ..)| *name);
            let named = without.chain(words).chain(takes.required.iter().chain(takes.any_of).copied());
            for name in named {
                assert!(properties.contains_key(name), "{}: {name}", entry.name);
            }
            for (name, words, _) in takes.words {
                let Some(known) = properties[*name].get("enum").and_then(Value::as_array) else { continue };
                for word in *words {
                    assert!(known.iter().any(|known| known == word), "{} {name}: {word}", entry.name);
                }
            }
            for (name, _) in takes.keeps {
                assert!(entry.clearable.contains(name), "{}: {name}", entry.name);
            }
        }
    }
}
