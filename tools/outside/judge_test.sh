#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A workspace that names Brood by local_repository judges its adapter, offline
# and without a flag for a compiler: by a conformance_test of its own, and by
# Brood's test with the adapter put in. Not a test of Bazel's: it needs a Bazel.
set -euo pipefail
cd "$(dirname "$0")/judge"

flags=(--symlink_prefix=/ --color=no --curses=no --nosandbox_debug
  --@brood//conformance:implementation=//:adapter)
# Without a server: nothing of it is left afterwards but the cache.
bazel --batch test "${flags[@]}" --test_output=errors \
  --test_arg='--filter=method.*' \
  //:mine_test @brood//conformance:implementation_test
# What else is in the folder can be loaded as well.
bazel --batch build "${flags[@]}" --nobuild @brood//conformance/...
