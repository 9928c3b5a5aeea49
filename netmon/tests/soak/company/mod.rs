//! A small company, its people, and the faults that happen to its resolvers.

pub mod clients;
pub mod faults;
pub mod happening;
pub mod world;
