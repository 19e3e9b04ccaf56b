//! The tools that reach every operation of the API.

use super::endpoint::{OfficialOperation, RequestBuilder};
use highlevel_catalog::{
    Operation, Route,
    operations::{DescribeOperation, RunOperation, SearchOperations},
};

/// Search, description and call of operations.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![of_catalogue::<SearchOperations>(), of_catalogue::<DescribeOperation>(), of_catalogue::<RunOperation>()]
}

fn of_catalogue<O: Operation>() -> OfficialOperation {
    OfficialOperation::new::<O>(Route::Catalogue, "", RequestBuilder::Row)
}
