//! What netmon's kernel programs and its user space agree on.
#![no_std]
