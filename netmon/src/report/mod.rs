//! How what was found is told: to programs (JSON), to people. One form a file.
//!
//! Types that are serialised live here, and nowhere else.

pub mod model;
pub mod timeline;
pub mod words;
