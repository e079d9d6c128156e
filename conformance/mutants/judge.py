# SPDX-License-Identifier: MIT
"""Runs the runner over an adapter and reads its results."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

# Of what hangs, the deadline is what it costs.
SCALE = 0.2


def part_spec(spec, folder, alone=False):
    """Makes a spec of each chapter, or of each clause alone, which is read in
    no time; returns which clause is in which."""
    parts = {}
    for chapter in pathlib.Path(spec).glob("*.md"):
        head, *clauses = re.split(r"^(?=### )", chapter.read_text(),
                                  flags=re.MULTILINE)
        for group in [[c] for c in clauses] if alone else [clauses]:
            names = [re.match(r"### (\S+)", text)[1] for text in group]
            part = pathlib.Path(folder, names[0] if alone else chapter.stem)
            part.mkdir()
            for name in ("VERSION", "RETIRED", "features.txt"):
                shutil.copy(chapter.with_name(name), part)
            (part / chapter.name).write_text(head + "".join(group))
            parts.update(dict.fromkeys(names, part))
    return parts


def run(runner, spec, adapter, cases, scale=SCALE, more=()):
    """Returns the results of these cases, as the runner has written them."""
    # Its failures are no failures of the test that runs it.
    env = {name: value for name, value in os.environ.items()
           if name != "XML_OUTPUT_FILE"}
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder, "results.jsonl")
        done = subprocess.run(
            [runner, f"--adapter={adapter}", f"--spec={spec}",
             f"--filter={':'.join(cases)}", f"--scale={scale}",
             f"--results={results}", *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False, env=env)
        lines = results.read_text(encoding="utf-8").splitlines() \
            if results.exists() else []
    found = [json.loads(line) for line in lines]
    found = [result for result in found if "clause" in result]
    if not found:
        raise SystemExit(f"{adapter}: no results\n{done.stdout}")
    return found


def is_red(result):
    """The implementation failed: not the adapter, and not the runner."""
    return result["verdict"] in ("FAIL", "WARNING")


def is_killed(runner, spec, adapter, sound, case):
    """Whether this case is red for the mutant, and how; what takes too long is
    believed only if it does not for the sound adapter, else both have more
    time."""
    for scale in (SCALE, 1):
        result = one(runner, spec, adapter, case, scale)
        if not is_red(result) or result["way"] not in ("hang", "leak"):
            return is_red(result), result
        if not is_red(one(runner, spec, sound, case, scale)):
            return True, result
    return False, result


def one(runner, spec, adapter, case, scale):
    results = run(runner, spec, adapter, [case], scale)
    if len(results) != 1:
        raise SystemExit(f"{case} is {len(results)} cases, not one")
    return results[0]
