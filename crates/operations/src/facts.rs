//! The facts of an operation, as `data/catalogue` has them.

use flate2::read::DeflateDecoder;
use highlevel_catalog::{BodyForm, PagedList};
use highlevel_core::error::{Code, Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::Read;

include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The facts of one operation that the index does not have.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Facts {
    /// The `Version` header. None is declared for some operations.
    pub(crate) version: Option<String>,
    /// The arguments in the query of a request with a body.
    #[serde(default)]
    pub(crate) query: Vec<String>,
    #[serde(default)]
    pub(crate) body: BodyForm,
    /// The JSON Schemas of the arguments, by name: parameters and the body's members.
    #[serde(default)]
    pub(crate) arguments: Map<String, Value>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// The JSON Schema of the answer.
    #[serde(default)]
    pub(crate) answer: Map<String, Value>,
    pub(crate) list: Option<PagedList>,
}

impl Facts {
    /// The media type of the answer, if that is a file.
    pub(crate) fn file(&self) -> Option<&str> {
        self.answer.get("contentType")?.as_str()
    }
}

/// Unpacks the facts of an operation.
///
/// # Errors
/// `internal` if the build packed no such operation.
pub(crate) fn of(group: &str, name: &str) -> Result<Facts> {
    let missing = |what: &str| Error::new(Code::Internal, format!("The catalogue has no {what}."));
    let (_, pack) = PACKS.iter().find(|(known, _)| *known == group).ok_or_else(|| missing(group))?;
    let mut text = String::new();
    let unpacked = DeflateDecoder::new(*pack).read_to_string(&mut text);
    unpacked.map_err(|fault| missing(group).caused_by(fault))?;
    let start = format!("{{\"name\":\"{name}\",");
    let line = text.lines().find(|line| line.starts_with(&start)).ok_or_else(|| missing(name))?;
    serde_json::from_str(line).map_err(|fault| missing(&format!("readable {name}: {fault}")).caused_by(fault))
}
