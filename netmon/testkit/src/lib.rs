//! What tests, benchmarks, fuzz seeds and the demonstration share: hosts in network namespaces, a table of
//! named frames, writers of capture files, makers of executables, and what a
//! command costs.

pub mod captures;
pub mod cost;
pub mod executable;
pub mod frames;
pub mod lab;
