//! What the developers' tasks and the tests share: a laboratory of hosts in network namespaces, and a table of
//! named frames.

pub mod frames;
pub mod lab;
