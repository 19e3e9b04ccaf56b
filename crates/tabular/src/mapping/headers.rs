//! The names of columns that other systems use: `data/headers.txt`.

use super::field::{Field, RowObject};
use crate::normal::{normal, numbered};
use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::LazyLock,
};

const TEXT: &str = include_str!("../../data/headers.txt");

/// A system that exports files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum System {
    HubSpot,
    Pipedrive,
    Salesforce,
    Mailchimp,
    GoogleContacts,
    GoHighLevel,
}

impl System {
    const NAMES: [(Self, &'static str, &'static str); 6] = [
        (Self::HubSpot, "hubspot", "HubSpot"),
        (Self::Pipedrive, "pipedrive", "Pipedrive"),
        (Self::Salesforce, "salesforce", "Salesforce"),
        (Self::Mailchimp, "mailchimp", "Mailchimp"),
        (Self::GoogleContacts, "google", "Google Contacts"),
        (Self::GoHighLevel, "gohighlevel", "GoHighLevel"),
    ];

    /// Its name, such as `Google Contacts`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(system, ..)| *system == self).map_or("", |(.., name)| name)
    }
}

/// What a name of a column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// A field, and how far behind the preferred name this one is.
    Field(Field, usize),
    /// No field, and why.
    NoField(&'static str),
}

impl Known {
    fn is_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Field(one, _), Self::Field(two, _)) => one == two,
            (Self::NoField(_), Self::NoField(_)) => true,
            _ => false,
        }
    }
}

/// The names that a system uses for one object.
pub(super) struct Section {
    /// None for names that anyone uses.
    pub(super) system: Option<System>,
    pub(super) object: RowObject,
    distinctive: HashSet<String>,
    names: HashMap<String, Known>,
}

impl Section {
    pub(super) fn find(&self, normal: &str) -> Option<Known> {
        let exact = self.names.get(normal);
        exact.or_else(|| numbered(normal).and_then(|numbered| self.names.get(&numbered))).copied()
    }

    /// How many of the names are the system's, and how many only it uses.
    pub(super) fn hits(&self, normals: &[String]) -> (usize, usize) {
        let distinct: HashSet<&String> = normals.iter().collect();
        let only = distinct.iter().filter(|normal| self.distinctive.contains(**normal)).count();
        (distinct.iter().filter(|normal| self.find(normal).is_some()).count(), only)
    }
}

/// Every section, in the order of the file.
pub(super) fn sections() -> &'static [Section] {
    static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
        let mut sections = Vec::new();
        // A test reads every line, so that none is left out here.
        for line in TEXT.lines() {
            drop(read_line(line, &mut sections));
        }
        sections
    });
    &SECTIONS
}

/// Reads one line into the last section, or begins another one.
fn read_line(line: &'static str, sections: &mut Vec<Section>) -> Result<(), String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        sections.push(begin(heading)?);
        return Ok(());
    }
    let section = sections.last_mut().ok_or("a line before the first section")?;
    // A field's name has no space behind a colon, but names of columns may.
    let (what, names) = line.split_once(": ").ok_or_else(|| format!("no colon: {line}"))?;
    let names = names.split('|').map(normal);
    if what == "distinctive" {
        section.distinctive.extend(names);
        return Ok(());
    }
    let known: Box<dyn Fn(usize) -> Known> = match what.strip_prefix("! ") {
        Some(reason) => Box::new(move |_| Known::NoField(reason)),
        None => {
            let field = Field::from_str(what).map_err(|error| error.to_string())?;
            Box::new(move |rank| Known::Field(field, rank))
        }
    };
    for (rank, name) in names.enumerate() {
        let meaning = known(rank);
        match section.names.get(&name) {
            None if !name.is_empty() => drop(section.names.insert(name, meaning)),
            // Two spellings of one name.
            Some(other) if other.is_of(meaning) => {}
            _ => return Err(format!("the name \"{name}\" is empty or has two meanings")),
        }
    }
    Ok(())
}

fn begin(heading: &str) -> Result<Section, String> {
    let (system, object) = heading.split_once(' ').ok_or_else(|| format!("no object: {heading}"))?;
    let found = System::NAMES.iter().find(|(_, key, _)| *key == system).map(|(system, ..)| *system);
    if found.is_none() && system != "any" {
        return Err(format!("unknown system: {heading}"));
    }
    let object = match object {
        "contact" => RowObject::Contact,
        "opportunity" => RowObject::Opportunity,
        _ => return Err(format!("unknown object: {heading}")),
    };
    Ok(Section { system: found, object, distinctive: HashSet::new(), names: HashMap::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let mut sections = Vec::new();
        for (number, line) in (1..).zip(TEXT.lines()) {
            read_line(line, &mut sections).unwrap_or_else(|error| panic!("data/headers.txt:{number}: {error}"));
        }
        assert_eq!(sections.len(), 12);
    }

    /// Fields of an opportunity are in no section of contacts, and every system is told by names of its own.
    #[test]
    fn sections_are_sound() {
        for section in sections() {
            let wrong = section.names.values().any(|known| {
                matches!(known, Known::Field(field, _) if field.object() == RowObject::Opportunity)
                    && section.object == RowObject::Contact
            });
            assert!(!wrong, "{:?}", section.system);
            assert!(section.system.is_none() || section.distinctive.len() >= 6, "{:?}", section.system);
        }
    }
}
