#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Brood as a distribution and its users have it: built, checked and installed by
# make, then found by pkg-config and by CMake, and compiled along as two files;
# with gcc, clang and musl, static and shared. The program is README.md's.
set -euo pipefail
cd "$(dirname "$0")/../.."

base=$(mktemp -d "${TEST_TMPDIR:-/tmp}/install.XXXXXX")
trap 'rm -rf "$base"' EXIT
prefix=$base/prefix

# quietly COMMAND... says what it said only if it fails.
quietly() {
  "$@" > "$base/log" 2>&1 || {
    cat "$base/log"
    exit 1
  }
}

brood() {
  quietly make -j2 -C lib O="$base/out" PREFIX="$prefix" "$@"
}

sed -n '/^```c$/,/^```$/{/^```/!p}' README.md > "$base/app.c"
expected=$'hello world, from ForkServerProcess-1\nexit code 0'

# says HOW COMMAND...: it says what README.md promises, or HOW is at fault.
says() {
  local how=$1 said
  shift
  said=$("$@") || said+=" (ended with $?)"
  [[ $said == "$expected" ]] || {
    printf '%s: expected:\n%s\nsaid:\n%s\n' "$how" "$expected" "$said"
    exit 1
  }
  echo "ran README.md's program: $how"
}

# compile FLAGS...: warnings are errors.
compile() {
  "$@" -std=c11 -Wall -Wextra -Werror -o "$base/app"
}

brood check
brood install
brood amalgamation

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
for cc in gcc clang; do
  compile $cc "$base/app.c" $(pkg-config --cflags --libs brood)
  says "$cc, pkg-config, shared" "$base/app"
  compile $cc -static "$base/app.c" $(pkg-config --static --cflags --libs brood)
  says "$cc, pkg-config, static" env -u LD_LIBRARY_PATH "$base/app"

  quietly cmake -S tools/outside/cmake -B "$base/$cc" -DCMAKE_C_COMPILER=$cc \
    -DCMAKE_PREFIX_PATH="$prefix" -DAPP="$base/app.c"
  quietly make -C "$base/$cc"
  says "$cc, CMake, shared" env -u LD_LIBRARY_PATH "$base/$cc/shared"
  says "$cc, CMake, static" env -u LD_LIBRARY_PATH "$base/$cc/static"
done
for cc in gcc clang "musl-gcc -static"; do
  # shellcheck disable=SC2086
  compile $cc -O1 -I"$base/out/amalgamation" "$base/app.c" \
    "$base/out/amalgamation/brood.c" -lpthread
  says "$cc, two files" "$base/app"
done
quietly make -j2 -C lib O="$base/musl" CC=musl-gcc CFLAGS=-O1 check
echo "checked the library with musl"

# As a distribution installs: into a folder that is not where things will be.
brood install DESTDIR="$base/root" PREFIX=/usr LIBDIR=/usr/lib/triplet
strays=$(grep -rlF "$base" "$base/root" --include='*.pc' --include='*.cmake' || true)
[[ -z $strays && -f $base/root/usr/lib/triplet/libbrood.so.1.0 ]] || {
  echo "with DESTDIR: $strays" "$(find "$base/root")"
  exit 1
}

brood uninstall
left=$(find "$prefix" ! -type d)
[[ -z $left ]] || {
  echo "uninstall leaves $left"
  exit 1
}
