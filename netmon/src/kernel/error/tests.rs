//! Which refusals are explained by what.

use std::io;

use super::super::version::Version;
use super::*;

/// A kernel whose release is this, as `uname -r` says it.
fn running(release: &str) -> Running {
    Running {
        release: release.to_owned(),
        version: Version::parse(release),
    }
}

#[test]
fn an_empty_log_of_the_verifier_leaves_no_gap() {
    let error = io::Error::from_raw_os_error(libc::EINVAL);
    assert_eq!(
        said(&error, "\n"),
        "Invalid argument (os error 22) (without a word of the verifier)"
    );
    assert_eq!(said(&error, "0: r1\n"), "Invalid argument (os error 22): 0: r1");
}

#[test]
fn only_a_refusal_that_nothing_else_explains_is_to_be_reported() {
    let report = "please report";
    for (case, number, release, lacks_rights, expected) in [
        ("all is there", libc::EACCES, "6.1.0-18-amd64", false, report),
        ("all is there", libc::EINVAL, "7.3-amd64", false, report),
        ("a right is missing", libc::EACCES, "6.1.0", true, "CAP_PERFMON"),
        ("no rights", libc::EPERM, "6.1.0", true, "CAP_PERFMON"),
        (
            "no memory",
            libc::ENOMEM,
            "6.1.0",
            false,
            "not enough kernel memory",
        ),
        (
            "an old kernel",
            libc::EINVAL,
            "5.4.0-190-generic",
            false,
            "Linux 5.10 or newer",
        ),
        (
            "a release without a version",
            libc::EINVAL,
            "custom",
            false,
            "Linux 5.10 or newer",
        ),
    ] {
        let words = KernelError::refused(
            "netmon_xdp",
            Some(number),
            "the reason".to_owned(),
            &running(release),
            lacks_rights,
        )
        .to_string();
        assert!(words.contains(expected), "{case}: {words}");
        assert_eq!(words.contains(report), expected == report, "{case}: {words}");
    }
}

#[test]
fn an_old_kernel_is_told_which_one_does_and_what_it_brings() {
    let words = KernelError::TooOld {
        release: "5.4.0-190-generic".to_owned(),
    }
    .to_string();
    for word in [
        "Linux 5.4.0-190-generic",
        "Linux 5.10 or newer",
        "bound to a program",
        "Nothing was loaded",
    ] {
        assert!(words.contains(word), "{word} is missing: {words}");
    }
}
