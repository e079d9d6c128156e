#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes lib/names.h, which every header of a room includes: it gives the names
# that several files of the library use the library's own prefix, as a linker
# sees them, so that they never meet a program's, however it is linked.
#
#     names.sh HEADER... > names.h
#
# A name is what a declaration in the first column declares; those of inline
# functions and of types do not reach a linker.
set -eu
export LC_ALL=C
echo '#pragma once'
sed -n -E '
  /^(static|typedef|_Static_assert|#)/d
  s/^extern .*\(\*(const )?([a-z0-9_]+)\).*/\2/p; t
  s/^extern .*[ *]([a-z0-9_]+)(\[.*)?;.*/\1/p; t
  s/^} ([a-z0-9_]+);/\1/p
  s/^[a-z_][^={]*[ *]([a-z][a-z0-9_]*)\(.*/\1/p' "$@" |
  grep -v '^brood_' | sort -u | sed 's/.*/#define & brood_in_&/'
