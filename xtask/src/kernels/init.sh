#!/bin/busybox sh
# The first program of a guest of `cargo xtask kernels`: mounts the host's file system, read-only, with an overlay in memory, and
# runs the script in it.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose host /host
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay -o lowerdir=/host,upperdir=/mnt/upper,workdir=/mnt/work overlay /new
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t devtmpfs dev /new/dev
ln -s /proc/self/fd /new/dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "/new/dev/${number#*:}"; done
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
for directory in dev/shm tmp run; do mount -t tmpfs tmpfs "/new/$directory"; done
mkdir -p /new/lib/modules
mount --bind "/new@MODULES@" /new/lib/modules
cp /script /new/run/script
exec chroot /new /bin/bash /run/script
