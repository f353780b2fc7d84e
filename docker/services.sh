#!/usr/bin/env bash
# PostgreSQL and Redis for the tests and the benchmark, from the Debian packages, without containers.
# They are on loopback only and owned by an unprivileged user. PostgreSQL has a cluster of its own; `down` stops it, its
# data stay. Redis keeps nothing.
#
#   docker/services.sh up       install what is missing, start, create role and databases (safe to repeat)
#   docker/services.sh down     stop
#   docker/services.sh status   say what answers; exit code 1 when something does not
#   docker/services.sh logs     the last lines of PostgreSQL's log
#
# BAUTA_SERVICES_DIR  folder of the cluster             (default: bauta-services in the temporary folder)
# BAUTA_PG_PORT       port of PostgreSQL on 127.0.0.1   (default: 5432)
# BAUTA_REDIS_PORT    port of Redis on 127.0.0.1        (default: 6379)
# compose.yaml offers the same services as containers.
set -euo pipefail

folder="${BAUTA_SERVICES_DIR:-${TMPDIR:-/tmp}/bauta-services}"
port="${BAUTA_PG_PORT:-5432}"
redis_port="${BAUTA_REDIS_PORT:-6379}"
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

redis_answers() { [ "$(timeout 2 redis-cli -h 127.0.0.1 -p "$redis_port" ping 2>/dev/null)" = PONG ]; }

install() {
  if [ -n "$(binaries)" ] && command -v psql >/dev/null && command -v redis-server >/dev/null; then return; fi
  say 'installing the Debian packages postgresql and redis-server'
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a cluster of its own on the same port.
  as_root mkdir -p /etc/postgresql-common
  printf 'create_main_cluster = false\n' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  as_root apt-get update -qq
  as_root apt-get install -y -qq postgresql redis-server >/dev/null
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

# Nothing that must last may be in there, so nothing is written to disk; it drops what is oldest where memory ends.
start_redis() {
  as_owner redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$folder" \
    --maxmemory 64mb --maxmemory-policy allkeys-lru --daemonize yes --logfile '' >/dev/null
  for _ in $(seq 50); do
    if redis_answers; then return; fi
    sleep 0.1
  done
  fail "Redis did not start; something else may hold port $redis_port"
}

own_folder() {
  local owner
  owner="$([ "$(id -u)" = 0 ] && echo postgres || id -un)"
  mkdir -p "$folder"
  # The temporary folder is everybody's: never use what somebody else has put there.
  if [ "$(id -u)" = 0 ]; then chown "$owner" "$folder"; fi
  [ "$(stat -c %U "$folder")" = "$owner" ] || fail "$folder belongs to somebody else"
  chmod 700 "$folder"
}

up() {
  install
  if ! answers; then
    own_folder
    create_cluster
    start
  fi
  create_databases
  if ! redis_answers; then
    own_folder
    start_redis
  fi
  status
}

down() {
  local bin
  bin="$(binaries)"
  if [ -f "$data/PG_VERSION" ] && as_owner "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
    as_owner "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null
  fi
  # Somebody else's is left alone.
  if redis_answers && [ "$(redis-cli -h 127.0.0.1 -p "$redis_port" config get dir | tail -n 1)" = "$folder" ]; then
    redis-cli -h 127.0.0.1 -p "$redis_port" shutdown nosave >/dev/null 2>&1 || true
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
  if redis_answers; then
    say "redis://127.0.0.1:$redis_port answers"
  else
    say "Redis on port $redis_port does not answer"
    bad=1
  fi
  return "$bad"
}

logs() { if [ "$(id -u)" = 0 ] || [ -r "$log" ]; then tail -n 50 "$log"; fi; }

case "${1:-}" in
  up | down | status | logs) "$1" ;;
  *) fail 'usage: services.sh up|down|status|logs' ;;
esac
