#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The program in README.md says what it is meant to say.
set -euo pipefail
said=$("$1")
expected=$'hello world, from ForkServerProcess-1\nexit code 0'
[[ $said == "$expected" ]] || {
  printf 'expected:\n%s\nsaid:\n%s\n' "$expected" "$said"
  exit 1
}
