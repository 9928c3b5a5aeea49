//! What tests, benchmarks, fuzz seeds and the demonstration share: hosts in network namespaces, a table of
//! named frames, writers of capture files, and makers of executables.

pub mod captures;
pub mod executable;
pub mod frames;
pub mod lab;
