//! A disk that loses its power, with all that it was not told to keep.
//!
//! It is a file in a file system of its own, and that file's cached pages are the disk's cache: what is written to the disk lies there
//! until the disk is told to flush, or does so by itself now and then, in any order. To cut the power is to shut the outer file
//! system down without its journal (`FS_IOC_SHUTDOWN`, as xfstests does it): it forgets everything that it had not written. Both file
//! systems are the kernel's own ext4 and recover when the power is back. The mounts are the test's own: whoever copies the machine's
//! (each `ip netns exec` does) would keep the file system in use that was shut down, and it would not come back.
//!
//! What this does not show: a sector that is half written, and a disk that says that it has flushed and has not.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use netmon_testkit::lab::command::run;
use netmon_testkit::lab::{eventually, require_own_mounts};
use nix::mount::{MntFlags, umount2};

/// The disk's size; its files are small.
const DISK: usize = 24 << 20;
/// The size of what it lies in.
const BELOW: u64 = 64 << 20;
/// Of a page of the disk's cache.
const PAGE: usize = 4_096;
/// `EXT4_GOING_FLAGS_NOLOGFLUSH`: what is in the journal and not on the disk is lost, too.
const WITHOUT_JOURNAL: u32 = 2;

nix::ioctl_read!(shut_down, b'X', 125, u32);

/// The disk, mounted.
pub struct Disk {
    /// The file that holds everything.
    image: PathBuf,
    /// Where the file system is mounted that the disk is a file of.
    below: PathBuf,
    /// Where the disk is mounted.
    pub path: PathBuf,
}

impl Disk {
    /// Makes one in this directory, and mounts it.
    pub fn new(directory: &Path) -> Self {
        require_own_mounts("mount a disk whose power will be cut").unwrap();
        let disk = Self {
            image: directory.join("image"),
            below: directory.join("below"),
            path: directory.join("disk"),
        };
        for path in [&disk.below, &disk.path] {
            fs::create_dir(path).unwrap();
        }
        File::create(&disk.image).unwrap().set_len(BELOW).unwrap();
        make_file_system(&disk.image);
        mount(&disk.image, &disk.below, "loop");
        // Written once: from then on the disk's pages have their places.
        fs::write(disk.file(), vec![0; DISK]).unwrap();
        make_file_system(&disk.file());
        File::open(disk.file()).unwrap().sync_all().unwrap();
        disk.plug_in();
        disk
    }

    fn file(&self) -> PathBuf {
        self.below.join("disk")
    }

    fn plug_in(&self) {
        // The kernel commits its journal each second and not each five, so that more of it is under way.
        mount(&self.file(), &self.path, "loop,commit=1");
    }

    /// The power is gone: what the disk has not written it never will.
    pub fn cut_power(&self) {
        let below = File::open(&self.below).unwrap();
        let mut how = WITHOUT_JOURNAL;
        // SAFETY: the kernel reads one word, which lives until it returns.
        unsafe { shut_down(below.as_raw_fd(), &raw mut how) }.unwrap();
    }

    /// The power is back. Nobody may use the disk meanwhile.
    pub fn restore_power(&self) {
        unmount(&self.path);
        unmount(&self.below);
        mount(&self.image, &self.below, "loop");
        self.plug_in();
    }

    /// Writes parts of the disk's cache, one here and one there, until it is told to end: a disk need not keep to the order.
    pub fn write_back_some(&self, ended: &AtomicBool) {
        let file = File::options().write(true).open(self.file()).unwrap();
        let pages = DISK / PAGE;
        // A step that has no divisor in common with the number of pages comes to each of them.
        let mut page = 0;
        while !ended.load(Ordering::Relaxed) {
            page = (page + 2_741) % pages;
            let offset = i64::try_from(page * PAGE).unwrap();
            let length = i64::try_from(PAGE).unwrap();
            // SAFETY: integers, and a file that is open.
            let _it_may_be_off = unsafe {
                libc::sync_file_range(file.as_raw_fd(), offset, length, libc::SYNC_FILE_RANGE_WRITE)
            };
            if page % 64 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for path in [&self.path, &self.below] {
            // Detached, because a netmon may still have files open there.
            let _gone = umount2(path, MntFlags::MNT_DETACH);
        }
    }
}

fn make_file_system(device: &Path) {
    run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(device)).unwrap();
}

fn mount(device: &Path, at: &Path, options: &str) {
    run(Command::new("mount")
        .args(["-t", "ext4", "-o", options])
        .args([device, at]))
    .unwrap();
}

/// The loop device lets go of its file a moment after its own file system is gone.
#[track_caller]
fn unmount(path: &Path) {
    let what = format!("end of what is mounted at {}", path.display());
    eventually(&what, || umount2(path, MntFlags::empty()), Result::is_ok).unwrap();
}
