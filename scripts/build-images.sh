#!/usr/bin/env bash
# usage: scripts/build-images.sh [NAME…]      default: sidecar llamacpp pytorch controller
#   Builds lem's images as lem/NAME:dev. The bases named in the Dockerfiles are used when a registry can be reached;
#   otherwise lem-base:sid is made from Debian packages (scripts/base-image.sh), which gives CPU builds.
# Environment: LEM_BASE_IMAGE (base for all of them, instead of both).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

registry_answers() { timeout 8 docker manifest inspect hello-world >/dev/null 2>&1; }

base_argument() {
    if [ -n "${LEM_BASE_IMAGE:-}" ]; then echo "--build-arg=BASE_IMAGE=$LEM_BASE_IMAGE"; return; fi
    if registry_answers; then return; fi
    echo "--build-arg=BASE_IMAGE=$(bash scripts/base-image.sh sid | tail -n 1)"
}

build() { # NAME CONTEXT DOCKERFILE
    local started=$SECONDS log
    log=$(mktemp)
    # The host's network: in some places only that one reaches a package mirror.
    if ! docker build --network host $base -f "$3" -t "lem/$1:dev" "$2" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
    echo "images: lem/$1:dev built in $((SECONDS - started)) s"
}

stage() { [ -d dist ] || npm run --silent build; node scripts/stage.mjs "$1" >/dev/null; }

base=$(base_argument)
for name in "${@:-sidecar llamacpp pytorch controller}"; do
    for each in $name; do
        case $each in
            sidecar) stage sidecar; build sidecar . images/sidecar/Dockerfile ;;
            controller) stage controller; build controller . docker/Dockerfile ;;
            llamacpp) build llamacpp images/llamacpp images/llamacpp/Dockerfile ;;
            pytorch) build pytorch images images/pytorch/Dockerfile ;;
            *) echo "images: there is no image \"$each\"; known: sidecar llamacpp pytorch controller" >&2; exit 2 ;;
        esac
    done
done
