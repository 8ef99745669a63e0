/**
 * The shell script that makes a node's view of the machine's files. It runs in the node's network
 * and in a mount namespace of its own, which nobody else sees yet. Its words: the node's folder
 * of what stays, that of what goes with the machine's memory, its bpffs, and then the folders
 * that are to be the node's.
 *
 * Four folders of the machine get a layer, in which the node's own folders can be, and anything
 * else that the node writes there: the machine's files stay as they are. /run is the node's, with
 * links to what the machine has in its own, sockets above all, and /sys shows the node's devices.
 */
export const MOUNT_SCRIPT = `set -eu
state=$1 run=$2 bpf=$3
shift 3
machine=$(cat /proc/self/mountinfo)

# Where it is put together, until it is whole; the machine's own /tmp comes back at the end.
mount -t tmpfs -o mode=755 ciliate /tmp

# What is mounted below a folder of the machine, seen below another one too.
carry() {
  last=
  while read -r _ _ _ _ point _; do
    point=$(printf %b "$point")
    case $point in "$1"/*) ;; *) continue ;; esac
    case $point in /sys/fs/bpf | /var/lib/ciliate | "\${last:-none}"/*) continue ;; esac
    [ -e "$2\${point#"$1"}" ] || continue
    mount --rbind "$point" "$2\${point#"$1"}"
    last=$point
  done <<END
$machine
END
}

# A folder of the machine below a layer of the node's; in memory where no disk can be one.
cover() {
  from=$(readlink -f "$1")
  mkdir -p "/tmp$1"
  for layer in "$state/layers$1" "/tmp/layers$1"; do
    mkdir -p "$layer/up" "$layer/work"
    options=index=off,lowerdir=$from,upperdir=$layer/up,workdir=$layer/work
    ! mount -t overlay -o "$options" overlay "/tmp$1" 2> /tmp/why || break
    [ "$layer" = "$state/layers$1" ] || { cat /tmp/why >&2; exit 1; }
  done
  carry "$from" "/tmp$1"
}

for folder in /etc /opt /var/lib /var/log; do cover "$folder"; done
mount --rbind /var/lib/ciliate /tmp/var/lib/ciliate

mkdir /tmp/sys
mount -t sysfs sysfs /tmp/sys
carry /sys /tmp/sys
umount --lazy /sys
mount --bind "$bpf" /tmp/sys/fs/bpf

# Of other nodes and labs, nothing is held here: what is mounted there would live on.
while read -r _ _ _ _ point _; do
  case $point in /run/netns | /run/ciliate/*) umount --lazy "$point" ;; esac
done <<END
$machine
END
mkdir /tmp/run
mount -t tmpfs -o mode=755 ciliate /tmp/run
mkdir /tmp/run/.machine /tmp/run/netns /tmp/run/cilium
mount --rbind /run /tmp/run/.machine
for path in /run/* /run/.[!.]*; do
  name=\${path#/run/}
  [ -e "/tmp/run/$name" ] || [ "$name" = xtables.lock ] || [ ! -e "$path" ] && continue
  if [ -L "$path" ]; then cp -a "$path" /tmp/run/; else ln -s ".machine/$name" "/tmp/run/$name"; fi
done
rm -rf "$run/cilium"
mkdir "$run/cilium"
mount --bind "$run/cilium" /tmp/run/cilium
: > /tmp/run/.network
mount --bind /proc/self/ns/net /tmp/run/.network

for folder; do
  mkdir -p "$state$folder" "/tmp$folder"
  mount --bind "$state$folder" "/tmp$folder"
done

for folder in /etc /opt /var/lib /var/log /run /sys; do
  mount --move "/tmp$folder" "$(readlink -f "$folder")"
done
umount --lazy /tmp
# As on a host: who asks for it sees what is mounted later.
mount --make-rshared /

# Where this machine's programs run in a chroot, whoever enters is to be in it.
exec 9< /
enter="nsenter --mount=/proc/self/ns/mnt --"
[ "$($enter readlink /proc/self/fd/9)" = / ] || $enter mount --rbind /proc/self/fd/9 /
`;
