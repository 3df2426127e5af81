#!/bin/sh
# Gives one cell a machine of its own and runs its program there: cell.sh namespace|contained PROGRAM...
# `namespace`: called as the first process of new namespaces; makes a fresh root over the container's.
# `contained`: the container is the cell's own already.
# Writes, besides what the program writes: `#exit CODE` when the program has ended, `#left PID COMMAND` for each process
# it left behind. ROOT and WORK are the cell's trees; with HOLD everything then stays until this process is killed.
set -eu
mode=$1
shift

fresh_root() {
  # Elsewhere this would take the machine's own root away.
  [ $$ -eq 1 ] || { echo "Cannot make a fresh root: not the first process of new namespaces" >&2; exit 2; }
  scratch=/upmatrix/scratch
  mount -t tmpfs -o mode=755,size=$SIZE cell $scratch
  mkdir $scratch/up $scratch/wk $scratch/new
  # One `mount -a` instead of nine processes. The install tree is a file system of its own: its size can be changed, and
  # a folder in it can be renamed, which overlayfs refuses for folders of its lower layer.
  cat > $scratch/fstab <<EOF
cell $scratch/new overlay lowerdir=/,upperdir=$scratch/up,workdir=$scratch/wk 0 0
/dev $scratch/new/dev none rbind 0 0
/dev $scratch/new/dev none remount,bind,ro 0 0
shm $scratch/new/dev/shm tmpfs nosuid,nodev,mode=1777 0 0
mqueue $scratch/new/dev/mqueue mqueue nosuid,nodev,noexec 0 0
/sys $scratch/new/sys none rbind 0 0
proc $scratch/new/proc proc nosuid,nodev,noexec 0 0
/upmatrix/artifacts $scratch/new/upmatrix/artifacts none bind,ro 0 0
root $scratch/new$ROOT tmpfs mode=755,size=$SIZE,X-mount.mkdir 0 0
work $scratch/new$WORK tmpfs mode=755,size=$SIZE,X-mount.mkdir 0 0
EOF
  mount -a -T $scratch/fstab
  cd $scratch/new
  pivot_root . .
  umount -l .
  cd /
  # Docker's own /etc/hosts is a mount of the container, which the fresh root does not show.
  printf '127.0.0.1 localhost\n::1 localhost\n' > /etc/hosts
  loopback_up
}

loopback_up() {
  if command -v ip > /dev/null; then ip link set lo up
  elif command -v perl > /dev/null; then
    perl -e 'socket(my $s, 2, 1, 0) or exit 1; my $r = pack("a16x16", "lo"); ioctl($s, 0x8913, $r) or exit 1;
      my ($n, $f) = unpack("a16s", $r); $r = pack("a16sx14", $n, $f | 1); ioctl($s, 0x8914, $r) or exit 1'
  elif command -v ifconfig > /dev/null; then ifconfig lo up
  elif command -v busybox > /dev/null; then busybox ip link set lo up
  elif command -v python3 > /dev/null; then
    python3 -c 'import socket, fcntl, struct
s = socket.socket(); r = fcntl.ioctl(s, 0x8913, struct.pack("16s16x", b"lo")); f = struct.unpack("16sh", r[:18])[1]
fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", f | 1))'
  else
    echo "Cannot bring up the loopback interface: the image has none of ip, perl, ifconfig, busybox, python3" >&2
    return 1
  fi
}

# A process without a command line is ending or has ended. One that was killed but has not got that far yet is looked at until
# it has: it cannot stay, and whatever holds it up holds up the end of the cell, which has a deadline.
left_behind() {
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    case " $before $$ " in *" $pid "*) continue ;; esac
    while command=$(tr '\0\n' '  ' 2> /dev/null < "$entry/cmdline") && [ -n "$command" ]; do
      if dying "$entry"; then continue; fi
      printf '#left %s %s\n' "$pid" "$command"
      break
    done
  done
}

# Whether a SIGKILL waits for the process (bit 8 of the pending signals), or the kernel is at work on its end (PF_EXITING,
# PF_SIGNALED). In this order, because that is how a process goes from the one to the other.
dying() {
  while read -r key mask; do
    case $key in
      SigPnd: | ShdPnd:) [ $((0x${mask#????????????} & 0x100)) -eq 0 ] || return 0 ;;
    esac
  done 2> /dev/null < "$1/status" || return 0
  read -r line 2> /dev/null < "$1/stat" || return 0
  flags=$(echo "${line##*) }" | { read -r _ _ _ _ _ _ flags _ && echo "$flags"; })
  case $flags in
    '' | *[!0-9]*) return 1 ;;
    *) [ $((flags & 0x404)) -ne 0 ] ;;
  esac
}

ours() { tr '\0' ' ' < /proc/1/cmdline | grep -q 'upmatrix=container;'; }

if [ "$mode" = namespace ]; then fresh_root; fi
# What is there already is nobody's leaving. The container's first process may still be about to start what it waits for.
if [ "$mode" = contained ] && ours && [ -e /proc/1/task/1/children ]; then
  child=
  until read -r child < /proc/1/task/1/children || [ -n "$child" ]; do :; done
fi
before=
for entry in /proc/[0-9]*; do before="$before ${entry#/proc/}"; done
exec 3<&0
"$@" <&3 3<&- &
wait $! && code=0 || code=$?
printf '\n#exit %s\n' "$code"
left_behind
[ -z "${HOLD:-}" ] || exec sleep 2147483647
# Ends the container, if its first process is the one that upmatrix started, and never another.
if [ "$mode" = contained ] && ours; then kill -TERM 1; fi
