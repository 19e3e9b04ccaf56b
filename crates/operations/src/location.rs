//! What shows the location of an operation's object to a server of one location.

use crate::operation::{self, Operation};
use highlevel_catalog::{Effect, OperationSpec, Scope, place::shows_location};
use highlevel_core::error::Result;
use serde_json::Value;

/// The depth to which answers are searched for a location.
pub const LOCATION_DEPTH: usize = 3;

/// What shows that a call stays in the location of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationProof {
    /// An argument names the location.
    Argument,
    /// An answer does: the operation's own, if it only reads, or that of an operation that shows its object.
    Answer,
    /// Nothing: the operation works on a whole agency.
    Agency,
    /// Nothing that HighLevel's files describe.
    Nothing,
}

impl Operation {
    /// What shows the location of the operation's object, as far as HighLevel's files say.
    ///
    /// # Errors
    /// `internal` if the build packed no facts for an operation.
    pub fn location_proof(&'static self) -> Result<LocationProof> {
        let spec = self.spec()?;
        let names = |spec: &OperationSpec, scope| spec.scope_fields.iter().any(|field| field.of == scope);
        match (names(spec, Scope::Location), names(spec, Scope::Company)) {
            (true, _) => return Ok(LocationProof::Argument),
            (false, true) => return Ok(LocationProof::Agency),
            (false, false) => {}
        }
        if self.effect == Effect::Read && self.answer_shows_location()? {
            return Ok(LocationProof::Answer);
        }
        let Some(form) = &spec.passthrough else { return Ok(LocationProof::Nothing) };
        let required = spec.input_schema().get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|all| all.iter().any(|one| one.as_str() == name.split('.').next()));
        let found = form.marks.found.iter().chain(&form.marks.references);
        let found = found.filter(|found| is_required(&found.argument)).map(|found| &found.by);
        for name in form.reads.iter().chain(found) {
            let read = operation::find(name)?;
            if names(read.spec()?, Scope::Location) || read.answer_shows_location()? {
                return Ok(LocationProof::Answer);
            }
        }
        Ok(LocationProof::Nothing)
    }

    fn answer_shows_location(&self) -> Result<bool> {
        Ok(shows_location(&Value::Object(self.facts()?.answer), LOCATION_DEPTH))
    }
}
