#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Nothing that a program links has a global name without the library's prefix:
# lib/names.sh finds them all. And no two files have a static name in common, so
# that a search finds one thing, and all files can be one.
set -euo pipefail

symbols=$(<"$1")
strangers=$(awk 'NF == 3 && $2 ~ /[A-Z]/ && $3 !~ /^brood_|^__/ {print $3}' \
  <<<"$symbols" | sort -u)
# What compilers make of functions, and of variables in them, has a dot or an
# underscore; inline functions of headers begin with their room or unit.
twice=$(awk 'NF == 3 && $2 ~ /[bdrt]/ && $3 !~ /[.]|^_/ {print $3}' \
  <<<"$symbols" | grep -vE '^(arena|board|end|error|item|kept|mark|proxy|region|ring|share|sync|sys|wire)_' |
  sort | uniq -d)
count=$(awk 'NF == 3 && $3 ~ /^brood_/' <<<"$symbols" | wc -l)
((count > 300)) || {
  echo "only $count names of the library were seen"
  exit 1
}
[[ -z $strangers && -z $twice ]] || {
  printf 'global, without a prefix: %s\nstatic, more than once: %s\n' \
    "$strangers" "$twice"
  exit 1
}
