//! Which argument each column of a file is for: as the caller says, or as its header says.

use crate::service::put;
use highlevel_catalog::OperationSpec;
use highlevel_core::error::{Error, Result};
use highlevel_tabular::{
    Cell, Detection, Row,
    mapping::{Field, Mapped, Mapping, RowObject, Target, recognise},
};
use serde_json::{Map, Value, json};

/// The arguments that are members of an address, by their names in files.
const ADDRESS: [(&str, &str); 5] = [
    ("address1", "street"),
    ("city", "city"),
    ("state", "state"),
    ("postalCode", "postalCode"),
    ("country", "country"),
];

/// The most columns that are named: of those that are arguments, and of those that are not.
const NAMED: usize = 60;

/// The most notes of a file.
const NOTES: usize = 20;

/// Which argument each column is for.
pub(super) struct ColumnMapping {
    spec: &'static OperationSpec,
    /// What the headers say.
    recognised: Mapping,
    /// The columns that are arguments by their own names, or by the caller's word, in the order of the file.
    direct: Vec<Option<String>>,
}

impl ColumnMapping {
    /// The mapping of a file's columns, whose first rows are `samples`. `asked` names columns with the arguments that they are
    /// for, or null.
    ///
    /// # Errors
    /// `invalid_arguments` for a column that the file does not have, and for an argument that the operation does not have.
    pub(super) fn of(
        detection: &Detection,
        samples: &[Row],
        spec: &'static OperationSpec,
        asked: Option<&Map<String, Value>>,
    ) -> Result<Self> {
        let recognised = recognise(&detection.columns, samples);
        let mut mapping = Self { spec, recognised, direct: vec![None; detection.columns.len()] };
        for (at, column) in detection.columns.iter().enumerate() {
            if mapping.has_argument(&column.name) && !mapping.is_placed(at) {
                mapping.set_direct(at, column.name.clone());
            }
        }
        for (column, target) in asked.into_iter().flatten() {
            mapping.assign(detection, column, target)?;
        }
        for row in samples {
            mapping.recognised.learn(row);
        }
        Ok(mapping)
    }

    /// Whether the operation has an argument of this name, or of the one before its dot.
    fn has_argument(&self, path: &str) -> bool {
        let argument = path.split('.').next().unwrap_or_default();
        self.spec.input_schema().get("properties").is_some_and(|all| all.get(argument).is_some())
    }

    /// Whether what a column was recognised as is an argument of the operation.
    fn is_placed(&self, at: usize) -> bool {
        match self.recognised.columns.get(at).map(|column| &column.target) {
            Some(Target::Field(field)) => self.path_of(*field).is_some(),
            Some(Target::Custom(_)) => self.has_argument("customFields"),
            _ => false,
        }
    }

    fn set_direct(&mut self, at: usize, path: String) {
        if let Some(column) = self.recognised.columns.get_mut(at) {
            column.target = Target::Unmapped;
        }
        if let Some(place) = self.direct.get_mut(at) {
            *place = Some(path);
        }
    }

    fn assign(&mut self, detection: &Detection, column: &str, target: &Value) -> Result<()> {
        let field = format!("columns.{column}");
        let names = || detection.columns.iter().map(|column| column.name.as_str());
        let at = names().position(|name| name.eq_ignore_ascii_case(column.trim())).ok_or_else(|| {
            let hint = highlevel_core::suggest::did_you_mean(column, names());
            Error::invalid(&field, format!("`{field}`: the file has no column {column}.{hint}"))
        })?;
        let name = names().nth(at).unwrap_or_default().to_owned();
        let path = match target {
            Value::Null => None,
            Value::String(path) if path.trim().is_empty() => None,
            Value::String(path) => Some(path.trim()),
            _ => Some(""),
        };
        let known = |path: &str| Field::all().find(|field| self.path_of(*field).as_deref() == Some(path));
        match path {
            None => {
                // `assign` frees a field for no other column, so that it is told as left out.
                self.set_direct(at, String::new());
                if let Some(place) = self.direct.get_mut(at) {
                    *place = None;
                }
            }
            Some(path) if known(path).is_some() => {
                let target = known(path).map_or(Target::Unmapped, Target::Field);
                let assigned = self.recognised.assign(&name, target);
                assigned.map_err(|fault| Error::invalid(&field, format!("`{field}`: {fault}")))?;
                if let Some(place) = self.direct.get_mut(at) {
                    *place = None;
                }
            }
            Some(path) if !path.is_empty() && self.has_argument(path) => self.set_direct(at, path.to_owned()),
            Some(_) => {
                let message = format!(
                    "`{field}` must be an argument of {}, such as email or customFields.score, or null; not {target}.",
                    self.spec.name
                );
                return Err(Error::invalid(&field, message));
            }
        }
        Ok(())
    }

    /// Where the operation takes a field, as a path in its arguments. `None` where it does not.
    fn path_of(&self, field: Field) -> Option<String> {
        let is_update = self.spec.id_field.is_some();
        let in_address = ADDRESS.iter().find(|(name, _)| *name == field.key());
        let path = match (field, in_address) {
            (Field::ContactId | Field::OpportunityId, _) => self.spec.id_field.as_deref()?.to_owned(),
            (Field::Tags, _) if is_update && self.has_argument("addTags") => "addTags".to_owned(),
            (Field::MonetaryValue, _) if self.has_argument("value") => "value".to_owned(),
            (Field::StageId, _) if !self.has_argument("pipelineStageId") => "stage".to_owned(),
            (Field::FullName, _) if !self.has_argument("name") => "firstName".to_owned(),
            (Field::DndEmail | Field::DndCall | Field::DndSms, _) => "dndSettings".to_owned(),
            (_, Some((_, member))) if self.has_argument("address") => format!("address.{member}"),
            _ => field.key().to_owned(),
        };
        let is_of_object = match field.object() {
            RowObject::Contact => !self.spec.name.contains("opportunit") || field == Field::ContactId,
            RowObject::Opportunity => self.spec.name.contains("opportunit"),
        };
        (is_of_object && self.has_argument(&path)).then_some(path)
    }

    /// The arguments of a row.
    ///
    /// # Errors
    /// `invalid_arguments` naming each column whose value cannot be read.
    pub(super) fn arguments(&self, row: &Row) -> Result<Map<String, Value>> {
        let mapped = self.recognised.read(row).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Error::invalid("file", faults.join(" "))
        })?;
        let mut arguments = self.of_fields(mapped);
        for (path, cell) in self.direct.iter().zip(&row.values) {
            let (Some(path), false) = (path, matches!(cell, Cell::Empty)) else { continue };
            put(&mut arguments, path, cell.clone().into_json());
        }
        Ok(arguments)
    }

    fn of_fields(&self, mapped: Mapped) -> Map<String, Value> {
        let Mapped { mut contact, opportunity, custom, .. } = mapped;
        let of_object = |field: Field, contact: &Map<String, Value>| {
            let object = if field.object() == RowObject::Contact { contact } else { &opportunity };
            object.get(field.key().split('.').next().unwrap_or_default()).cloned()
        };
        if !self.has_argument("name") {
            split_name(&mut contact);
        }
        let mut arguments = Map::new();
        for field in Field::all() {
            if let (Some(path), Some(value)) = (self.path_of(field), of_object(field, &contact)) {
                put(&mut arguments, &path, value);
            }
        }
        if self.has_argument("customFields") {
            for (key, value) in custom {
                put(&mut arguments, &format!("customFields.{key}"), value);
            }
        }
        arguments
    }

    /// The mapping in words.
    pub(super) fn told(&self, detection: &Detection) -> Map<String, Value> {
        let mut mapped = Map::new();
        let mut left_out = Vec::new();
        for (at, column) in detection.columns.iter().enumerate() {
            let target = self.recognised.columns.get(at).map(|column| &column.target);
            let path = match (self.direct.get(at).and_then(Clone::clone), target) {
                (Some(path), _) => Some(path),
                (None, Some(Target::Field(field))) => self.path_of(*field),
                (None, Some(Target::Custom(key))) if self.has_argument("customFields") => {
                    Some(format!("customFields.{key}"))
                }
                _ => None,
            };
            match path {
                Some(path) => drop(mapped.insert(column.name.clone(), path.into())),
                None => left_out.push(Value::from(column.name.as_str())),
            }
        }
        let more = mapped.len().saturating_sub(NAMED) + left_out.len().saturating_sub(NAMED);
        let mapped: Map<String, Value> = mapped.into_iter().take(NAMED).collect();
        left_out.truncate(NAMED);
        let mut told = Map::from_iter([("columns".to_owned(), mapped.into())]);
        if more > 0 {
            told.insert("moreColumns".to_owned(), more.into());
        }
        if let Some(system) = self.recognised.system {
            told.insert("from".to_owned(), system.name().into());
        }
        if !left_out.is_empty() {
            told.insert("leftOutColumns".to_owned(), left_out.into());
        }
        let is_news = |note: &String| !note.starts_with("Not recognised");
        let notes: Vec<String> = detection
            .notes
            .iter()
            .cloned()
            .chain(self.recognised.notes().into_iter().filter(is_news))
            .take(NOTES)
            .collect();
        if !notes.is_empty() {
            told.insert("fileNotes".to_owned(), json!(notes));
        }
        told
    }
}

/// Puts the first word of a whole name into the first name, and the rest into the last one, where the file has no others.
fn split_name(contact: &mut Map<String, Value>) {
    let Some(Value::String(name)) = contact.shift_remove("name") else { return };
    if contact.contains_key("firstName") || contact.contains_key("lastName") {
        return;
    }
    match name.trim().split_once(char::is_whitespace) {
        Some((first, last)) => {
            contact.insert("firstName".to_owned(), first.into());
            contact.insert("lastName".to_owned(), last.trim().into());
        }
        None => drop(contact.insert("firstName".to_owned(), name.trim().into())),
    }
}
