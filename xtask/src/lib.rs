//! What the developers' tasks and the tests share.
