#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A workspace that names Brood by local_repository builds, offline, and its
# programs start processes by each method.
set -euo pipefail

workspace=$(dirname "$(readlink -f "$1")") # the sources, not the runfiles
base=$(mktemp -d "${TEST_TMPDIR:-/tmp}/outside.XXXXXX")
trap 'chmod -R u+w "$base"; rm -rf "$base"' EXIT

# Without a server: nothing of it is left when the test ends.
(cd "$workspace" && exec bazel --batch --output_base="$base" \
  --host_jvm_args=-XX:TieredStopAtLevel=1 build --nosandbox_debug \
  --symlink_prefix=/ --color=no --curses=no //...)
bin=$(dirname "$(find "$base/execroot" -path '*/bin/c11' -print -quit)")
said=$("$bin/c11" && "$bin/cxx17")
expected='C 201112: fork 1
C 201112: spawn 11
C 201112: forkserver 21
C++ 201703: fork 1
C++ 201703: spawn 11
C++ 201703: forkserver 21'
[[ $said == "$expected" ]] || {
  printf 'expected:\n%s\nsaid:\n%s\n' "$expected" "$said"
  exit 1
}
