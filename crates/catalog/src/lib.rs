//! The catalogue: one description of each operation. Tools, requests, command-line forms, guards and docs derive from
//! it.
//!
//! A typed operation is a struct that implements [`Operation`]. It yields an [`OperationSpec`], which is plain data.
//! Rows of data yield specs too ([`rows`]). A [`Catalog`] holds the specs of one API.

#![deny(missing_docs)]

mod absent;
pub mod answer;
mod api;
mod argument_rules;
pub mod bulk;
pub mod calendars;
pub mod campaigns;
mod catalog;
mod check;
pub mod coerce;
pub mod contacts;
pub mod conversations;
pub mod export;
pub mod forms;
pub mod funnels;
pub mod id;
pub mod insights;
mod invocation;
pub mod invoices;
pub mod list;
pub mod locations;
pub mod marks;
mod meaning;
mod near;
pub mod notes;
pub mod operation;
pub mod operations;
pub mod opportunities;
pub mod pages;
mod parse;
pub mod passthrough;
pub mod place;
mod route;
pub mod rows;
mod schema;
pub mod secrets;
mod spec;
pub mod tags;
pub mod tasks;
pub mod text;
pub mod users;
pub mod webhooks;
pub mod workflows;

pub use answer::{Answer, ListAnswer, ListPaging};
pub use api::Api;
pub use argument_rules::ArgumentRules;
pub use catalog::Catalog;
pub use coerce::AnswerFields;
pub use id::Id;
pub use invocation::{Arguments, HIDDEN, Invocation, Window};
pub use marks::{Channel, Found, Marks, Reaches, Sends};
pub use meaning::{
    FilterGap, GapValues, Inverse, InverseValues, Lookup, LookupField, LookupFilter, Names, ReadBack, Scope,
    ScopeField, StateRule, States,
};
pub use near::{advice, advice_on, date_in, drop_location, names_location, number_in, take_token};
pub use operation::{AnswerShape, Condition, Effect, EffectRule, Operation, Output, Toolset};
pub use passthrough::{BodyForm, Cursor, PagedList, Passthrough, Touches};
pub use route::{HttpRoute, Method, PagingStyle, Route, path_shape};
pub use schema::CONFIRMATION_TOKEN;
pub use spec::{OperationSpec, Schemas};
