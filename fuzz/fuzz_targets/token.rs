#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| highlevel_mcp::fuzzing::token(data));
