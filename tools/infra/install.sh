#!/usr/bin/env bash
# Installs the servers that tests need, where they are missing; does nothing where they are there.
#   bash tools/infra/install.sh [redis] [mariadb] [kafka]      default: all three
# Redis and MariaDB are Debian's packages (Debian and Ubuntu, as root or with sudo); no server of theirs is started. Kafka is its jars,
# which Maven brings; it needs Java 17 or later.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Debian keeps servers where only root looks.
PATH="$PATH:/usr/sbin:/usr/local/sbin"

say() { echo "$*" >&2; }
has() { command -v "$1" >/dev/null; }

apt_install() {
  local name="$1"
  shift
  if ! has apt-get; then
    say "$name is missing, and there is no apt-get to install it with: install it with the package manager of this system"
    return 1
  fi
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! has sudo; then
      say "$name is missing: run this script as root, or apt-get install $*"
      return 1
    fi
    as_root=(sudo)
  fi
  # RUNLEVEL=1: the package would otherwise start a server of its own, which nobody here uses.
  local install=(${as_root[@]+"${as_root[@]}"} env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "$@")
  "${install[@]}" >&2 || {
    ${as_root[@]+"${as_root[@]}"} apt-get update >&2 && "${install[@]}" >&2
  } || {
    say "$name is missing, and apt-get could not install $*: see above"
    return 1
  }
}

redis() {
  if has redis-server; then
    echo 'redis-server is there'
    return
  fi
  apt_install redis-server redis-server && has redis-server && echo 'redis-server is installed'
}

mariadb() {
  if has mariadbd && has mariadb-install-db && has my_print_defaults; then
    echo 'mariadbd is there'
    return
  fi
  # The package mariadb-server would add a service and its data; these are the programs.
  apt_install mariadbd mariadb-server-core mariadb-client-core && has mariadbd && echo 'mariadbd is installed'
}

kafka() {
  local java
  java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -1) || true
  if [[ ${java:-0} -lt 17 ]]; then
    say "Kafka needs Java 17 or later, and there is ${java:+only Java }${java:-none} on the PATH: apt-get install openjdk-17-jre-headless"
    return 1
  fi
  # A copy of the pom stands beside the jars once all of them are there.
  if cmp -s kafka/pom.xml kafka/target/installed.xml; then
    echo "Kafka's jars are there"
    return
  fi
  if ! has mvn; then
    say "Kafka's jars are missing, and there is no Maven to get them with: apt-get install maven"
    return 1
  fi
  rm -rf kafka/target
  mvn --quiet --batch-mode -f kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime >&2 || {
    say "Kafka's jars are missing, and Maven could not get them: see above"
    return 1
  }
  cp kafka/pom.xml kafka/target/installed.xml
  echo "Kafka's jars are installed"
}

wanted=("$@")
[[ $# -gt 0 ]] || wanted=(redis mariadb kafka)
for name in "${wanted[@]}"; do
  case "$name" in
    redis | mariadb | kafka) ;;
    *)
      say "there is no server $name; there are: redis mariadb kafka"
      exit 2
      ;;
  esac
done
code=0
for name in "${wanted[@]}"; do
  "$name" || code=1
done
exit "$code"
