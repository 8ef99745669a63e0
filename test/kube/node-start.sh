#!/bin/sh
# Makes a node's own view of the machine and stays, so that its programs can be started in it.
# Called in the node's network namespace and in new mount and UTS namespaces: node-start.sh FOLDER NAME
set -eu
folder=$1 name=$2
cluster=$(dirname "$folder")

mount --make-rprivate /
hostname "$name"

# The machine's other namespaces and pins would live as long as copies of their mounts.
awk '$5 ~ "^/run/" || / - (nsfs|bpf) / { print $5 }' /proc/self/mountinfo | sort -r |
  while read -r path; do umount --lazy "$path" || true; done

# A /run of its own with the cluster's folder in it; where /run lets nothing be executed, here it
# does, for the pods' files are in it.
exec 3< "$cluster"
mount -t tmpfs -o mode=755 run /run
mkdir -p "$cluster" /run/netns /run/containerd
mount --no-canonicalize --bind /proc/self/fd/3 "$cluster"
mount -o remount,bind,exec,dev "$cluster"
exec 3<&-

# What the node, its pods and CNI plugins write into the machine's folders stays in the node's.
for path in etc opt var/lib var/log; do
  mkdir -p "$folder/own/$path" "$folder/work/$path"
  mount -t overlay overlay -o "lowerdir=/$path,upperdir=$folder/own/$path,workdir=$folder/work/$path" "/$path"
done
own() {
  mkdir -p "$folder/$1" "$2"
  mount --bind "$folder/$1" "$2"
}
own containerd /var/lib/containerd # its layers are overlays too, and those want no other under them
own kubelet /var/lib/kubelet
own cni-conf /etc/cni/net.d
own cni-bin /opt/cni/bin

# The node's network devices, and the machine's cgroups as before.
mkdir -p "$folder/cgroup"
mount --rbind /sys/fs/cgroup "$folder/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
umount --lazy "$folder/cgroup"
mount -t bpf bpf /sys/fs/bpf

mount --make-rshared /
exec sleep infinity
