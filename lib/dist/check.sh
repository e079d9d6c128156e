#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What can be tested with a C compiler alone: the program in README.md, one that
# counts descriptors, one with names like those inside of the library, and the
# examples, linked with each library that was built; and that these have no
# global name but brood_*.
#
#     CC=gcc check.sh OUT [FLAGS]
set -eu
out=$1
flags=${2-}
lib=$(cd "$(dirname "$0")/.." && pwd)
bin=$out/check
mkdir -p "$bin"
export LD_LIBRARY_PATH="$out"

sed -n '/^```c$/,/^```$/{/^```/!p}' "$lib/../README.md" > "$bin/readme.c"
expected='hello world, from ForkServerProcess-1
exit code 0'

fail() {
  echo "check: $*" >&2
  exit 1
}

# link FILE.c LIBRARY... makes $bin/program.
link() {
  # shellcheck disable=SC2086 # flags are several words
  ${CC:-cc} -std=c11 -D_GNU_SOURCE -iquote "$lib" $flags -o "$bin/program" \
    "$@" -lpthread
}

run() {
  code=0
  timeout 60 "$bin/program" > "$bin/said" 2> "$bin/complained" < /dev/null ||
    code=$?
  [ $code = 0 ] || {
    cat "$bin/said" "$bin/complained"
    fail "$1 ended with $code"
  }
}

# Wholly static programs too, where the C library is there for that.
echo 'int main(void) { return 0; }' > "$bin/nothing.c"
kinds='static shared'
! link "$bin/nothing.c" -static 2> "$bin/complained" || kinds="$kinds whole"

for kind in $kinds; do
  case $kind in
    static) library=$out/libbrood.a ;;
    shared) library="-L$out -lbrood" ;;
    whole) library="$out/libbrood.a -static" ;;
  esac
  # clean_stop waits for Ctrl-C, and remote_manager needs lib/net.
  for file in "$bin/readme.c" "$lib/dist/smoke.c" \
    "$lib/test/linkage_clash.c" "$lib/test/header.c" "$lib"/examples/*.c; do
    name=$(basename "$file" .c)
    case $name in
      clean_stop | remote_manager) continue ;;
      header) ${CC:-cc} -std=c11 -iquote "$lib" -c -o "$bin/header.o" "$file" ;;
      *)
        # shellcheck disable=SC2086
        link "$file" $library
        run "$name, $kind,"
        [ "$name" != readme ] || [ "$(cat "$bin/said")" = "$expected" ] ||
          fail "readme, $kind, said $(cat "$bin/said")"
        ;;
    esac
    echo "ran $name, $kind"
  done
done

strangers=$({
  nm --defined-only -g "$out/libbrood.a"
  nm --defined-only -gD "$out/libbrood.so"
} | awk 'NF == 3 && $3 !~ /^brood_|^BROOD_/ {print $3}')
[ -z "$strangers" ] || fail "global, and not brood_*: $strangers"
inside=$(nm --defined-only -gD "$out/libbrood.so" | grep -c brood_in_ || true)
[ "$inside" = 0 ] || fail "$inside internal names can be linked with"
