#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which clauses see which mutants: matrix.txt, and what it says, MATRIX.md.

    bazel build //conformance/runner //conformance/mutants/...
    conformance/mutants/matrix.py [--minutes N]

Each mutant runs with one case of each clause of the chapter whose clause is to
see it. That takes an hour or two; with --minutes as many as there is time for,
in an order that means nothing, and what was run earlier stays in matrix.txt
unless the mutant is gone. From the root of the tree.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the modules beside this file are sources
import judge  # noqa: E402
import mutants  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = ROOT / "bazel-bin/conformance/mutants"
RUNNER = ROOT / "bazel-bin/conformance/runner/runner"
SPEC = ROOT / "conformance/spec"
DATA = ROOT / "conformance/mutants/matrix.txt"
SUMMARY = ROOT / "conformance/mutants/MATRIX.md"
AT_ONCE = 4
CLAUSE = re.compile(r"^### (\S+)\n(MUST|SHOULD|MAY) · (\w+)", re.MULTILINE)


def folder_of(mutant):
    return BINARIES / pathlib.Path(mutant.place.rpartition(":")[0]).stem


def cases_of(spec):
    """One case of each clause of a chapter that passes without a mutant."""
    sound = BINARIES / "start/sound"
    listed = subprocess.run(
        [RUNNER, f"--adapter={sound}", f"--spec={spec}", "--sparse", "--list"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    names = [line.partition("  ")[0] for line in listed.splitlines()
             if "UN" not in line and not line.startswith("hello.")]
    passed = judge.run(RUNNER, spec, sound, names)
    return [f"{result['clause']}/{result['method']}" for result in passed
            if result["verdict"] == "PASS"]


def is_believed(mutant, spec, result):
    """What takes too long may do so because the machine is busy."""
    if result["way"] not in ("hang", "leak"):
        return True
    adapter = folder_of(mutant) / mutant.name
    return judge.is_killed(RUNNER, spec, adapter, folder_of(mutant) / "sound",
                           f"{result['clause']}/{result['method']}")[0]


def row_of(mutant, spec, cases):
    """The cases that are red, its own among them; a few at a time, since what
    hangs may hang in all."""
    names = sorted({*cases, mutant.case})
    red = []
    for begin in range(0, len(names), 16):
        results = judge.run(RUNNER, spec, folder_of(mutant) / mutant.name,
                            names[begin:begin + 16])
        red += [f"{result['clause']}/{result['method']}" for result in results
                if judge.is_red(result) and is_believed(mutant, spec, result)]
    return red


def read_data(known):
    rows = {}
    if DATA.exists():
        for line in DATA.read_text(encoding="utf-8").splitlines():
            name, _, red = line.partition(": ")
            if name in known:
                rows[name] = red.split()
    return rows


def fill(options, known, rows):
    """Runs as many mutants as there is time for, those without a row first."""
    end = time.monotonic() + 60 * options.minutes
    waiting = list(known.values())
    random.Random(1).shuffle(waiting)
    waiting.sort(key=lambda mutant: mutant.name in rows)
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        specs = judge.part_spec(SPEC, folder)
        chapters = sorted({specs[mutant.case.partition("/")[0]]
                           for mutant in waiting})
        cases = dict(zip(chapters, pool.map(cases_of, chapters)))

        def run(mutant):
            spec = specs[mutant.case.partition("/")[0]]
            if time.monotonic() > end:
                return mutant, None
            return mutant, row_of(mutant, spec, cases[spec])

        for mutant, red in pool.map(run, waiting):
            if red is not None:
                rows[mutant.name] = red


def percent(part, whole):
    return f"{part} of {whole} ({100 * part / max(whole, 1):.0f} %)"


def summary(known, rows):
    """What the matrix says, and the test besides, which runs all by their own
    clauses."""
    seen_by = collections.defaultdict(set)
    for name, mutant in known.items():
        seen_by[mutant.case.partition("/")[0]].add(name)
    for name, red in rows.items():
        for case in red:
            seen_by[case.partition("/")[0]].add(name)
    killed = sum(bool(red) for red in rows.values())
    aimed = sum(known[name].case in red for name, red in rows.items())
    alone = collections.Counter(
        next(iter(clauses)) for clauses in
        ({case.partition("/")[0] for case in red} for red in rows.values())
        if len(clauses) == 1)
    lines = [
        "# Which clauses see which mutants", "",
        "`matrix.py` writes this file, from `matrix.txt`. A mutant runs with "
        "one case of each clause of",
        "the chapter whose clause is to see it. `mutants_test` runs each by "
        "the one case that it names.", "",
        f"- **{percent(len(rows), len(known))}** of the mutants were run.",
        f"- **Score:** {percent(killed, len(rows))} are seen by a clause.",
        f"- **Aim:** {percent(aimed, len(rows))} are seen by the clause that "
        "they name.",
        f"- **Alone:** {sum(alone.values())} mutants are seen by one clause "
        f"only, {len(alone)} clauses are the only ones to see some.", "",
        "| chapter | mutants run | MUST clauses that see one | that see none |",
        "|---|---|---|---|"]
    powerless = []
    for chapter in sorted(SPEC.glob("*.md")):
        clauses = CLAUSE.findall(chapter.read_text(encoding="utf-8"))
        ids = {clause for clause, _, _ in clauses}
        musts = [clause for clause, level, profile in clauses
                 if level == "MUST" and profile in ("core", "full", "brood")]
        aims = sum(mutant.case.partition("/")[0] in ids
                   for mutant in known.values())
        ran = sum(known[name].case.partition("/")[0] in ids for name in rows)
        strong = [clause for clause in musts if seen_by[clause]]
        weak = [clause for clause in musts if not seen_by[clause]]
        lines.append(f"| {chapter.stem} | {ran} of {aims} | "
                     f"{percent(len(strong), len(musts))} | {len(weak)} |")
        powerless.append((chapter.stem, weak))
    lines += ["", "## Clauses without a mutant", "",
              "MUST clauses of the profiles core, full and brood that no "
              "mutant has made fail yet.", ""]
    for stem, weak in powerless:
        if weak:
            lines += [f"**{stem}:** {' '.join(f'`{c}`' for c in weak)}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=600)
    options = parser.parse_args()
    known = {mutant.name: mutant for mutant in mutants.parse_all(
        map(str, (ROOT / "conformance/mutants").glob("*.mut")))}
    rows = read_data(known)
    fill(options, known, rows)
    DATA.write_text("".join(f"{name}: {' '.join(sorted(rows[name]))}\n"
                            for name in sorted(rows)), encoding="utf-8")
    SUMMARY.write_text(summary(known, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
