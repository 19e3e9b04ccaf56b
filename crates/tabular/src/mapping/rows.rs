//! Rows as the values of contacts and opportunities.

use super::{Field, MappedColumn, Mapping, RowObject, Target, field::Value as FieldValue};
use crate::{Cell, Row, convert, convert::ValueError};
use serde_json::{Map, Value, json};

/// A row as values of HighLevel's fields. Empty cells have no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapped {
    /// The contact's fields by their names in the API, such as `firstName`; `dndSettings` as the API takes it.
    pub contact: Map<String, Value>,
    /// The opportunity's fields by their names in the API, with `pipeline` and `stage` by name.
    pub opportunity: Map<String, Value>,
    /// The custom fields by key or id.
    pub custom: Map<String, Value>,
    /// Further e-mail addresses, which the API does not take.
    pub additional_emails: Vec<String>,
    /// Further phone numbers, which the API does not take.
    pub additional_phones: Vec<String>,
}

impl Mapping {
    /// Reads a row of the file.
    ///
    /// # Errors
    ///
    /// Every cell that is no value of its field, with its column.
    pub fn read(&self, row: &Row) -> Result<Mapped, Vec<ValueError>> {
        let mut mapped = Mapped::default();
        let mut errors = Vec::new();
        for (column, cell) in self.columns.iter().zip(&row.values) {
            if let Err(error) = self.read_cell(&mut mapped, column, cell) {
                errors.push(error.of(&column.column, cell));
            }
        }
        mapped.promote_additional();
        if errors.is_empty() { Ok(mapped) } else { Err(errors) }
    }

    fn read_cell(&self, mapped: &mut Mapped, column: &MappedColumn, cell: &Cell) -> Result<(), ValueError> {
        if cell.is_empty() || !matches!(column.target, Target::Field(_) | Target::Custom(_)) {
            return Ok(());
        }
        if let Cell::Error(error) = cell {
            return Err(ValueError::new(format!("is {error}, which has no value")));
        }
        match &column.target {
            Target::Custom(key) => {
                mapped.custom.insert(key.clone(), cell.clone().into_json());
                Ok(())
            }
            Target::Field(field) => mapped.take(*field, column, cell),
            Target::NoField(_) | Target::Conflict { .. } | Target::Unmapped => Ok(()),
        }
    }
}

impl Mapped {
    fn take(&mut self, field: Field, column: &MappedColumn, cell: &Cell) -> Result<(), ValueError> {
        let value = match field.value() {
            FieldValue::Emails => return self.take_several(field, convert::emails(&cell.text())?),
            FieldValue::Phones => return self.take_several(field, convert::phones(&cell.text())?),
            FieldValue::Tags => {
                self.take_tags(convert::tags(cell));
                return Ok(());
            }
            FieldValue::Text if field == Field::FullName => return self.take_name(&convert::text(cell)?),
            FieldValue::Text if field == Field::Address1 => json!(on_one_line(&convert::text(cell)?)),
            FieldValue::Text => json!(convert::text(cell)?),
            FieldValue::Date => json!(convert::date(cell, column.evidence.date_order())?),
            FieldValue::Number => Value::Number(convert::number(cell, column.evidence.decimal_mark())?),
            FieldValue::Status => json!(convert::status(&cell.text())?),
            FieldValue::Bool if matches!(field, Field::Dnd) => json!(convert::flag(cell)?),
            FieldValue::Bool => {
                if convert::opt_out(cell)? {
                    self.opt_out(field);
                }
                return Ok(());
            }
        };
        let object = if field.object() == RowObject::Contact { &mut self.contact } else { &mut self.opportunity };
        object.insert(field.key().to_owned(), value);
        Ok(())
    }

    /// The first value is the field's, unless the column is for further ones.
    fn take_several(&mut self, field: Field, values: Vec<String>) -> Result<(), ValueError> {
        let mut values = values.into_iter();
        if matches!(field, Field::Email | Field::Phone)
            && let Some(first) = values.next()
        {
            self.contact.insert(field.key().to_owned(), Value::String(first));
        }
        let is_email = matches!(field, Field::Email | Field::AdditionalEmails);
        let additional = if is_email { &mut self.additional_emails } else { &mut self.additional_phones };
        additional.extend(values);
        Ok(())
    }

    /// HubSpot has a deal's contact as `Ann Lee (ann@lee.example)`.
    fn take_name(&mut self, text: &str) -> Result<(), ValueError> {
        let in_brackets = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        let with_email = in_brackets.and_then(|(name, email)| Some((name, convert::email(email).ok()?)));
        let name = match with_email {
            Some((name, email)) => {
                self.contact.entry(Field::Email.key()).or_insert(Value::String(email));
                name
            }
            None => text,
        };
        self.contact.insert(Field::FullName.key().to_owned(), json!(name));
        Ok(())
    }

    fn take_tags(&mut self, tags: Vec<String>) {
        if tags.is_empty() {
            return;
        }
        let all = self.contact.entry("tags").or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            for tag in tags.into_iter().map(Value::String) {
                if !all.contains(&tag) {
                    all.push(tag);
                }
            }
        }
    }

    fn opt_out(&mut self, field: Field) {
        let channel = field.key().rsplit('.').next().unwrap_or_default();
        let settings = self.contact.entry("dndSettings").or_insert_with(|| json!({}));
        if let Value::Object(settings) = settings {
            settings.insert(channel.to_owned(), json!({"status": "active"}));
        }
    }

    /// A contact without an address gets the first of the further ones.
    fn promote_additional(&mut self) {
        for (key, additional) in [("email", &mut self.additional_emails), ("phone", &mut self.additional_phones)] {
            if !self.contact.contains_key(key) && !additional.is_empty() {
                self.contact.insert(key.to_owned(), Value::String(additional.remove(0)));
            }
            let first = self.contact.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            additional.retain(|other| *other != first);
        }
    }
}

/// The lines of an address with commas between.
fn on_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim().trim_end_matches(','));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}
