#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bazel's part of native.py; see mutants.bzl.

    build.py CC OUT base         compiles what all mutants share
    build.py CC OUT BASE FILE    builds the mutants of one file, and `sound`
"""
import pathlib
import sys

sys.dont_write_bytecode = True  # the modules beside this file are sources
import mutants  # noqa: E402
import native  # noqa: E402


def main():
    compiler, out, base, *files = sys.argv[1:]
    out = pathlib.Path(out).resolve()
    root = pathlib.Path.cwd()
    if base == "base":
        native.Native(root, out, compiler).fill_base()
        return
    builder = native.Native(root, pathlib.Path(base).resolve(), compiler)
    builder.build(None, None, out / "sound", out / "scratch")
    for mutant in mutants.parse_all(files):
        text = mutants.apply(mutant, (root / mutant.file).read_text())
        try:
            builder.build(mutant.file, text, out / mutant.name,
                          out / "scratch")
        except native.Failed as failure:
            raise SystemExit(f"{mutant.place}: {mutant.name} cannot be "
                             f"built:\n{failure}")


main()
