#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints how large the library is, and fails if it is larger than it may be.

It is meant to be minimal: whoever adds lines finds as many to take away, or
raises a bound here and says in the commit why that is worth it. Tests and
examples do not count.

    size_test.py FILE...
"""

import collections
import re
import sys

MOST_LINES = 24_571  # to become 14,700: tools/decisions/016 to 022
MOST_FILES = 122
MOST_LINES_OF_A_FUNCTION = 60


# A head from the first column on, without statements, and a body.
FUNCTION = re.compile(
    r"^(?:__attribute__\(\(\w+\)\) )?\w[^;={}#/]*?\b(\w+)\([^;{}]*\) \{\n.*?^\}",
    re.MULTILINE | re.DOTALL)


def main():
    rooms = collections.Counter()
    functions = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        rooms[path.rsplit("/", 1)[0]] += text.count("\n")
        functions += [(found[0].count("\n") + 1, found[1])
                      for found in FUNCTION.finditer(text)]
    # A sweep that finds no function, or hardly a file, has measured nothing.
    if not functions or len(rooms) < 2:
        return "found nothing to measure"
    longest, name = max(functions)
    for room, count in sorted(rooms.items()):
        print(f"{count:6,} lines in {room}")
    figures = [
        ("lines", sum(rooms.values()), MOST_LINES),
        ("files", len(sys.argv) - 1, MOST_FILES),
        (f"lines of {name}, the longest function", longest,
         MOST_LINES_OF_A_FUNCTION),
    ]
    for what, count, most in figures:
        print(f"{count:6,} {what} (at most {most:,})")
    print(f"{len(functions):6,} functions")
    too_many = [what for what, count, most in figures if count > most]
    return f"too many {' and '.join(too_many)}" if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
