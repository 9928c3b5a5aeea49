//! How what was found is told: to programs (JSON), to people. One form a file.
//!
//! Types that are serialised live here, and nowhere else.

pub mod lines;
pub mod model;
pub mod people;
pub mod sink;
pub mod words;
