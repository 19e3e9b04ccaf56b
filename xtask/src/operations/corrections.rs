//! Corrections of HighLevel's files: one JSON object a line, `{"name", "merge", "source"}`.

use super::Groups;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The member of an operation that follows from the others, unless a correction says otherwise.
const DERIVED: &str = "list";

/// The correction of one operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    /// The operation's name.
    name: String,
    /// A JSON merge patch (RFC 7396) of its line in the catalogue.
    merge: Map<String, Value>,
    /// Where the right value comes from.
    #[serde(rename = "source")]
    _source: String,
    /// The line in the file, for errors.
    #[serde(skip)]
    line: usize,
}

/// Which members are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What HighLevel's files say.
    Facts,
    /// What follows from that.
    Derived,
}

/// The corrections in the text of `corrections.jsonl`.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<Correction>> {
    let lines = text.lines().zip(1..).filter(|(text, _)| !text.is_empty() && !text.starts_with('#'));
    let corrections = lines.map(|(text, line)| {
        let correction: Correction =
            serde_json::from_str(text).with_context(|| format!("line {line} of corrections.jsonl"))?;
        Ok(Correction { line, ..correction })
    });
    corrections.collect()
}

/// Applies the corrections of one part. One that changes nothing is an error, as is one of an operation that is not there
/// any more, so that none is forgotten.
pub(super) fn apply(groups: &mut Groups, corrections: &[Correction], part: Part) -> anyhow::Result<()> {
    for correction in corrections {
        let mut merge = correction.merge.clone();
        merge.retain(|member, _| (member == DERIVED) == (part == Part::Derived));
        let mut all = groups.values_mut().flatten();
        let Some(operation) = all.find(|operation| operation["name"] == correction.name.as_str()) else {
            bail!("line {} of corrections.jsonl: there is no operation {}", correction.line, correction.name);
        };
        let before = operation.clone();
        json_patch::merge(operation, &Value::Object(merge.clone()));
        if *operation == before && !merge.is_empty() {
            let members: Vec<&String> = merge.keys().collect();
            let (line, name) = (correction.line, &correction.name);
            bail!("line {line} of corrections.jsonl: {members:?} of {name} are as the correction says. Delete it.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Part, apply, read};
    use crate::operations::{DATA, Groups};
    use serde_json::{Value, json};
    use std::{fs, path::Path};

    fn groups() -> Groups {
        let operation = json!({"name": "notes.list", "required": ["a", "b"], "list": {"member": "notes"}});
        [("notes".to_owned(), vec![operation])].into_iter().collect()
    }

    #[test]
    fn facts_come_before_what_follows_from_them() {
        let text = r#"{"name":"notes.list","merge":{"required":["a"],"list":{"limit":"size"}},"source":"issue 1"}"#;
        let (mut groups, corrections) = (groups(), read(text).unwrap());
        apply(&mut groups, &corrections, Part::Facts).unwrap();
        assert_eq!(groups["notes"][0], json!({"name": "notes.list", "required": ["a"], "list": {"member": "notes"}}));
        apply(&mut groups, &corrections, Part::Derived).unwrap();
        assert_eq!(groups["notes"][0]["list"], json!({"member": "notes", "limit": "size"}));
    }

    #[test]
    fn a_needless_correction_is_an_error() {
        let error = |text: &str| apply(&mut groups(), &read(text).unwrap(), Part::Facts).unwrap_err().to_string();
        let needless =
            "# A comment.\n{\"name\":\"notes.list\",\"merge\":{\"required\":[\"a\",\"b\"]},\"source\":\"issue 1\"}";
        assert!(error(needless).starts_with("line 2 of corrections.jsonl: [\"required\"] of notes.list are as"));
        let gone = r#"{"name":"notes.get","merge":{"required":[]},"source":"issue 1"}"#;
        assert!(error(gone).ends_with("there is no operation notes.get"));
    }

    #[test]
    fn the_catalogue_has_every_correction() {
        let data = Path::new(DATA);
        let groups = crate::operations::read(&data.join("catalogue")).unwrap();
        let find = |name: &str| groups.values().flatten().find(|line| line["name"] == name);
        for correction in read(&fs::read_to_string(data.join("corrections.jsonl")).unwrap()).unwrap() {
            let line = find(&correction.name).unwrap();
            let mut corrected = line.clone();
            json_patch::merge(&mut corrected, &Value::Object(correction.merge));
            assert_eq!(corrected, *line, "run `cargo xtask operations`");
        }
    }
}
