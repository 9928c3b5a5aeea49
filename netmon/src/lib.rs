//! netmon, as a library.
