//! How an operation is declared: its route, and the token, headers, query and body that it takes.

use super::Op;
use crate::operation::{Effect, OperationLabel};

/// The tokens that an operation accepts: the files' security schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// None: the operation issues one.
    Nobody,
    /// A sub-account's: `bearer`, `Location-Access`.
    Location,
    /// A sub-account's or an agency's.
    Either,
    /// An agency's: `Agency-Access-Only`.
    Company,
}

/// The body that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    None,
    Json,
    Form,
}

/// The values that a query parameter accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Holds {
    Text,
    /// A whole number within these bounds.
    Whole(usize, usize),
    OneOf(&'static [&'static str]),
    /// `mm-dd-yyyy`
    Day,
    /// `yyyy-mm-dd`
    IsoDay,
    Flag,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) required: bool,
}

pub(in crate::official) const fn may(name: &'static str, holds: Holds) -> Parameter {
    Parameter { name, holds, required: false }
}

pub(in crate::official) const fn must(name: &'static str, holds: Holds) -> Parameter {
    Parameter { name, holds, required: true }
}

/// One operation with its route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) op: Op,
    /// The method and the path pattern.
    pub(super) name: &'static str,
    /// The session API's operation that does the same.
    pub(in crate::official) session_name: Option<&'static str>,
    pub(super) effect: Effect,
    pub(crate) access: Access,
    /// The value of the header `Version`, if the file declares one.
    pub(crate) version: Option<&'static str>,
    pub(crate) body: BodyRule,
    pub(crate) query: &'static [Parameter],
}

impl Route {
    pub(crate) fn label(&self) -> OperationLabel {
        OperationLabel { name: self.name, session_name: self.session_name, effect: self.effect }
    }

    pub(in crate::official) const fn version(mut self, version: Option<&'static str>) -> Self {
        self.version = version;
        self
    }

    pub(super) const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The session API has no such operation.
    pub(in crate::official) const fn official_only(mut self) -> Self {
        self.session_name = None;
        self
    }

    /// The operation changes something.
    pub(in crate::official) const fn writes(mut self) -> Self {
        self.effect = Effect::Write;
        self
    }
}

/// The version of most operations.
pub(crate) const DATED: &str = "2021-07-28";
pub(super) const V3: Option<&str> = Some("v3");

pub(in crate::official) const fn read(
    op: Op,
    name: &'static str,
    session_name: &'static str,
    query: &'static [Parameter],
) -> Route {
    Route {
        op,
        name,
        session_name: Some(session_name),
        effect: Effect::Read,
        access: Access::Location,
        version: Some(DATED),
        body: BodyRule::None,
        query,
    }
}

pub(in crate::official) const fn json(effect: Effect, op: Op, name: &'static str, session_name: &'static str) -> Route {
    Route {
        op,
        name,
        session_name: Some(session_name),
        effect,
        access: Access::Location,
        version: Some(DATED),
        body: BodyRule::Json,
        query: &[],
    }
}

pub(super) const fn form(op: Op, name: &'static str, access: Access) -> Route {
    Route {
        op,
        name,
        session_name: None,
        effect: Effect::Refresh,
        access,
        version: None,
        body: BodyRule::Form,
        query: &[],
    }
}

/// A read that the session API does not have.
pub(super) const fn own_read(op: Op, name: &'static str) -> Route {
    Route { session_name: None, ..read(op, name, "", &[]) }
}

/// An operation with a body that the session API does not have.
pub(super) const fn own_json(effect: Effect, op: Op, name: &'static str) -> Route {
    Route { session_name: None, ..json(effect, op, name, "") }
}

/// A deletion, which the session API has of no such object.
pub(super) const fn own_delete(op: Op, name: &'static str) -> Route {
    Route { effect: Effect::Write, ..own_read(op, name) }
}

pub(in crate::official) const ANY: Holds = Holds::Whole(0, usize::MAX);
pub(in crate::official) const SOME: Holds = Holds::Whole(1, usize::MAX);
