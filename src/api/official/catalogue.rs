//! The tools that reach every operation of the API.

use super::endpoint::{OfficialOperation, RequestBuilder};
use highlevel_catalog::{
    Operation, Route,
    operations::{DescribeOperation, RunOperation, SearchOperations},
};

/// Search, description and call of operations.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        local::<SearchOperations>(Route::Catalogue),
        local::<DescribeOperation>(Route::Catalogue),
        local::<RunOperation>(Route::AnyOperation),
    ]
}

fn local<O: Operation>(route: Route) -> OfficialOperation {
    OfficialOperation::new::<O>(route, "", RequestBuilder::Row)
}
