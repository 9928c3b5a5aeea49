//! What tests, benchmarks, fuzz seeds and the demonstration share: hosts in network namespaces, a table of
//! named frames, and writers of capture files.

pub mod captures;
pub mod frames;
pub mod lab;
