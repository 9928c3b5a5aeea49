//! Tells the BPF linker what the kernel's machine can do.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Headers lie at any offset. Without this LLVM reads them byte by byte, which costs four times the
    // instructions; the verifiers of x86-64 and arm64 allow the wide loads.
    println!("cargo:rustc-link-arg-bins=--cpu-features=+allows-misaligned-mem-access");
}
