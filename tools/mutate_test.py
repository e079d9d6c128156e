#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools/mutate makes of a small file.

    mutate_test.py tools/mutate
"""
import pathlib
import subprocess
import sys
import tempfile

SOURCE = r'''/* A comment: if (a < b) return; */
#define TWICE(x) ((x) + 1)
static void put(struct thing *thing) {
  if (thing == NULL || !thing->open) return;
  tell("a < b && c", thing->size - 1);
}

int get(const struct thing *thing, int at) {
  for (int i = 0; i < at + 1; i++) {
    if (thing->size >= at && thing->kind != NONE) {
      return '<';
    }
  }
  return 0;
}
'''

EDITS = r'''3 return-early: static void put(struct thing *thing) { return;
4 negate: if (!(thing == NULL || !thing->open)) return;
4 equal: if (thing != NULL || !thing->open) return;
4 or: if (thing == NULL && !thing->open) return;
4 not: if (thing == NULL || thing->open) return;
5 drop-call: ;
5 minus-one: tell("a < b && c", thing->size);
9 plus-one: for (int i = 0; i < at; i++) {
9 less: for (int i = 0; i <= at + 1; i++) {
10 negate: if (!(thing->size >= at && thing->kind != NONE)) {
10 more-or-equal: if (thing->size > at && thing->kind != NONE) {
10 not-equal: if (thing->size >= at && thing->kind == NONE) {
10 and: if (thing->size >= at || thing->kind != NONE) {
'''


def main():
    with tempfile.TemporaryDirectory() as folder:
        sample = pathlib.Path(folder, "sample.c")
        sample.write_text(SOURCE, encoding="utf-8")
        shown = subprocess.run([sys.argv[1], "--show", sample],
                               stdout=subprocess.PIPE, text=True, check=True)
    print(shown.stdout)
    return 0 if shown.stdout == EDITS else "these are not the edits"


if __name__ == "__main__":
    sys.exit(main())
