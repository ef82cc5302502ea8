#!/usr/bin/env bash
# usage: scripts/docker-engine.sh up|down|status
#   up      makes sure that a Docker Engine answers. One that answers already is left as it is; otherwise, as root on
#           Debian or Ubuntu, installs docker.io and starts a dockerd with the simulated GPUs of scripts/gpu-host.sh.
#           Exit 3 and one line of reason on stderr: there can be no engine here (report the tests as skipped);
#           exit 1: it should have started, and its log says why it did not.
#   down    stops the dockerd that `up` started, and no other. Images stay in the data root for the next `up`.
#   status  says which engine answers; exit 1 when none does.
# Environment: LEM_DOCKER_ROOT (data root), LEM_GPU_HOST (folder of the simulated GPU host).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data_root=${LEM_DOCKER_ROOT:-/var/lib/lem-docker}
run=/run/lem-docker # one daemon per network namespace, so one place
pid_file=$run/docker.pid
containerd_pid_file=$run/exec/containerd/containerd.pid
log=$run/dockerd.log
socket=unix:///var/run/docker.sock

say() { echo "docker-engine: $*"; }
fail() { echo "docker-engine: $*" >&2; exit 1; }
impossible() { echo "docker-engine: $*" >&2; exit 3; }

answer() { timeout 10 docker "$@" version --format '{{.Server.Version}}' 2>/dev/null; }

answers_within() { # SECONDS [PID: give up when this process has ended]
    local deadline=$((SECONDS + $1))
    until answer -H "$socket" >/dev/null; do
        [ $SECONDS -lt $deadline ] && { [ -z "${2:-}" ] || running "$2"; } || return 1
        sleep 0.2
    done
}

# A pid file outlives a killed process and a reboot, and its number may belong to another program by now: believe it
# only if that process is the program and was started on our run folder.
pid_of() { # PROGRAM PID_FILE
    local pid
    pid=$(cat "$2" 2>/dev/null) || return 0
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 0
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$run/"; then echo "$pid"; fi
}

# Any dockerd of this network namespace, answering or not: a second one would delete its docker0 bridge.
dockerd_here() {
    local process
    for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm" 2>/dev/null)" = dockerd ] || continue
        [ "$(readlink "$process/ns/net")" = "$(readlink /proc/self/ns/net)" ] || continue
        echo "${process#/proc/}"
    done
}

running() { grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; } # PID; a zombie has ended, whoever reaps it when

wait_for_end() { # PID SECONDS
    local deadline=$((SECONDS + $2))
    while running "$1"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

lock() { # so that two test runs at once start one daemon
    mkdir -p "$run"
    exec 9>"$run/lock"
    flock 9
}

require_possible() {
    [ -z "${DOCKER_HOST:-}" ] || impossible "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST"
    [ "$(id -u)" = 0 ] || impossible 'no Docker Engine answers, and only root can start one'
    grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release 2>/dev/null ||
        impossible 'no Docker Engine answers, and only on Debian or Ubuntu does this script install one'
    unshare --mount true 2>/dev/null ||
        impossible 'no Docker Engine answers, and this root may not create namespaces, so none can run here'
}

install_package() { # PACKAGE
    say "installing $1"
    # `update` fails for any unreachable third-party source; only the installation tells.
    { apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$1"; } \
        >"$run/apt.log" 2>&1 ||
        impossible "no Docker Engine answers, and apt-get could not install $1 (see $run/apt.log)"
}

engine_path() { # the PATH for dockerd; GPUs are simulated only where there are no real ones
    if [ -e /dev/nvidiactl ] || command -v nvidia-container-runtime-hook >/dev/null; then
        echo "$PATH"
    else
        echo "$("$here/gpu-host.sh"):$PATH"
    fi
}

start() {
    local path deadline=60
    path=$(engine_path)
    [ -n "$(pid_of dockerd "$pid_file")" ] || rm -f "$pid_file"
    [ -n "$(pid_of containerd "$containerd_pid_file")" ] || rm -f "$containerd_pid_file"
    say "starting dockerd (data root $data_root, log $log)"
    PATH=$path setsid dockerd --host "$socket" --data-root "$data_root" --exec-root "$run/exec" --pidfile "$pid_file" \
        </dev/null >"$log" 2>&1 9>&- &
    if ! answers_within $deadline $!; then
        tail -n 20 "$log" >&2
        fail "dockerd did not answer within $deadline s, or ended; the lines above are the end of $log"
    fi
    say "Docker Engine $(answer -H "$socket") answers at $socket"
}

up() {
    local version other
    if version=$(answer); then
        say "Docker Engine $version answers, started nothing"
        # Our own daemon reads the simulated GPU host for every container, so a changed source takes effect at once.
        if [ -n "$(pid_of dockerd "$pid_file")" ]; then engine_path >/dev/null; fi
        return
    fi
    require_possible
    lock
    command -v dockerd >/dev/null || install_package docker.io
    command -v docker >/dev/null || install_package docker-cli # a package of its own since Debian 13
    other=$(dockerd_here) # another `up`, or the service that the package has just started
    if [ -n "$other" ]; then
        answers_within 30 || impossible "a dockerd runs here (pid ${other//$'\n'/, }) but does not answer at $socket"
        say "Docker Engine $(answer -H "$socket") answers, started nothing"
        return
    fi
    start
}

stop() { # PROGRAM PID_FILE
    local pid
    pid=$(pid_of "$1" "$2")
    if [ -n "$pid" ]; then
        say "stopping $1 (pid $pid)"
        kill -TERM "$pid"
        wait_for_end "$pid" 60 || fail "$1 (pid $pid) is still there after 60 s"
    fi
    rm -f "$2"
}

down() {
    local containerd
    if [ -z "$(pid_of dockerd "$pid_file")$(pid_of containerd "$containerd_pid_file")" ]; then
        say 'no dockerd of ours runs'
        return
    fi
    lock
    containerd=$(pid_of containerd "$containerd_pid_file")
    stop dockerd "$pid_file"
    [ -z "$containerd" ] || wait_for_end "$containerd" 10 || stop containerd "$containerd_pid_file"
    say "stopped; images stay in $data_root"
}

status() {
    local version pid
    version=$(answer) || { say 'no Docker Engine answers'; exit 1; }
    pid=$(pid_of dockerd "$pid_file")
    if [ -n "$pid" ]; then say "Docker Engine $version answers, started by this script (pid $pid)"
    else say "Docker Engine $version answers, not started by this script"; fi
}

case ${1:-} in
up | down | status) "$1" ;;
*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
