//! What the developers' tasks and the tests share: a laboratory of hosts in network namespaces.

pub mod lab;
