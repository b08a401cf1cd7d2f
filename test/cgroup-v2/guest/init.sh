#!/bin/busybox sh
# First process of the emulated machine: mounts what an ordinary system has, control groups of version
# 2 alone, runs the job, and switches the machine off.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
ip link set lo up
for module in overlay veth bridge 9pnet_virtio 9p; do modprobe "$module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose repository /mnt/repository
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /mnt/share
# A container must not run in the group of the first process: version 2 knows no processes in between.
mkdir /sys/fs/cgroup/init
echo $$ > /sys/fs/cgroup/init/cgroup.procs
cat /sys/fs/cgroup/cgroup.controllers
cd /mnt/repository
node test/cgroup-v2/guest/main.ts /mnt/share > /mnt/share/guest.log 2>&1
echo $? > /mnt/share/exit-code
sync
echo o > /proc/sysrq-trigger
sleep 60
