//! The rules of section 3 of docs/contract.md, each as what happens to a server and its clients.

mod bounds;
mod causes;
mod counting;
mod doors;
mod failing;
mod healthy;
mod live;
mod overload;
mod properties;
mod restore;
mod scenario;
mod scenes;
mod scope;
mod selective;
mod severity;
mod telling;
mod textbook;
mod unanswered;
mod unreachable;
