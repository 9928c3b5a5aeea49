//! Compiles the kernel programs and leaves the objects in `OUT_DIR`, for `include_bytes!`.
//!
//! Two objects: `netmon-ebpf-log` with aya-log, for `--log-level debug`, and `netmon-ebpf` without. Kernel
//! logging brings a map of the legacy kind, which libbpf and bpftool cannot read, and it costs time on
//! every packet; so it is a build of its own, not a switch at run time.
//!
//! Not by aya-build, which leaves no choice of the processor: for the oldest BPF one LLVM makes a third more
//! instructions.
//!
//! This refuses to install anything: a build must not change the machine. `cargo xtask build` does.

use std::{
    env,
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, anyhow, bail, ensure};
use object::build::elf::{Builder, SectionData};
use object::elf::SHT_STRTAB;

#[path = "../xtask/src/toolchain.rs"]
#[expect(dead_code, reason = "set-up needs more of it than the build does")]
mod toolchain;

#[path = "../xtask/src/remap.rs"]
mod remap;

use toolchain::{BINDINGS, Toolchain};

/// The kernel crate, and the name of the object that it leaves.
const KERNEL: &str = "netmon-ebpf";

/// The third version of BPF's instructions, which Linux 5.1 has: comparisons of 32 bits, and in both directions.
const PROCESSOR: &str = "v3";

fn main() {
    if let Err(error) = run() {
        // Cargo shows this as its own error; a panic, or an error returned, would bury it in a backtrace.
        println!("cargo::error={error:#}");
        std::process::exit(1);
    }
}

fn run() -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("this crate has no parent")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);

    for part in [
        "netmon-ebpf",
        "netmon-common/Cargo.toml",
        "netmon-common/src",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo:rerun-if-changed={}", workspace.join(part).display());
    }
    for variable in [toolchain::VARIABLE, toolchain::LINKER_VARIABLE, "RUSTUP_HOME"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }

    let toolchain = toolchain::find().map_err(|error| {
        anyhow!("{error}. `cargo xtask build` sets one up; docs/building.md says how by hand")
    })?;
    // A compiler that was upgraded makes other objects.
    println!(
        "cargo:rerun-if-changed={}",
        toolchain.directory.join("bin/rustc").display()
    );
    let target = Target::lock(&out)?;
    for (features, object) in [("log", "netmon-ebpf-log"), ("", KERNEL)] {
        let built = target.build(workspace, &toolchain, features)?;
        let object = out.join(object);
        let whole = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
        let stripped = stripped(&whole).with_context(|| format!("cannot strip {}", built.display()))?;
        fs::write(&object, stripped).with_context(|| format!("cannot write {}", object.display()))?;
    }
    Ok(())
}

/// The object without what only debuggers read, nine tenths of it. The types (BTF) that the kernel reads stay.
fn stripped(object: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut object = Builder::read(object)?;
    drop_lines(&mut object)?;
    for section in &mut object.sections {
        let name = section.name.as_slice();
        section.delete = [&b".debug_"[..], b".rel.debug_"]
            .iter()
            .any(|dwarf| name.starts_with(dwarf));
    }
    object.delete_orphans();
    // The linker keeps names of sections and of symbols in one table; the writer wants two.
    let names = object.sections.add();
    names.name = b".shstrtab".as_slice().into();
    names.sh_type = SHT_STRTAB;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    object.write(&mut stripped)?;
    Ok(stripped)
}

/// Takes the source lines out of `.BTF.ext` (Linux, Documentation/bpf/btf.rst, section 4.2). netmon shows the last lines of the
/// verifier's log only, and only of a refusal; each start would read 34,000 source lines into 17 MiB, and hand them to the kernel,
/// which keeps them.
fn drop_lines(object: &mut Builder<'_>) -> anyhow::Result<()> {
    const LINES: Range<usize> = 16..24;
    const CORE: Range<usize> = 24..32;
    let mut end = 0;
    for section in &mut object.sections {
        let name = section.name.as_slice();
        match &mut section.data {
            SectionData::Data(data) if name == b".BTF.ext" => {
                let mut bytes = data.to_vec();
                let field = |at: usize| {
                    let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
                    field.map(u32::from_le_bytes).context("`.BTF.ext` is cut off")
                };
                let (header, lines) = (field(4)?, field(LINES.start)?);
                ensure!(
                    field(CORE.start + 4)? == 0,
                    "`.BTF.ext` has relocations (CO-RE) behind its lines"
                );
                ensure!(
                    field(8)? + field(12)? == lines,
                    "the lines of `.BTF.ext` are not behind its functions"
                );
                end = u64::from(header + lines);
                bytes.truncate(usize::try_from(end)?);
                for (range, value) in [(LINES, [lines, 0]), (CORE, [lines, 0])] {
                    let field = bytes.get_mut(range).context("`.BTF.ext` is cut off")?;
                    field.copy_from_slice(&value.map(u32::to_le_bytes).concat());
                }
                *data = bytes.into();
            }
            SectionData::Relocation(relocations) if name == b".rel.BTF.ext" => {
                ensure!(end > 0, "`.rel.BTF.ext` comes before `.BTF.ext`");
                relocations.retain(|relocation| relocation.r_offset < end);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The target directory of the kernel side, which all builds of this crate share: its objects are the same for debug
/// and release, for a check and for a test, for glibc and for musl, and need minutes. The lock lasts until they are copied.
struct Target {
    directory: PathBuf,
    _lock: File,
}

impl Target {
    fn lock(out: &Path) -> anyhow::Result<Self> {
        // OUT_DIR is target/{debug,release}/build/netmon-<hash>/out, or below target/<target> where one was named.
        let target = env::var_os("TARGET").context("cargo sets TARGET")?;
        let directory = out
            .ancestors()
            .skip(4)
            .find(|directory| directory.file_name() != Some(&target))
            .context("OUT_DIR is not below a target directory")?
            .join("kernel");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let lock = directory.join("lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .with_context(|| format!("cannot lock {}", lock.display()))?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// Builds the kernel crate, and says where its object is. The sets of features lie side by side in the target
    /// directory: no build makes the other one anew.
    fn build(&self, workspace: &Path, toolchain: &Toolchain, features: &str) -> anyhow::Result<PathBuf> {
        let mut flags = vec![
            format!("--cfg=bpf_target_arch=\"{BINDINGS}\""),
            format!("-Ctarget-cpu={PROCESSOR}"),
            "-Cdebuginfo=2".to_owned(),
            "-Clink-arg=--btf".to_owned(),
        ];
        // The types and lines that the kernel reads name the files they come from.
        let sysroot = fs::canonicalize(&toolchain.directory)
            .with_context(|| format!("cannot find {}", toolchain.directory.display()))?;
        let renamed = remap::renamed(workspace, &sysroot, None);
        flags.extend(remap::flags("--remap-path-prefix", &renamed));
        let mut cargo = Command::new("rustup");
        cargo
            .args(["run", &toolchain.name, "cargo", "build", "--quiet", "--release"])
            .args([
                "--package",
                KERNEL,
                "--no-default-features",
                "--features",
                features,
            ])
            .args(["--target", toolchain::TARGET, "--target-dir"])
            .arg(&self.directory)
            .current_dir(workspace)
            .env("RUSTC_BOOTSTRAP", toolchain.bootstrap())
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        if !toolchain.prebuilt_core {
            cargo.args(["-Z", "build-std=core"]);
        }
        // What the cargo that runs us has set must not reach that one.
        for variable in ["CARGO", "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            cargo.env_remove(variable);
        }
        if let Some(linker) = linker(workspace)? {
            cargo.env(toolchain::LINKER_VARIABLE, linker);
        }
        let output = cargo
            .output()
            .with_context(|| format!("cannot start {cargo:?}"))?;
        let messages = String::from_utf8_lossy(&output.stderr);
        let kind = if output.status.success() {
            "warning"
        } else {
            "error"
        };
        for line in messages.lines() {
            println!("cargo::{kind}={line}");
        }
        if !output.status.success() {
            bail!(
                "cannot build {KERNEL} with the toolchain {}: {}",
                toolchain.name,
                output.status
            );
        }
        Ok(self
            .directory
            .join(toolchain::TARGET)
            .join("release")
            .join(KERNEL))
    }
}

/// The linker of set-up, unless the developer named one, or there is none and one is on PATH.
fn linker(workspace: &Path) -> anyhow::Result<Option<PathBuf>> {
    if env::var_os(toolchain::LINKER_VARIABLE).is_some() {
        return Ok(None);
    }
    let own = toolchain::own_linker(workspace);
    if own.exists() {
        println!("cargo:rerun-if-changed={}", own.display());
        return Ok(Some(own));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|directory| directory.join("bpf-linker").exists()) {
        bail!(
            "there is no bpf-linker in {} nor on PATH; `cargo xtask build` builds it",
            own.display()
        );
    }
    Ok(None)
}
