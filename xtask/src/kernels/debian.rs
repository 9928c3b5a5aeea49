//! Debian's kernels, downloaded and unpacked, never installed: with lists and a cache of their own, so that the system's apt
//! does not notice.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// Where Debian's packages are, and what signs them.
const MIRROR: &str = "http://deb.debian.org/debian";
const SECURITY: &str = "http://deb.debian.org/debian-security";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A kernel that Debian has.
pub struct Release {
    /// What people call it here.
    pub name: &'static str,
    /// The suite that has it.
    suite: &'static str,
    /// The suite with its newer builds, if there is one.
    security: Option<&'static str>,
    /// The package that depends on the newest image.
    package: &'static str,
}

/// All of them, oldest first.
pub const RELEASES: [Release; 7] = [
    release("5.10", "bullseye", Some("bullseye-security"), "linux-image-amd64"),
    release("6.1", "bookworm", Some("bookworm-security"), "linux-image-amd64"),
    release(
        "6.1-rt",
        "bookworm",
        Some("bookworm-security"),
        "linux-image-rt-amd64",
    ),
    release("6.12", "trixie", Some("trixie-security"), "linux-image-amd64"),
    release("backports", "trixie-backports", None, "linux-image-amd64"),
    release("sid", "sid", None, "linux-image-amd64"),
    release("experimental", "experimental", None, "linux-image-amd64"),
];

const fn release(
    name: &'static str,
    suite: &'static str,
    security: Option<&'static str>,
    package: &'static str,
) -> Release {
    Release {
        name,
        suite,
        security,
        package,
    }
}

/// A kernel that was unpacked.
pub struct Unpacked {
    /// What `uname -r` says in it.
    pub release: String,
    /// Its image.
    pub image: PathBuf,
    /// The directory that holds `lib/modules`.
    pub root: PathBuf,
}

impl Release {
    fn directory(&self) -> PathBuf {
        workspace::target().join("kernels").join(self.name)
    }

    /// Downloads and unpacks it, unless it is there.
    pub fn unpacked(&self) -> Result<Unpacked> {
        let directory = self.directory();
        let done = directory.join("done");
        if !done.exists() {
            eprintln!("xtask: kernels: downloading {} from {}", self.package, self.suite);
            self.unpack(&directory)
                .with_context(|| format!("cannot get the kernel {}", self.name))?;
            fs::write(&done, "")?;
        }
        let root = directory.join("root");
        let release = only(&root.join("lib/modules"))?;
        let image = root.join("boot").join(format!("vmlinuz-{release}"));
        Ok(Unpacked { release, image, root })
    }

    fn unpack(&self, directory: &Path) -> Result<()> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        for part in ["lists/partial", "cache/archives/partial", "packages", "root"] {
            fs::create_dir_all(directory.join(part))?;
        }
        let mut sources = format!("deb [signed-by={KEYRING}] {MIRROR} {} main\n", self.suite);
        if let Some(security) = self.security {
            writeln!(sources, "deb [signed-by={KEYRING}] {SECURITY} {security} main")?;
        }
        fs::write(directory.join("sources.list"), sources)?;
        let place = directory.display();
        let configuration = format!(
            "Dir::Etc::sourcelist \"{place}/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"/dev/null\";\nDir::State::lists \"{place}/lists\";\n\
             Dir::Cache \"{place}/cache\";\nAPT::Sandbox::User \"root\";\n"
        );
        let configuration_file = directory.join("apt.conf");
        fs::write(&configuration_file, configuration)?;
        let apt = |program: &str, arguments: &[&str]| {
            let mut apt = Command::new(program);
            apt.env("APT_CONFIG", &configuration_file)
                .current_dir(directory.join("packages"))
                .args(arguments);
            apt
        };
        process::run(&mut apt("apt-get", &["update", "-qq"]))?;
        let depends = |package: &str, is_wanted: &dyn Fn(&str) -> bool| {
            let all = process::output(&mut apt("apt-cache", &["depends", package]))?;
            let names = all
                .lines()
                .filter_map(|line| line.trim().strip_prefix("Depends: "));
            anyhow::Ok(
                names
                    .filter(|name| is_wanted(name))
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        };
        let images = depends(self.package, &|name| name.starts_with("linux-image-"))?;
        let [image] = images.as_slice() else {
            bail!("{} depends on {images:?}, and not on one image", self.package);
        };
        // From Linux 7 on image and modules are in packages of their own.
        let mut packages = depends(image, &|name| {
            name.starts_with("linux-binary-") || name.starts_with("linux-modules-")
        })?;
        packages.push(image.clone());
        for package in packages {
            process::run(&mut apt("apt-get", &["download", "-qq", &package]))?;
        }
        let root = directory.join("root");
        for package in fs::read_dir(directory.join("packages"))? {
            process::run(Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(&root))?;
        }
        if !root.join("lib").exists() {
            std::os::unix::fs::symlink("usr/lib", root.join("lib"))?;
        }
        let release = only(&root.join("lib/modules"))?;
        process::run(Command::new("depmod").arg("-b").arg(&root).arg(release))
    }
}

/// The name of the one entry of a directory.
pub fn only(directory: &Path) -> Result<String> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    match names.as_slice() {
        [name] => Ok(name.clone()),
        _ => bail!("{} holds {names:?}, and not one entry", directory.display()),
    }
}
