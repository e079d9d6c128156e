#!/bin/sh
# The runner on all processors, from wherever it is called:
#   bazel run //conformance:judge -- --adapter=CMD
# SPDX-License-Identifier: MIT
set -eu
here=$PWD/conformance
cd "${BUILD_WORKING_DIRECTORY:-.}"
# What the runner says by itself: where the spec is, how to run a case again.
JUDGE_SPEC=$here/spec
# Places of clauses read better from the root of the tree.
[ ! -e conformance/spec/VERSION ] || JUDGE_SPEC=conformance/spec
JUDGE_COMMAND="bazel run //conformance:judge --"
export JUDGE_SPEC JUDGE_COMMAND
exec "$here/runner/runner" "--jobs=$(nproc)" "$@"
