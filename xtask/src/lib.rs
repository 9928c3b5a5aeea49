//! What the developers' tasks and the tests share: a laboratory of hosts in network namespaces, a table of
//! named frames, and writers of capture files.

pub mod captures;
pub mod frames;
pub mod lab;
