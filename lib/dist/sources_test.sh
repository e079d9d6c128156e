#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lib/Makefile compiles what lib/BUILD has, and nothing twice; but not lib/net,
# which needs libsodium.
#
#     sources_test.sh MAKEFILE FILE...
set -euo pipefail
makefile=$1
shift
diff <(printf '%s\n' "$@" | grep '\.c$' | grep -v '^lib/net/' | sort) \
  <(make -s -f "$makefile" sources | sort)
