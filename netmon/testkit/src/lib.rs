//! What tests, benchmarks, fuzz seeds and the demonstration share: hosts in network namespaces, a table of
//! named frames, writers of capture files, makers of executables, what a command costs and a process holds, and the figures of benchmarks.

pub mod captures;
pub mod cost;
pub mod executable;
pub mod figures;
pub mod frames;
pub mod lab;
pub mod resources;
