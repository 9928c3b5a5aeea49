//! Tells the BPF linker what the kernel's machine can do.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // On the host this crate is only checked, and its tests, of which there are none, are linked by another
    // linker.
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "bpf") {
        // Headers lie at any offset. Without this LLVM reads them byte by byte, which costs four times the
        // instructions; the verifiers of x86-64 and arm64 allow the wide loads.
        println!("cargo:rustc-link-arg-bins=--cpu-features=+allows-misaligned-mem-access");
        // Without this LLVM makes only some copies inline, and of the others, and of all zeroing, loops over bytes.
        println!("cargo:rustc-link-arg-bins=--disable-expand-memcpy-in-order");
        // Each way that ends alike has its own end, or packets would jump about for the sake of a smaller program.
        println!("cargo:rustc-link-arg-bins=--llvm-args=-enable-tail-merge=false");
    }
}
