#!/usr/bin/env bash
# Verifies exports as an officer does: away from the gateway, with nothing but Node, with Debian's Go packages, with openssl
# and sha256sum; and shows that each program rejects every family of fault. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

export GOCACHE="$work/go-cache"
bash test/offline/build.sh "$work/verify-export"
npm run --silent build
node test/offline/check.mjs "$work"
