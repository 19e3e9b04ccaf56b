//! The `highlevel-mcp` binary.

fn main() {}
