//! Operations of the catalogue: requests and answers in the API's own form.

mod downloads;
mod files;
mod inner_locations;
mod list;
mod request;

pub(in crate::api) use inner_locations::check as check_locations;
pub(in crate::api) use request::path;

use super::{Official, request as official_request, sent};
use crate::api::{Done, refusal};
use highlevel_api_client::{Body, Fate, SendError};
use highlevel_catalog::{Answer, Invocation, Passthrough};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Members of answers that are of no use to callers.
const NOISE: [&str; 2] = ["traceId", "traceid"];

impl Official {
    /// Runs an operation of the catalogue.
    pub(super) async fn pass_through(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
        context: &CallContext,
    ) -> Result<Done, SendError> {
        match &form.list {
            Some(list) => self.pages_through(invocation, form, list, context).await,
            None => self.object_through(invocation, form, context).await,
        }
    }

    async fn object_through(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
        context: &CallContext,
    ) -> Result<Done, SendError> {
        let mut request = request::build(invocation, form, &self.account(), &[]).map_err(SendError::not_sent)?;
        request.files = self.files(invocation, form).await?;
        request.save = self.save(invocation, form).await?;
        let response = self.client.send(&request, context).await?;
        let sent_at = response.sent_at;
        let status = response.status;
        let fate = match status.is_success() {
            true => Fate::Unknown,
            false if response.repeated_after_doubt => Fate::Unknown,
            false => refusal::fate(invocation.spec, status, &response.body, sent(&request)),
        };
        let failed = |error, fate| SendError { error, fate, sent_at: Some(sent_at) };
        if !status.is_success() {
            return Err(failed(official_request::failure(status, &response.body), fate));
        }
        if let Some(error) = refused_with_success(&response.body) {
            return Err(failed(error, Fate::Refused));
        }
        Ok(Done { answer: Answer::Object(object(status, response.body)), sent_at })
    }
}

/// The error of an answer that says in its body that nothing was done.
fn refused_with_success(body: &Body) -> Option<Error> {
    let Body::Json(Value::Object(members)) = body else { return None };
    let says_no =
        ["success", "succeeded", "succeded"].iter().any(|name| members.get(*name) == Some(&Value::Bool(false)));
    let message = highlevel_api_client::api_message(body).unwrap_or_default();
    says_no.then(|| {
        Error::new(Code::Conflict, format!("HighLevel answered that it did not succeed. {message}").trim().to_owned())
    })
}

/// An answer as one object.
fn object(status: StatusCode, body: Body) -> Value {
    match body {
        Body::Json(Value::Object(mut members)) => {
            members.retain(|name, _| !NOISE.contains(&name.as_str()));
            if members.is_empty() { done(status) } else { members.into() }
        }
        Body::Json(Value::Array(items)) => json!({"data": items}),
        Body::Json(Value::Null) | Body::Empty => done(status),
        Body::Json(value) => json!({"value": value}),
        Body::Text(text) => json!({"text": text}),
        Body::File(file) => downloads::saved(file),
    }
}

/// The answer for a response without a body.
fn done(status: StatusCode) -> Value {
    let mut members = Map::new();
    members.insert("done".to_owned(), true.into());
    members.insert("httpStatus".to_owned(), status.as_u16().into());
    members.into()
}
