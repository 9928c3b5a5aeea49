//! The rules of the contract's section 3, each as what happens to a server and its clients.

mod acceptance;
mod bounds;
mod causes;
mod chain;
mod connections;
mod counting;
mod failing;
mod failing_ends;
mod failover;
mod healthy;
mod many;
mod one_direction;
mod overload;
mod properties;
mod restore;
mod scenario;
mod scenes;
mod scope;
mod selective;
mod severity;
mod spans;
mod telling;
mod textbook;
mod unanswered;
mod unreachable;
