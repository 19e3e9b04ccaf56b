//! Headers and tokens from outside, driven with random bytes: the checks are the fuzz targets'.

#[path = "../../../../fuzz/checks/bytes.rs"]
mod bytes;
#[path = "../../../../fuzz/checks/headers.rs"]
mod headers_check;
#[path = "../../../../fuzz/checks/token.rs"]
mod token_check;

use bytes::bytes;
use proptest::prelude::*;

proptest! {
    #[test]
    fn headers(data in bytes()) {
        headers_check::check(&data);
    }

    #[test]
    fn token(data in bytes()) {
        token_check::check(&data);
    }
}
