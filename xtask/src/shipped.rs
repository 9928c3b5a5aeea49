//! What netmon is shipped for: set-up installs for it, `cargo xtask dist` builds for it.

/// What netmon is shipped for.
pub struct Target {
    /// As `uname -m`, and as rpm calls it.
    pub arch: &'static str,
    /// As rustc calls it.
    pub triple: &'static str,
}

/// All of them.
pub const TARGETS: [Target; 2] = [
    target("x86_64", "x86_64-unknown-linux-musl"),
    target("aarch64", "aarch64-unknown-linux-musl"),
];

const fn target(arch: &'static str, triple: &'static str) -> Target {
    Target { arch, triple }
}
