//! `run_operation`: a call of any operation of the catalogue, on the way of every other call.

use super::{Account, Reply};
use crate::guard::Confirmation;
use highlevel_catalog::{Effect, Invocation, OperationSpec, operations::RunOperation};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_operations as operations;
use serde_json::{Map, Value};

/// The argument that names the operation.
const OPERATION: &str = "operation";

impl Account {
    /// Runs the operation that the arguments name.
    pub(super) async fn run_operation(
        &self,
        spec: &'static OperationSpec,
        arguments: Map<String, Value>,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let outer = spec.parse(arguments)?;
        let asked: RunOperation = outer.arguments.read()?;
        let operation = operations::find(&asked.operation)?;
        let tool = crate::api::typed_tool(operation.method, operation.path);
        self.guard.policy().allow_operation(operation.spec()?, tool)?;
        let invocation = parse(operation.spec()?, asked)?;
        Box::pin(self.run_checked(&invocation, confirmation, context)).await
    }
}

/// The effect that decides which account a call is for: that of the operation, if the arguments name one.
pub fn effect_of(spec: &OperationSpec, arguments: &Map<String, Value>) -> Effect {
    if !spec.runs_any_operation() {
        return spec.effect;
    }
    let named = arguments.get(OPERATION).and_then(Value::as_str).map(operations::find);
    match named {
        Some(Ok(operation)) => operation.effect,
        // The call is refused before anything is sent.
        _ => spec.effect,
    }
}

/// The call of the operation, with the part of its answer that the caller wants.
fn parse(spec: &'static OperationSpec, asked: RunOperation) -> Result<Invocation> {
    let mut arguments = asked.arguments.unwrap_or_default();
    let paging = take_paging(spec, &mut arguments);
    let mut invocation = spec.parse(arguments).map_err(|error| inside(spec, error))?;
    let has = |name: &str| spec.input_schema().get("properties").is_some_and(|all| all.get(name).is_some());
    if spec.is_list() {
        let limit = asked.limit.map(Value::from).or(paging);
        for (name, value) in [("limit", limit), ("offset", asked.offset.map(Value::from))] {
            if let Some(value) = value.filter(|_| !has(name)) {
                invocation.arguments.set(name, value);
            }
        }
    }
    if let Some(fields) = asked.fields.filter(|fields| !fields.is_empty() && !has("fields")) {
        invocation.arguments.set("fields", fields);
    }
    Ok(invocation)
}

/// Takes the API's own argument for the length of a page out of the arguments, if its value can be a limit. The server
/// pages lists itself.
fn take_paging(spec: &OperationSpec, arguments: &mut Map<String, Value>) -> Option<Value> {
    let list = spec.passthrough.as_ref()?.list.as_ref()?;
    let name = list.limit.as_ref()?;
    let limit = arguments.get(name)?;
    // Anything else is refused with the other arguments.
    let limit = limit.as_u64().or_else(|| limit.as_str()?.trim().parse().ok())?;
    arguments.shift_remove(name);
    (1..=500).contains(&limit).then(|| limit.into())
}

/// An error about an argument of the operation. Its field is inside of `arguments`.
fn inside(spec: &OperationSpec, error: Error) -> Error {
    let field = error.field.as_ref().map(|field| format!("arguments.{field}"));
    let hint = match error.code {
        Code::InvalidArguments => format!(" describe_operation {{\"operation\": \"{}\"}} shows them.", spec.name),
        _ => String::new(),
    };
    Error { message: format!("{}{hint}", error.message), field, ..error }
}
