#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs the program at the top of brood.h.
set -euo pipefail
[[ $("$1") == 'hello you' ]]
