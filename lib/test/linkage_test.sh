#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Nothing that a program links has a global name but those of brood.h, and a
# program that has names of its own like those inside works: linked statically,
# with a shared library, and compiled together with lib/brood.c.
set -euo pipefail

source=$1 unit=$2
out=$(mktemp -d "${TEST_TMPDIR:-/tmp}/linkage.XXXXXX")
trap 'rm -rf "$out"' EXIT
cc=("${CC:-cc}" -std=c11 -O1 -Wall -Wextra -Werror -I. -Ilib)

"${cc[@]}" -c "$unit" -o "$out/brood.o"
ar rc "$out/libbrood.a" "$out/brood.o"
"${cc[@]}" -fPIC -shared "$unit" -o "$out/libbrood.so" -lpthread

strangers=$(nm -g --defined-only "$out/brood.o" | awk '$3 !~ /^brood_/')
strangers+=$(nm -D --defined-only "$out/libbrood.so" | awk '$3 !~ /^brood_/')
[[ -z $strangers ]] || {
  printf 'global names that are not of brood.h:\n%s\n' "$strangers"
  exit 1
}

"${cc[@]}" "$source" "$out/libbrood.a" -lpthread -o "$out/static"
"${cc[@]}" "$source" -L"$out" -lbrood -Wl,-rpath,"$out" -o "$out/shared"
"${cc[@]}" "$source" "$unit" -lpthread -o "$out/together"
for program in static shared together; do
  said=$("$out/$program")
  [[ $said == 'own names: 21; fork 119, spawn 119, forkserver 119' ]] || {
    printf '%s says: %s\n' "$program" "$said"
    exit 1
  }
done
