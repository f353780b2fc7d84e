#!/usr/bin/env bash
# build.sh FILE: builds the Go verifier from Debian's own compiler and packages, whatever else this machine has; nothing is
# fetched from anywhere but Debian, and that only where a package is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

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

export GO111MODULE=off GOPATH=/usr/share/gocode GOPROXY=off GOFLAGS='' GOTOOLCHAIN=local
unset GOROOT
/usr/bin/go version
/usr/bin/go build -o "$1" verify/main.go
