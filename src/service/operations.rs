//! Search and description of operations.

use highlevel_catalog::{
    Effect, Invocation,
    operations::{DescribeOperation, SearchOperations},
};
use highlevel_core::error::Result;
use highlevel_operations as operations;
use serde_json::{Map, Value, json};

/// The most operations that a search shows.
const MAX_HITS: usize = 8;

/// The answer of an operation that the catalogue answers. `None` for other operations.
pub(super) fn answer(invocation: &Invocation) -> Option<Result<Value>> {
    if let Some(asked) = invocation.read_as::<SearchOperations>() {
        return Some(asked.map(|asked| search(&asked.query)));
    }
    let asked = invocation.read_as::<DescribeOperation>()?;
    Some(asked.and_then(|asked| describe(&asked)))
}

fn search(query: &str) -> Value {
    let found = operations::search(query, MAX_HITS);
    let mut answer = Map::new();
    if let Some(absent) = found.absent {
        answer.insert("note".to_owned(), absent.into());
    } else if found.operations.is_empty() {
        let note = "Nothing matches. Try other words for the job, such as \"send a message\" or \"list invoices\".";
        answer.insert("note".to_owned(), note.into());
    }
    answer.insert("operations".to_owned(), found.operations.into_iter().map(hit).collect());
    answer.into()
}

/// One operation in a list of hits.
fn hit(operation: &'static operations::Operation) -> Value {
    let mut hit = Map::new();
    hit.insert("operation".to_owned(), operation.name.into());
    hit.insert("summary".to_owned(), operation.summary.into());
    if operation.effect != Effect::Read {
        hit.insert("effect".to_owned(), json!(operation.effect));
    }
    hit.extend(tool(operation).map(|tool| ("tool".to_owned(), tool.into())));
    hit.into()
}

fn describe(asked: &DescribeOperation) -> Result<Value> {
    let operation = operations::find(&asked.operation)?;
    let mut description = operations::describe(operation, asked.argument.as_deref())?;
    if let Some(tool) = tool(operation) {
        description.insert("tool".to_owned(), tool.into());
    }
    Ok(description.into())
}

/// The typed tool for the same job.
fn tool(operation: &operations::Operation) -> Option<&'static str> {
    crate::api::typed_tool(operation.method, operation.path)
}
