#!/usr/bin/env bash
# Verifies exports as an officer does: away from the gateway, with nothing but Node, with Debian's Go packages, with openssl
# and sha256sum; and shows that each program rejects every family of fault. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

missing=()
for package in golang-go golang-golang-x-mod-dev openssl; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  root=''
  [ "$(id -u)" = 0 ] || root='sudo -n'
  $root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq "${missing[@]}" >/dev/null
fi

# Debian's own compiler and sources, whatever else this machine has, and nothing fetched from anywhere.
export PATH="/usr/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOPROXY=off GOFLAGS='' GOTOOLCHAIN=local
export GOCACHE="$work/go-cache"
unset GOROOT
/usr/bin/go version
/usr/bin/go build -o "$work/verify-export" verify/main.go

npm run --silent build
node test/offline/check.mjs "$work"
