//! What the files say, as the C libraries and the stubs read them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::*;

/// Files below a directory of the test's own.
fn files(directory: &Path) -> Files {
    Files {
        resolv_conf: directory.join("etc/resolv.conf"),
        resolved: directory.join("resolve/resolv.conf"),
        network_manager: directory.join("nm.conf"),
        dnsmasq_pid: directory.join("dnsmasq.pid"),
        dnsmasq_servers: directory.join("dnsmasq-servers.conf"),
        dnsmasq_conf: directory.join("dnsmasq.conf"),
        dnsmasq_conf_dir: directory.join("dnsmasq.d"),
    }
}

struct Host {
    directory: tempfile::TempDir,
    files: Files,
}

impl Host {
    fn new(texts: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("etc")).unwrap();
        let host = Self {
            files: files(directory.path()),
            directory,
        };
        for (name, text) in texts {
            host.write(name, text);
        }
        host
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Each as `ADDRESS[%INTERFACE][#PORT] POSITION/OF FILE`.
    fn read(&self) -> Vec<String> {
        shown(&Resolvers::read(&self.files), self.directory.path())
    }
}

fn shown(resolvers: &Resolvers, directory: &Path) -> Vec<String> {
    let one = |one: &Resolver| {
        let by = Path::new(&one.by);
        let by = by.strip_prefix(directory).unwrap_or(by).display().to_string();
        let zone = one
            .interface
            .as_ref()
            .map_or_else(String::new, |name| format!("%{name}"));
        let port = if one.port == 53 {
            String::new()
        } else {
            format!("#{}", one.port)
        };
        format!("{}{zone}{port} {}/{} {by}", one.server, one.position, one.of)
    };
    resolvers.iter().map(one).collect()
}

#[test]
fn resolv_conf_is_read_as_glibc_and_musl_read_it() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "two",
            "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
            &["192.0.2.1", "192.0.2.2"],
        ),
        (
            "tabs",
            "nameserver\t192.0.2.1\nnameserver \t 192.0.2.2\t\n",
            &["192.0.2.1", "192.0.2.2"],
        ),
        (
            "no newline at the end",
            "search a.test\nnameserver 192.0.2.1",
            &["192.0.2.1"],
        ),
        (
            "comments",
            "# nameserver 192.0.2.7\n;nameserver 192.0.2.8\nnameserver 192.0.2.1 # first\n",
            &["192.0.2.1"],
        ),
        (
            "options and others",
            "domain a.test\nsortlist 192.0.2.0\noptions rotate timeout:1\nnameserver 192.0.2.1\n",
            &["192.0.2.1"],
        ),
        (
            "a fourth",
            "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
            &["192.0.2.1", "192.0.2.2", "192.0.2.3"],
        ),
        ("IPv6", "nameserver 2001:db8::53\n", &["2001:db8::53"]),
        ("a zone", "nameserver fe80::1%eth7\n", &["fe80::1%eth7"]),
        ("a zone by index", "nameserver fe80::1%1\n", &["fe80::1%lo"]),
        ("IPv4 in IPv6", "nameserver ::ffff:192.0.2.1\n", &["192.0.2.1"]),
        (
            "short forms of inet_aton",
            "nameserver 127.1\nnameserver 0x7f.0.0.1\nnameserver 3221225985\n",
            &["127.0.0.1", "127.0.0.1", "192.0.2.1"],
        ),
        (
            "this host",
            "nameserver 0.0.0.0\nnameserver ::\n",
            &["127.0.0.1", "::1"],
        ),
        (
            "Windows' line ends",
            "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\r\n",
            &["192.0.2.1", "192.0.2.2"],
        ),
        (
            "no keyword",
            " nameserver 192.0.2.7\nnameservers 192.0.2.8\nNAMESERVER 192.0.2.9\nnameserver 192.0.2.1\n",
            &["192.0.2.1"],
        ),
        (
            "no address",
            "nameserver ns1.test\nnameserver 192.0.2.256\nnameserver 192.0.2.1.\nnameserver 192.0.2.1\n",
            &["192.0.2.1"],
        ),
        ("nobody", "options edns0\n", &["127.0.0.1"]),
        ("nothing", "", &["127.0.0.1"]),
    ];
    for (case, text, expected) in cases {
        let host = Host::new(&[("etc/resolv.conf", text)]);
        let of = expected.len();
        let places = (1..).zip(*expected);
        let expected: Vec<String> = places
            .map(|(place, server)| format!("{server} {place}/{of} etc/resolv.conf"))
            .collect();
        assert_eq!(host.read(), expected, "{case}");
    }
    assert_eq!(
        Host::new(&[]).read(),
        ["127.0.0.1 1/1 etc/resolv.conf"],
        "no file"
    );
}

#[test]
fn what_is_never_asked_is_said() {
    let host = Host::new(&[(
        "etc/resolv.conf",
        "nameserver x\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
    )]);
    assert_eq!(
        Resolvers::read(&host.files).troubles(),
        [
            Trouble::NoAddress("x".to_owned()),
            Trouble::Beyond("192.0.2.4".to_owned())
        ]
    );
}

#[test]
fn servers_behind_a_stub_are_those_that_its_file_names() {
    let resolved = (
        "resolve/resolv.conf",
        "nameserver 192.0.2.1\nnameserver 192.0.2.2\n# Too many\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
    );
    let stub = (
        "etc/resolv.conf",
        "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
    );
    assert_eq!(
        Host::new(&[stub, resolved]).read(),
        [
            "127.0.0.53 1/1 etc/resolv.conf",
            "192.0.2.1 1/4 resolve/resolv.conf",
            "192.0.2.2 2/4 resolve/resolv.conf",
            "192.0.2.3 3/4 resolve/resolv.conf",
            "192.0.2.4 4/4 resolve/resolv.conf"
        ]
    );
    let own = ("etc/resolv.conf", "nameserver 192.0.2.9\n");
    assert_eq!(
        Host::new(&[own, resolved]).read(),
        ["192.0.2.9 1/1 etc/resolv.conf"]
    );
    let local = ("etc/resolv.conf", "nameserver 127.0.0.1\n");
    assert_eq!(
        Host::new(&[local, resolved]).read(),
        ["127.0.0.1 1/1 etc/resolv.conf"]
    );
    let written_by_it = (
        "etc/resolv.conf",
        "# Generated by NetworkManager\nnameserver 127.0.0.1\n",
    );
    let manager = ("nm.conf", "# Generated by NetworkManager\nnameserver 192.0.2.1\n");
    assert_eq!(
        Host::new(&[written_by_it, manager]).read(),
        ["127.0.0.1 1/1 etc/resolv.conf", "192.0.2.1 1/1 nm.conf"]
    );
    assert_eq!(
        Host::new(&[local, manager]).read(),
        ["127.0.0.1 1/1 etc/resolv.conf"]
    );
}

#[test]
fn dnsmasq_asks_whom_its_configuration_names() {
    let local = ("etc/resolv.conf", "nameserver 127.0.0.1\n");
    let pid = ("dnsmasq.pid", "7\n");
    let servers = (
        "dnsmasq-servers.conf",
        "nameserver 127.0.0.1\nnameserver 192.0.2.1\n",
    );
    assert_eq!(
        Host::new(&[local, pid, servers]).read(),
        [
            "127.0.0.1 1/1 etc/resolv.conf",
            "192.0.2.1 1/1 dnsmasq-servers.conf"
        ]
    );
    assert_eq!(
        Host::new(&[local, servers]).read(),
        ["127.0.0.1 1/1 etc/resolv.conf"],
        "it does not run"
    );
    let conf = (
        "dnsmasq.conf",
        "no-resolv\n#server=192.0.2.7\nserver=/corp.test/192.0.2.8\nserver=192.0.2.2#5353@eth0\n",
    );
    let more = ("dnsmasq.d/more", "server = 192.0.2.3\n");
    assert_eq!(
        Host::new(&[local, pid, servers, conf, more]).read(),
        [
            "127.0.0.1 1/1 etc/resolv.conf",
            "192.0.2.2#5353 1/2 dnsmasq.conf",
            "192.0.2.3 2/2 dnsmasq.conf"
        ]
    );
}

#[test]
fn a_server_is_found_by_address_port_and_interface() {
    let host = Host::new(&[(
        "etc/resolv.conf",
        "nameserver 192.0.2.1\nnameserver fe80::1%eth0\n",
    )]);
    let resolvers = Resolvers::read(&host.files);
    let at = |address: &str, port, interface| {
        resolvers.place_of(address.parse::<IpAddr>().unwrap().into(), port, interface)
    };
    assert_eq!(at("192.0.2.1", 53, None), Some(0));
    assert_eq!(at("192.0.2.1", 5353, None), None);
    assert_eq!(at("192.0.2.2", 53, None), None);
    assert_eq!(at("fe80::1", 53, Some("eth0")), Some(1));
    assert_eq!(at("fe80::1", 53, Some("eth1")), None);
}

#[tokio::test]
async fn the_list_is_followed_through_renames_and_symbolic_links() {
    let host = Host::new(&[("etc/resolv.conf", "nameserver 192.0.2.1\n")]);
    let path = host.directory.path();
    let mut followed = Followed::start(host.files.clone());
    let first = |followed: &Followed| shown(followed.now(), path).first().cloned().unwrap();
    assert_eq!(first(&followed), "192.0.2.1 1/1 etc/resolv.conf");
    let changes: [(&str, &dyn Fn()); 6] = [
        ("192.0.2.2", &|| {
            host.write("etc/resolv.conf", "nameserver 192.0.2.2\n");
        }),
        ("192.0.2.3", &|| {
            host.write("etc/new", "nameserver 192.0.2.3\n");
            fs::rename(path.join("etc/new"), path.join("etc/resolv.conf")).unwrap();
        }),
        ("192.0.2.4", &|| {
            host.write("run/a", "nameserver 192.0.2.4\n");
            symlink("../run/a", path.join("etc/link")).unwrap();
            fs::rename(path.join("etc/link"), path.join("etc/resolv.conf")).unwrap();
        }),
        ("192.0.2.5", &|| {
            host.write("run/new", "nameserver 192.0.2.5\n");
            fs::rename(path.join("run/new"), path.join("run/a")).unwrap();
        }),
        ("127.0.0.1", &|| fs::remove_file(path.join("run/a")).unwrap()),
        ("192.0.2.6", &|| host.write("run/a", "nameserver 192.0.2.6\n")),
    ];
    for (expected, change) in changes {
        change();
        tokio::time::timeout(Duration::from_secs(50), followed.changed())
            .await
            .expect(expected);
        assert_eq!(first(&followed), format!("{expected} 1/1 etc/resolv.conf"));
    }
    host.write("etc/unrelated", "");
    let quiet = tokio::time::timeout(Duration::from_millis(500), followed.changed()).await;
    assert!(quiet.is_err(), "another file changes nothing");
}
