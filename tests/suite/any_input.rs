//! The fuzz targets' checks of arguments, answers and confirmations, run with random bytes.

#[path = "../../fuzz/checks/arguments.rs"]
mod arguments_check;
#[path = "../../fuzz/checks/body.rs"]
mod body_check;
#[path = "../../fuzz/checks/bytes.rs"]
mod bytes;
#[path = "../../fuzz/checks/confirmation.rs"]
mod confirmation_check;
#[path = "../../fuzz/checks/tool.rs"]
mod tool;

use bytes::bytes;
use proptest::prelude::*;

proptest! {
    #[test]
    fn arguments(data in bytes()) {
        arguments_check::check(&data);
    }

    #[test]
    fn body(data in bytes()) {
        body_check::check(&data);
    }

    #[test]
    fn confirmation(data in bytes()) {
        confirmation_check::check(&data);
    }
}
