//! The official API's operations: those of the resources' files, and rows of data.

use super::{
    campaigns, contacts,
    endpoint::{Ask, Described, Endpoint},
    funnels, locations, opportunities, users,
};
use highlevel_catalog::{Catalog, OperationSpec, rows};
use highlevel_core::error::Result;
use std::{collections::HashMap, sync::LazyLock};

/// The rows of data that every build has.
const ROWS: &str = include_str!("operations.jsonl");

/// The operations of the official API.
pub struct Registry {
    catalog: Catalog,
    endpoints: HashMap<String, Endpoint>,
}

static STANDARD: LazyLock<Registry> = LazyLock::new(|| {
    // A test reads the rows, so a wrong one does not get here.
    Registry::with_rows(ROWS).unwrap_or_else(|error| {
        tracing::error!("{}", error.message);
        Registry::of(Vec::new())
    })
});

impl Registry {
    /// The operations that every build has.
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The typed operations, and one for each row ([`rows::read`]).
    ///
    /// # Errors
    /// `internal` with the line's number and what is wrong with it.
    pub fn with_rows(text: &str) -> Result<Self> {
        Ok(Self::of(rows::read(text)?))
    }

    fn of(rows: Vec<OperationSpec>) -> Self {
        let row = |spec| Described {
            spec,
            endpoint: Endpoint { ask: Ask::Row, read: |object, _| object.into(), names: &[], needs_user: false },
        };
        let described = [
            users::operations(),
            locations::operations(),
            contacts::operations(),
            opportunities::operations(),
            campaigns::operations(),
            funnels::operations(),
            rows.into_iter().map(row).collect(),
        ];
        let mut endpoints = HashMap::new();
        let specs = described.into_iter().flatten().map(|Described { spec, endpoint }| {
            endpoints.insert(spec.name.to_string(), endpoint);
            spec
        });
        Self { catalog: Catalog::official(specs.collect()), endpoints }
    }

    /// What callers see of the operations.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(super) fn endpoint(&self, spec: &OperationSpec) -> Option<&Endpoint> {
        self.endpoints.get(spec.name.as_ref())
    }

    pub(super) fn endpoint_named(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.get(name)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("catalog", &self.catalog).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_every_build_can_be_read() {
        Registry::with_rows(ROWS).unwrap();
    }
}
