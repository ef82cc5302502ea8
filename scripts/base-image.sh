#!/usr/bin/env bash
# usage: scripts/base-image.sh [SUITE]      (default sid; any Debian suite)
# Makes the image lem-base:SUITE from the Debian mirror, for hosts that reach no image registry; does nothing when it is
# there. Prints one line per step on stderr and the name of the image on stdout. Needs root and a Docker Engine.
# LEM_DEBIAN_MIRROR chooses the mirror.
set -euo pipefail

suite=${1:-sid}
mirror=${LEM_DEBIAN_MIRROR:-http://deb.debian.org/debian}
image=lem-base:$suite

say() { echo "base-image: $*" >&2; }
fail() { say "$*"; exit 1; }

if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    echo "$image"
    exit 0
fi

[ "$(id -u)" = 0 ] || fail 'debootstrap needs root'
if ! command -v debootstrap >/dev/null; then
    say 'installing debootstrap'
    # `update` fails for any unreachable third-party source; only the installation tells.
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q; apt-get install -qy --no-install-recommends debootstrap; } >&2 ||
        fail 'apt-get could not install debootstrap'
fi

work=$(mktemp -d /var/tmp/lem-base.XXXXXX) # not /tmp: debootstrap refuses noexec and nodev file systems
trap 'rm -rf --one-file-system "$work"' EXIT

say "debootstrap of $suite from $mirror"
# In a mount namespace of its own, so that no /proc of the new root stays mounted when debootstrap is interrupted. All
# Debian suites share the script of sid, and naming it makes suites work that are younger than this debootstrap.
unshare --mount debootstrap --variant=minbase "$suite" "$work/root" "$mirror" /usr/share/debootstrap/scripts/sid \
    >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; fail 'debootstrap failed'; }

# Release files of sid live for a week, and clocks of test machines may be months ahead.
echo 'Acquire::Check-Valid-Until "false";' >"$work/root/etc/apt/apt.conf.d/90lem-old-release-file"

say "importing $image"
tar -C "$work/root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' \
    --exclude='./etc/hostname' --exclude='./etc/resolv.conf' --numeric-owner -c . |
    docker import --change 'CMD ["bash"]' --message "debootstrap --variant=minbase $suite" - "$image" >/dev/null
say "$image made"
echo "$image"
