//! Which field of HighLevel each column of a file is.

mod evidence;
mod field;
mod headers;
mod rows;

pub use evidence::ColumnEvidence;
pub use field::{Field, RowObject};
pub use headers::System;
pub use rows::Mapped;

use crate::{Cell, Column, Result, Row, TabularError, header::quoted, normal::normal};
use headers::{Known, Section, sections};
use std::{collections::HashMap, fmt, str::FromStr};

/// Which field each column is, and how its texts are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The system that wrote the file, if its columns show it.
    pub system: Option<System>,
    /// What the rows are.
    pub object: RowObject,
    /// One for each column of the file, in order.
    pub columns: Vec<MappedColumn>,
}

/// A column and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedColumn {
    /// The column's name in the file.
    pub column: String,
    /// What it is.
    pub target: Target,
    /// What its texts show so far about the order of dates and the decimal mark.
    pub evidence: ColumnEvidence,
}

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A field.
    Field(Field),
    /// A custom field, by its key or id.
    Custom(String),
    /// A known column that no field of HighLevel holds, and why.
    NoField(String),
    /// Another column is this field already.
    Conflict {
        /// The field.
        field: Field,
        /// The column that it is taken from.
        chosen: String,
    },
    /// A column that is not recognised, or is to be left out.
    Unmapped,
}

impl Target {
    /// What a column is whose field is taken from another one.
    fn beside(field: Field, chosen: &str) -> Self {
        match field.additional() {
            Some(additional) => Self::Field(additional),
            None => Self::Conflict { field, chosen: chosen.to_owned() },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{field}"),
            Self::Custom(key) => write!(f, "customFields.{key}"),
            Self::NoField(reason) => write!(f, "not mapped: {reason}"),
            Self::Conflict { field, chosen } => write!(f, "not mapped: {field} is taken from \"{chosen}\""),
            Self::Unmapped => f.write_str("not mapped"),
        }
    }
}

impl FromStr for Target {
    type Err = TabularError;

    /// Reads what a person writes: `contact.email`, `email`, `customFields.score`, or `-` to leave the column out.
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('.') {
            _ if text == "-" || text.is_empty() => Ok(Self::Unmapped),
            Some(("customFields", key)) if !key.is_empty() => Ok(Self::Custom(key.to_owned())),
            _ => Field::from_str(text).map(Self::Field),
        }
    }
}

/// Recognises the system and the columns of a file by its header, with some of its first rows.
pub fn recognise(columns: &[Column], samples: &[Row]) -> Mapping {
    let normals: Vec<String> = columns.iter().map(|column| normal(&column.original)).collect();
    let own = system_of(&normals);
    let object = own.map_or_else(|| object_of(&normals), |section| section.object);
    let any = sections().iter().filter(|section| section.system.is_none());
    // The contact of an opportunity has columns, too.
    let general: Vec<&Section> = any
        .filter(|section| section.object == object)
        .chain(contacts().filter(|_| object != RowObject::Contact))
        .collect();
    let known = normals.iter().map(|normal| {
        let of_system = own.and_then(|section| section.find(normal));
        of_system.or_else(|| general.iter().find_map(|section| section.find(normal)))
    });
    let known: Vec<Option<Known>> = known.collect();
    let mut mapping = Mapping {
        system: own.and_then(|section| section.system),
        object,
        columns: columns
            .iter()
            .map(|column| MappedColumn {
                column: column.name.clone(),
                target: Target::Unmapped,
                evidence: ColumnEvidence::default(),
            })
            .collect(),
    };
    mapping.choose(&known, samples);
    if mapping.system.is_none() {
        mapping.settle_names(samples);
    }
    mapping.find_emails(samples);
    for row in samples {
        mapping.learn(row);
    }
    mapping
}

fn contacts() -> impl Iterator<Item = &'static Section> {
    sections().iter().filter(|section| section.system.is_none() && section.object == RowObject::Contact)
}

/// The section of the system that wrote the file: it has at least two names that only that system uses.
fn system_of(normals: &[String]) -> Option<&'static Section> {
    const ENOUGH: usize = 2;
    let scored = sections().iter().filter(|section| section.system.is_some()).filter_map(|section| {
        let (hits, only) = section.hits(normals);
        (only >= ENOUGH).then_some((section, (only, hits)))
    });
    // Of equals the first.
    scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(section, _)| section)
}

fn object_of(normals: &[String]) -> RowObject {
    const ENOUGH: usize = 2;
    let is_opportunity = sections()
        .iter()
        .filter(|section| section.system.is_none() && section.object == RowObject::Opportunity)
        .any(|section| section.hits(normals).1 >= ENOUGH);
    if is_opportunity { RowObject::Opportunity } else { RowObject::Contact }
}

impl Mapping {
    /// Gives each column its target. Of several columns for one field, the one with values and the preferred name is
    /// chosen. The others hold further addresses and numbers, or are left out.
    fn choose(&mut self, known: &[Option<Known>], samples: &[Row]) {
        let is_empty = |at: usize| samples.iter().all(|row| row.values.get(at).is_none_or(Cell::is_empty));
        let mut chosen: HashMap<Field, (bool, usize, usize)> = HashMap::new();
        for (at, known) in known.iter().enumerate() {
            if let Some(Known::Field(field, rank)) = known {
                let candidate = (is_empty(at), *rank, at);
                chosen.entry(*field).and_modify(|best| *best = candidate.min(*best)).or_insert(candidate);
            }
        }
        let names: Vec<String> = self.columns.iter().map(|column| column.column.clone()).collect();
        for ((at, column), known) in self.columns.iter_mut().enumerate().zip(known) {
            column.target = match known {
                None => Target::Unmapped,
                Some(Known::NoField(reason)) => Target::NoField((*reason).to_owned()),
                Some(Known::Field(field, _)) => match chosen.get(field) {
                    Some((.., best)) if *best != at && !field.takes_several() => {
                        Target::beside(*field, names.get(*best).map_or("", String::as_str))
                    }
                    _ => Target::Field(*field),
                },
            };
        }
    }

    /// Tells what "Name" is beside a first or a last name: `Nombre, Apellidos` are first and last name, `Vorname, Name`
    /// too, unless the name has the first name in it.
    fn settle_names(&mut self, samples: &[Row]) {
        let at = |field| self.columns.iter().position(|column| column.target == Target::Field(field));
        let Some(name) = at(Field::FullName) else { return };
        let text = |row: &Row, at: usize| row.values.get(at).map_or_else(String::new, |cell| cell.text().into_owned());
        let field = match (at(Field::FirstName), at(Field::LastName)) {
            (None, Some(_)) => Field::FirstName,
            (Some(first), None) => {
                let mut both = samples.iter().filter(|row| !text(row, first).is_empty() && !text(row, name).is_empty());
                let is_full = both.any(|row| text(row, name).contains(&text(row, first)));
                if is_full { Field::FullName } else { Field::LastName }
            }
            _ => Field::FullName,
        };
        if let Some(column) = self.columns.get_mut(name) {
            column.target = Target::Field(field);
        }
    }

    /// Without a column for the e-mail address, takes one whose values are all addresses.
    fn find_emails(&mut self, samples: &[Row]) {
        if self.column_of(Field::Email).is_some() {
            return;
        }
        let is_email = |cell: &Cell| cell.is_empty() || crate::convert::email(&cell.text()).is_ok();
        let found = self.columns.iter_mut().enumerate().find(|(at, column)| {
            let mut cells = samples.iter().filter_map(|row| row.values.get(*at));
            column.target == Target::Unmapped && cells.clone().any(|cell| !cell.is_empty()) && cells.all(is_email)
        });
        if let Some((_, column)) = found {
            column.target = Target::Field(Field::Email);
        }
    }

    /// The first column that is a field.
    pub fn column_of(&self, field: Field) -> Option<&MappedColumn> {
        self.columns.iter().find(|column| column.target == Target::Field(field))
    }

    /// Makes a column something else, for example at a person's wish. A field that another column was is taken from it.
    ///
    /// # Errors
    ///
    /// [`TabularError::Option`] if the file has no such column.
    pub fn assign(&mut self, column: &str, target: Target) -> Result<()> {
        let exact = self.columns.iter().position(|other| other.column == column);
        let near = || self.columns.iter().position(|other| normal(&other.column) == normal(column));
        let Some(at) = exact.or_else(near) else {
            let names: Vec<&str> = self.columns.iter().map(|other| &*other.column).collect();
            let message = format!("The file has no column \"{column}\". Its columns are {}.", quoted(&names));
            return Err(TabularError::Option(message));
        };
        let name = self.columns.get(at).map(|column| column.column.clone()).unwrap_or_default();
        for (other, column) in self.columns.iter_mut().enumerate() {
            let taken = match (&target, &column.target) {
                (Target::Field(field), Target::Field(same) | Target::Conflict { field: same, .. }) => {
                    (field == same && !field.takes_several()).then_some(*field)
                }
                _ => None,
            };
            if other == at {
                column.target = target.clone();
            } else if let Some(field) = taken {
                column.target = Target::beside(field, &name);
            }
        }
        Ok(())
    }

    /// Takes a row's texts as evidence for the order of dates and for the decimal mark. Let it see every row of the file
    /// before [`Mapping::read`] if it can.
    pub fn learn(&mut self, row: &Row) {
        for (column, cell) in self.columns.iter_mut().zip(&row.values) {
            if let Target::Field(field) = column.target {
                column.evidence.learn(field.value(), cell);
            }
        }
    }

    /// What a person has to decide or should know, each a sentence or two: dates and numbers that can be read in two
    /// ways, conflicts, columns that are not recognised.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> =
            self.columns.iter().filter_map(|column| column.evidence.note(&column.column)).collect();
        for column in &self.columns {
            if let Target::Conflict { field, chosen } = &column.target {
                notes.push(format!("\"{chosen}\" is {field}, so \"{}\" is left out.", column.column));
            }
        }
        let unmapped = self.columns.iter().filter(|column| column.target == Target::Unmapped);
        let unmapped: Vec<&str> = unmapped.map(|column| &*column.column).collect();
        if !unmapped.is_empty() {
            notes.push(format!("Not recognised and left out: {}.", quoted(&unmapped)));
        }
        notes
    }
}

/// Whether a column of this name is known to anyone, so that it is no title.
pub(crate) fn is_known(name: &str) -> bool {
    let normal = normal(name);
    sections().iter().any(|section| section.find(&normal).is_some())
}
