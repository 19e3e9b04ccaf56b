//! Publishing: sent once, and when the answer leaves a doubt the page itself is asked.

use super::objects;
use crate::{
    backend::Backend,
    client::Fate,
    context::CallContext,
    crm::Invocation,
    error::{Code, Error, Result},
};
use serde_json::Value;

pub(super) async fn run(backend: &Backend, publish: &Invocation, context: &CallContext) -> Result<Value> {
    let mut sent_again = false;
    loop {
        let failed = match backend.run(publish, context).await {
            Ok(done) => return Ok(done.value),
            Err(failed) => failed,
        };
        if failed.fate == Fate::NotExecuted {
            return Err(failed.error);
        }
        context.report("no clear answer: reading the page back");
        match objects::read(backend, publish, context).await {
            Ok(Some(page)) if page.get("status").and_then(Value::as_str) == Some("published") => return Ok(page),
            // The API answered with a failure and the page is as it was: it surely was not published.
            Ok(Some(_)) if failed.fate == Fate::AnsweredFailure && sent_again => return Err(failed.error),
            Ok(Some(_)) if failed.fate == Fate::AnsweredFailure => sent_again = true,
            _ => return Err(unknown(publish)),
        }
    }
}

fn unknown(publish: &Invocation) -> Error {
    let id = publish.id.as_ref().map_or("", |id| id.as_str());
    Error::new(
        Code::OutcomeUnknown,
        format!("It is not known whether page {id} was published: no answer could be read. Check with get_page before anything else."),
    )
    .with("check", "get_page")
}
