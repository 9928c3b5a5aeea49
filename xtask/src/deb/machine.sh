# Boots a systemd of its own: PID 1 of new namespaces, on an overlay of this machine's root. Nothing that happens in there
# reaches the machine: files go to memory, processes, network, host name and control groups are its own, /sys and /proc/sys
# cannot be written to, and the clock cannot be set.
#
# machine.sh DIRECTORY CONTROL-GROUP: both empty, and removed by the caller.
set -e
directory=$1 group=$2
echo $$ >"$group/cgroup.procs"
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child --net --ipc --uts --cgroup sh -e -c '
directory=$1
mount --make-rprivate /
mount -t tmpfs -o size=512m,mode=755 tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$directory/root"
root=$directory/root
mount -t overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t bpf -o mode=700 bpf "$root/sys/fs/bpf"
for of in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$of"; done
chmod 1777 "$root/tmp"
for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    set -- $node
    mknod -m 666 "$root/dev/$1" c "$2" "$3"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
touch "$root/dev/console"
mount --bind "$root/dev/null" "$root/dev/console"
# Where this machine lets packages start no services, that one does.
rm -f "$root/usr/sbin/policy-rc.d"
ip link set lo up
# It says so when it is about to become systemd: from then on it can be entered.
echo booting
kept=-sys_time,-sys_boot,-sys_module
container=lxc exec setpriv --bounding-set "$kept" --inh-caps "$kept" \
    chroot "$root" /lib/systemd/systemd --unit=basic.target --log-target=journal --show-status=0
' sh "$directory"
