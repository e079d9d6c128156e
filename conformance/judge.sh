#!/bin/sh
# The runner on all processors, from wherever it is called:
#   bazel run //conformance:judge -- --adapter=CMD
# SPDX-License-Identifier: MIT
set -eu
here=$PWD/conformance
cd "${BUILD_WORKING_DIRECTORY:-.}"
spec=$here/spec
# Places of clauses read better from the root of the tree.
[ ! -e conformance/spec/VERSION ] || spec=conformance/spec
case " $* " in *" --spec="*) set -- "$@" ;; *) set -- "--spec=$spec" "$@" ;; esac
exec "$here/runner/runner" "--jobs=$(nproc)" "$@"
