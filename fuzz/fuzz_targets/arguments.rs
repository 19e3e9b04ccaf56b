#![no_main]

#[path = "../checks/arguments.rs"]
mod check;
#[path = "../checks/tool.rs"]
mod tool;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
