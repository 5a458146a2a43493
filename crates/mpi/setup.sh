#!/usr/bin/env bash
# Installs what the feature `mpi` takes on Debian and its relatives: Open MPI, and clang, whose library reads its headers.
set -euo pipefail

packages=(openmpi-bin libopenmpi-dev libclang-dev clang)
# Installed already: nothing to do, and nobody to ask.
if dpkg --status "${packages[@]}" 2>/dev/null | grep --count '^Status: install ok installed' | grep --quiet "^${#packages[@]}$"; then
    exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update --quiet=2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${packages[@]}" >/dev/null
