#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Each program of the tutorial prints what stands below it, and each name in the
# tutorial is in brood.h.
#
#   tutorial_test.sh README.md brood.h PROGRAM...
set -euo pipefail
tutorial=$1 header=$2
shift 2

failed=0
number=0
for program in "$@"; do
  number=$((number + 1))
  expected=$(awk -v n=$number '/^```/ {inside = /^```text$/ && ++i == n; next}
                               inside' "$tutorial")
  said=$(timeout 20 "$program") || said+=" (ended with $?)"
  [[ $said == "$expected" ]] || {
    printf 'program %d: expected:\n%s\nsaid:\n%s\n' $number "$expected" "$said"
    failed=1
  }
done
[[ $number = $(grep -c '^```c$' "$tutorial") ]] || {
  echo "$number programs were run, and the tutorial has others"
  failed=1
}

for name in $(grep -oE '\b(brood_[a-z0-9_]+|BROOD_[A-Z_]+)' "$tutorial" | sort -u); do
  grep -qw "$name" "$header" || {
    echo "brood.h has no $name"
    failed=1
  }
done
exit $failed
