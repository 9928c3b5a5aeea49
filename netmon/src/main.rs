//! netmon.
fn main() {}
