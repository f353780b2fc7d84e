#!/usr/bin/env bash
# PostgreSQL for the tests and the benchmark, from the Debian package, without containers.
# It has a cluster of its own, on loopback only, owned by an unprivileged user; `down` stops it, its data stay.
#
#   docker/services.sh up       install what is missing, start, create role and databases (safe to repeat)
#   docker/services.sh down     stop
#   docker/services.sh status   say what answers; exit code 1 when something does not
#   docker/services.sh logs     the last lines of the server's log
#
# BAUTA_SERVICES_DIR  folder of the cluster   (default: bauta-services in the temporary folder)
# BAUTA_PG_PORT       port on 127.0.0.1       (default: 5432)
# compose.yaml offers the same services as containers.
set -euo pipefail

folder="${BAUTA_SERVICES_DIR:-${TMPDIR:-/tmp}/bauta-services}"
port="${BAUTA_PG_PORT:-5432}"
data="$folder/postgres"
log="$folder/postgres.log"
databases=(bauta_test bauta_bench)
# Everybody may know this password: the server listens on loopback and holds synthetic data only.
role=bauta
export PGPASSWORD=bauta

say() { printf 'services: %s\n' "$*"; }
fail() { printf 'services: %s\n' "$*" >&2; exit 1; }

# The newest installed server version.
binaries() { find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
# PostgreSQL refuses to run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

answers() { PGCONNECT_TIMEOUT=2 psql -qAt -h 127.0.0.1 -p "$port" -U "$role" -d "${1:-postgres}" -c 'SELECT 1' >/dev/null 2>&1; }

install() {
  if [ -n "$(binaries)" ] && command -v psql >/dev/null; then return; fi
  say 'installing the Debian package postgresql'
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a cluster of its own on the same port.
  as_root mkdir -p /etc/postgresql-common
  printf 'create_main_cluster = false\n' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  as_root apt-get update -qq
  as_root apt-get install -y -qq postgresql >/dev/null
}

create_cluster() {
  [ -f "$data/PG_VERSION" ] && return
  say "creating a cluster in $data"
  local bin secret
  bin="$(binaries)"
  secret="$(as_owner mktemp)"
  printf '%s\n' "$PGPASSWORD" | as_owner tee "$secret" >/dev/null
  as_owner "$bin/initdb" -D "$data" -U "$role" --pwfile="$secret" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums >/dev/null
  as_owner rm -f "$secret"
  as_owner tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 200
shared_buffers = '512MB'
max_wal_size = '4GB'
synchronous_commit = on
CONF
}

start() {
  local bin
  bin="$(binaries)"
  if ! as_owner "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
    as_owner "$bin/pg_ctl" -D "$data" -l "$log" -o "-p $port" -w -t 60 start >/dev/null ||
      { logs >&2; fail "the server did not start; another one may hold port $port"; }
  fi
  answers || fail "port $port does not answer role $role"
}

create_databases() {
  local name
  for name in "${databases[@]}"; do
    answers "$name" || psql -q -h 127.0.0.1 -p "$port" -U "$role" -d postgres -c "CREATE DATABASE $name"
  done
}

up() {
  install
  if ! answers; then
    local owner
    owner="$([ "$(id -u)" = 0 ] && echo postgres || id -un)"
    mkdir -p "$folder"
    # The temporary folder is everybody's: never use what somebody else has put there.
    if [ "$(id -u)" = 0 ]; then chown "$owner" "$folder"; fi
    [ "$(stat -c %U "$folder")" = "$owner" ] || fail "$folder belongs to somebody else"
    chmod 700 "$folder"
    create_cluster
    start
  fi
  create_databases
  status
}

down() {
  local bin
  bin="$(binaries)"
  if [ -f "$data/PG_VERSION" ] && as_owner "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
    as_owner "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null
  fi
  say 'stopped'
}

status() {
  local name bad=0
  for name in "${databases[@]}"; do
    if answers "$name"; then
      say "postgres://$role:$PGPASSWORD@127.0.0.1:$port/$name answers"
    else
      say "database $name on port $port does not answer"
      bad=1
    fi
  done
  return "$bad"
}

logs() { if [ "$(id -u)" = 0 ] || [ -r "$log" ]; then tail -n 50 "$log"; fi; }

case "${1:-}" in
  up | down | status | logs) "$1" ;;
  *) fail 'usage: services.sh up|down|status|logs' ;;
esac
