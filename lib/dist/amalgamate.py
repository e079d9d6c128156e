#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Joins the library into one file, to be compiled beside a program:

    amalgamate.py VERSION NAMES.h FILE.c... > brood.c
    cc -std=c11 program.c brood.c -lpthread

Run at the top of the tree. The files come in the order given, each header where
the first of them includes it. A file's own macros end with it; names of other
kinds are its own already, in all of the library.
"""

import re
import sys

HEAD = """\
/* SPDX-License-Identifier: MIT
 *
 * Brood {version}, all of it but brood.h: made of the files named below, where
 * changes belong.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "brood.h"
"""

INCLUDE = re.compile(r'#include ["<](.*)[">]')
DEFINE = re.compile(r"#define (\w+)")


def macros(lines):
    """Names that a file defines whether or not they were defined before."""
    found = []
    for before, line in zip([""] + lines, lines):
        match = DEFINE.match(line)
        if match and before != f"#ifndef {match[1]}":
            found.append(match[1])
    return list(dict.fromkeys(found))


class Joined:
    def __init__(self):
        self.seen = {"brood.h", "lib/names.h"}

    def write(self, path, place=None):
        with open(place or path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        print(f"\n/* ==== {path} */")
        for line in lines:
            match = INCLUDE.match(line)
            if not match and line != "#pragma once":
                print(line)
            elif match and match[1] not in self.seen:
                self.seen.add(match[1])
                if match[1].startswith("lib/"):
                    self.write(match[1])
                else:
                    print(line)
        if path.endswith(".c"):
            for name in macros(lines):
                print(f"#undef {name}")


def main():
    version, names, *paths = sys.argv[1:]
    print(HEAD.format(version=version), end="")
    joined = Joined()
    joined.write("lib/names.h", names)
    for path in paths:
        joined.write(path)


if __name__ == "__main__":
    main()
