#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that the manual page has every name of brood.h, and that troff finds
nothing wrong with it.

    manual_test.py manual.py brood.h
"""

import re
import subprocess
import sys


def main():
    manual, header = sys.argv[1:]
    page = subprocess.run([sys.executable, manual, "1.2.3", header], check=True,
                          capture_output=True, text=True).stdout
    shown = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou"], input=page,
        capture_output=True, text=True, check=True)
    if shown.stderr:
        return shown.stderr
    with open(header, encoding="utf-8") as file:
        names = set(re.findall(r"\b(?:brood|BROOD)_\w*[a-z0-9A-Z]\b",
                               file.read()))
    names -= {"BROOD_H", "BROOD_NORETURN", "BROOD_CONSTRUCTOR"}
    if len(names) < 300:
        return f"only {len(names)} names in {header}"
    words = set(re.findall(r"\w+", shown.stdout))
    missing = sorted(name for name in names - words
                     if not re.search(rf"{name}_$", " ".join(words)))
    return f"not in the page: {' '.join(missing)}" if missing else 0


if __name__ == "__main__":
    sys.exit(main())
