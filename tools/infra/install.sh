#!/usr/bin/env bash
# Installs the servers that tests need, where they are missing; does nothing where they are there. Debian and Ubuntu, as root or with sudo.
set -euo pipefail

if command -v redis-server >/dev/null; then
  echo 'redis-server is there'
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo 'redis-server is missing, and there is no apt-get to install it with: install it with the package manager of this system' >&2
  exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo 'redis-server is missing: run this script as root, or apt-get install redis-server' >&2
    exit 1
  fi
  as_root=(sudo)
fi
# RUNLEVEL=1: the package would otherwise start a server of its own, which nobody here uses.
install() {
  ${as_root[@]+"${as_root[@]}"} env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends redis-server >&2
}
install || {
  ${as_root[@]+"${as_root[@]}"} apt-get update >&2
  install
}
command -v redis-server >/dev/null
echo 'redis-server is installed'
