//! The other door: packets that were captured earlier, and become the same observations as live ones.

pub mod text;
