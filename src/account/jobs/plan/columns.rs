//! Which argument each column of a file is for: as the caller says, or as its header says.

use highlevel_catalog::OperationSpec;
use highlevel_core::{
    error::{Error, Result},
    suggest::did_you_mean,
};
use highlevel_tabular::{Cell, Detection};
use serde_json::{Map, Value};

/// Which argument each column is for.
pub(super) struct ColumnMapping {
    /// In the order of the columns; `None` for one that is left out.
    targets: Vec<Option<Target>>,
}

/// An argument, or a member of one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    argument: String,
    member: Option<String>,
}

impl Target {
    fn of(path: &str) -> Self {
        match path.split_once('.') {
            Some((argument, member)) => Self { argument: argument.to_owned(), member: Some(member.to_owned()) },
            None => Self { argument: path.to_owned(), member: None },
        }
    }

    fn path(&self) -> String {
        match &self.member {
            Some(member) => format!("{}.{member}", self.argument),
            None => self.argument.clone(),
        }
    }
}

impl ColumnMapping {
    /// The mapping of a file's columns. `asked` names columns with the arguments that they are for, or null.
    ///
    /// # Errors
    /// `invalid_arguments` for a column that the file does not have, and for an argument that the operation does not have.
    pub(super) fn of(
        detection: &Detection,
        spec: &'static OperationSpec,
        asked: Option<&Map<String, Value>>,
    ) -> Result<Self> {
        let names: Vec<&str> = detection.columns.iter().map(|column| column.name.as_str()).collect();
        let known =
            |argument: &str| spec.input_schema().get("properties").is_some_and(|all| all.get(argument).is_some());
        let mut targets: Vec<Option<Target>> =
            names.iter().map(|name| Some(Target::of(name)).filter(|target| known(&target.argument))).collect();
        for (column, target) in asked.into_iter().flatten() {
            let field = format!("columns.{column}");
            let at = names.iter().position(|name| name.eq_ignore_ascii_case(column.trim())).ok_or_else(|| {
                let hint = did_you_mean(column, names.iter().copied());
                Error::invalid(&field, format!("`{field}`: the file has no column {column}.{hint}"))
            })?;
            let target = match target {
                Value::Null => None,
                Value::String(path) if known(&Target::of(path.trim()).argument) => Some(Target::of(path.trim())),
                other => {
                    let message = format!(
                        "`{field}` must be an argument of {}, such as email or customFields.score, or null; not {other}.",
                        spec.name
                    );
                    return Err(Error::invalid(&field, message));
                }
            };
            if let Some(place) = targets.get_mut(at) {
                *place = target;
            }
        }
        Ok(Self { targets })
    }

    /// The arguments of a row.
    pub(super) fn arguments(&self, cells: &[Cell]) -> Result<Map<String, Value>> {
        let mut arguments = Map::new();
        for (target, cell) in self.targets.iter().zip(cells) {
            let (Some(target), false) = (target, matches!(cell, Cell::Empty)) else { continue };
            let value = cell.clone().into_json();
            match &target.member {
                None => drop(arguments.insert(target.argument.clone(), value)),
                Some(member) => {
                    let outer = arguments.entry(target.argument.clone()).or_insert_with(|| Map::new().into());
                    if let Some(members) = outer.as_object_mut() {
                        members.insert(member.clone(), value);
                    }
                }
            }
        }
        Ok(arguments)
    }

    /// The mapping in words.
    pub(super) fn told(&self, detection: &Detection) -> Map<String, Value> {
        let mut mapped = Map::new();
        let mut left_out = Vec::new();
        for (column, target) in detection.columns.iter().zip(&self.targets) {
            match target {
                Some(target) => drop(mapped.insert(column.name.clone(), target.path().into())),
                None => left_out.push(Value::from(column.name.as_str())),
            }
        }
        let mut told = Map::from_iter([("columns".to_owned(), mapped.into())]);
        if !left_out.is_empty() {
            told.insert("leftOutColumns".to_owned(), left_out.into());
        }
        if !detection.notes.is_empty() {
            told.insert("fileNotes".to_owned(), detection.notes.clone().into());
        }
        told
    }
}
