//! The unit and the container that the path of a control group names.

/// The length of a container's id, in hexadecimal digits.
const ID: usize = 64;

/// Where a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The systemd unit: a service or a scope.
    pub unit: Option<String>,
    /// The container's id.
    pub container: Option<String>,
    /// The UID of its Kubernetes pod.
    pub pod: Option<String>,
}

impl Place {
    /// What the path of a control group says, as systemd, Docker, Podman, containerd, CRI-O and Kubernetes make them. What a
    /// container calls units inside is none of this host's.
    pub fn of(path: &str) -> Self {
        let mut place = Self::default();
        for part in path.split('/') {
            if let Some((_, "service" | "scope")) = part.rsplit_once('.') {
                place.unit = Some(part.to_owned());
            }
            place.pod = place.pod.or_else(|| pod(part));
            if let Some(container) = container(part) {
                place.container = Some(container.to_owned());
                break;
            }
        }
        place
    }
}

/// `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, or without systemd the id alone, with or
/// without the engine before it.
fn container(part: &str) -> Option<&str> {
    let part = part.strip_suffix(".scope").unwrap_or(part);
    // The monitor of a container is outside.
    if part.contains("-conmon-") {
        return None;
    }
    let id = part.rsplit_once('-').map_or(part, |(_, id)| id);
    let is_id = id.len() == ID && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_id.then_some(id)
}

/// `kubepods-burstable-podUID.slice`, with `_` for `-`, or without systemd `podUID`.
fn pod(part: &str) -> Option<String> {
    const UID: usize = 36;
    let uid = match part.strip_suffix(".slice") {
        Some(slice) => slice
            .strip_prefix("kubepods")?
            .rsplit_once("-pod")?
            .1
            .replace('_', "-"),
        None => part.strip_prefix("pod")?.to_owned(),
    };
    let is_uid = uid.len() == UID && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_uid.then_some(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const POD: &str = "5a3d8b6c-1111-2222-3333-444455556666";

    #[test]
    fn units_containers_and_pods_are_read_from_the_path() {
        let scope = |engine: &str| format!("{engine}-{ONE}.scope");
        let slice = format!("kubepods-burstable-pod{}.slice", POD.replace('-', "_"));
        let cases: &[(String, Option<&str>, bool, bool)] = &[
            (String::new(), None, false, false),
            ("/".into(), None, false, false),
            (
                "/system.slice/unbound.service".into(),
                Some("unbound.service"),
                false,
                false,
            ),
            (
                "/system.slice/system-getty.slice/getty@tty1.service".into(),
                Some("getty@tty1.service"),
                false,
                false,
            ),
            (
                "/user.slice/user-0.slice/session-3.scope".into(),
                Some("session-3.scope"),
                false,
                false,
            ),
            (
                "/user.slice/user-7.slice/user@7.service/app.slice/a.service".into(),
                Some("a.service"),
                false,
                false,
            ),
            (
                format!("/system.slice/{}", scope("docker")),
                Some(&scope("docker")),
                true,
                false,
            ),
            (format!("/docker/{ONE}"), None, true, false),
            (
                format!("/system.slice/{}/system.slice/b.service", scope("docker")),
                Some(&scope("docker")),
                true,
                false,
            ),
            (
                format!("/machine.slice/{}/container", scope("libpod")),
                Some(&scope("libpod")),
                true,
                false,
            ),
            (
                format!("/machine.slice/libpod-conmon-{ONE}.scope"),
                Some(&format!("libpod-conmon-{ONE}.scope")),
                false,
                false,
            ),
            (format!("/libpod_parent/libpod-{ONE}"), None, true, false),
            (
                format!(
                    "/kubepods.slice/kubepods-burstable.slice/{slice}/{}",
                    scope("cri-containerd")
                ),
                Some(&scope("cri-containerd")),
                true,
                true,
            ),
            (
                format!("/kubepods.slice/{slice}/{}", scope("crio")),
                Some(&scope("crio")),
                true,
                true,
            ),
            (format!("/kubepods/besteffort/pod{POD}/{ONE}"), None, true, true),
            (format!("/kubepods/besteffort/pod{POD}"), None, false, true),
            (
                format!("/system.slice/{}.service", &ONE[..12]),
                Some(&format!("{}.service", &ONE[..12])),
                false,
                false,
            ),
        ];
        for (path, unit, is_container, is_pod) in cases {
            let expected = Place {
                unit: unit.map(str::to_owned),
                container: is_container.then(|| ONE.to_owned()),
                pod: is_pod.then(|| POD.to_owned()),
            };
            assert_eq!(Place::of(path), expected, "{path}");
        }
    }
}
