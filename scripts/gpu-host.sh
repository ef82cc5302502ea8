#!/usr/bin/env bash
# usage: scripts/gpu-host.sh [DIR]      (default ${LEM_GPU_HOST:-/opt/lem-gpu-host})
# Makes DIR a simulated GPU host: libnvidia-ml.so.1, nvidia-smi and the container hook of test/gpu-host. Only what is
# older than its source is made again. Prints one line per step on stderr and DIR on stdout.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../test/gpu-host" && pwd)
target=${1:-${LEM_GPU_HOST:-/opt/lem-gpu-host}}

say() { echo "gpu-host: $*" >&2; }
outdated() { [ ! -e "$target/$1" ] || [ "$source/$2" -nt "$target/$1" ]; }

need_compiler() {
    printf '#include <math.h>\n' | gcc -E - >/dev/null 2>&1 && return
    say 'installing gcc and libc6-dev'
    # `update` fails for any unreachable third-party source; only the installation tells.
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q; apt-get install -qy --no-install-recommends gcc libc6-dev; } >&2 ||
        { say 'no C compiler, and apt-get could not install one'; exit 1; }
}

# Plain C11 and POSIX: glibc then picks no symbol newer than the C library of an older container image.
compile() { # NAME ARGUMENT…: into a new file, because running containers have the old one mounted
    need_compiler
    say "compiling $1"
    gcc -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror -o "$target/.$1" "${@:2}"
    mv -f "$target/.$1" "$target/$1"
}

mkdir -p "$target"
if outdated libnvidia-ml.so.1 nvml.c; then
    compile libnvidia-ml.so.1 -shared -fPIC -Wl,-soname,libnvidia-ml.so.1 "$source/nvml.c" -lm
fi
if outdated nvidia-smi nvidia-smi.c; then
    compile nvidia-smi "$source/nvidia-smi.c" "$target/libnvidia-ml.so.1" "-Wl,-rpath,\$ORIGIN"
fi
if outdated nvidia-container-runtime-hook nvidia-container-runtime-hook; then
    say 'installing nvidia-container-runtime-hook'
    install -m 755 "$source/nvidia-container-runtime-hook" "$target/.hook"
    mv -f "$target/.hook" "$target/nvidia-container-runtime-hook"
fi
say "simulated GPU host ready in $target"
echo "$target"
