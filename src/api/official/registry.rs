//! The registry of the official API's operations: the typed ones and rows of data.

use super::{
    calendars, campaigns, catalogue, contacts,
    endpoint::{Endpoint, OfficialOperation, RequestBuilder},
    funnels, locations, notes, opportunities, tasks, users,
};
use highlevel_catalog::{Catalog, OperationSpec, rows};
use highlevel_core::error::Result;
use std::{collections::HashMap, sync::LazyLock};

/// The rows of data in every build.
const ROWS: &str = include_str!("operations.jsonl");

/// The operations of the official API.
pub struct Registry {
    catalog: Catalog,
    endpoints: HashMap<String, Endpoint>,
}

static STANDARD: LazyLock<Registry> = LazyLock::new(|| {
    // A test reads the rows, so this error does not occur in a tested build.
    Registry::with_rows(ROWS).unwrap_or_else(|error| {
        tracing::error!("{}", error.message);
        Registry::of(Vec::new())
    })
});

impl Registry {
    /// The operations in every build.
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The typed operations and those of `text`, which [`rows::read`] reads.
    ///
    /// # Errors
    /// `internal` with the number of the first wrong line and the problem.
    pub fn with_rows(text: &str) -> Result<Self> {
        Ok(Self::of(rows::read(text)?))
    }

    fn of(rows: Vec<OperationSpec>) -> Self {
        let row = |spec| OfficialOperation {
            spec,
            endpoint: Endpoint {
                requests: RequestBuilder::Row,
                convert: |object, _| object.into(),
                read: None,
                names: &[],
                needs_user: false,
            },
        };
        let operations = [
            users::operations(),
            locations::operations(),
            contacts::operations(),
            notes::operations(),
            tasks::operations(),
            opportunities::operations(),
            calendars::operations(),
            campaigns::operations(),
            funnels::operations(),
            catalogue::operations(),
            rows.into_iter().map(row).collect(),
        ];
        let mut endpoints = HashMap::new();
        let specs = operations.into_iter().flatten().map(|OfficialOperation { spec, endpoint }| {
            endpoints.insert(spec.name.to_string(), endpoint);
            spec
        });
        Self { catalog: Catalog::official(specs.collect()), endpoints }
    }

    /// The specs of the operations.
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
    fn built_in_rows_are_valid() {
        Registry::with_rows(ROWS).unwrap();
    }
}
