#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every mutant must be caught by its clause, which passes without it.

    mutants_test.py RUNNER SPEC [NAME...]

What a fault has come too early may be late enough on a machine that is busy, so
that nothing is seen of it: each has several runs.
"""
import collections
import concurrent.futures
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # the modules beside this file are sources
import judge  # noqa: E402
import mutants  # noqa: E402

FOLDER = pathlib.Path("conformance/mutants")
# Most of the time they wait for what a fault has hanging.
AT_ONCE = 4 * (os.cpu_count() or 1)
CONTROLS = 4
RUNS = 5


def room_of(mutant):
    return mutant.place.rpartition("/")[2].partition(".")[0]


def adapter_of(mutant, name=None):
    return FOLDER.resolve() / room_of(mutant) / (name or mutant.name)


def survives(runner, specs, mutant):
    """Returns what to say of a mutant that is not caught, or nothing."""
    spec = specs.get(mutant.case.partition("/")[0])
    if spec is None:
        return f"{mutant.place}: there is no clause for {mutant.case}"
    for _ in range(RUNS):
        killed, result = judge.is_killed(
            runner, spec, adapter_of(mutant), adapter_of(mutant, "sound"),
            mutant.case)
        if killed:
            return None
    return (f"{mutant.place}: {mutant.case} does not see {mutant.name}: "
            f"{result['verdict']} {result['text']}")


def fails_without(runner, spec, some):
    """Returns what to say of the clauses that fail without a mutant."""
    results = judge.run(runner, spec, adapter_of(some[0], "sound"),
                        [mutant.case for mutant in some], 1)
    return [f"{result['clause']}/{result['method']} fails without a mutant: "
            f"{result['verdict']} {result['text']}"
            for result in results if result["verdict"] != "PASS"]


def main():
    runner, spec, *names = sys.argv[1:]
    spec = spec.removesuffix("/VERSION")
    all_mutants = mutants.parse_all(map(str, FOLDER.glob("*.mut")))
    chosen = [m for m in all_mutants if not names or m.name in names]
    if not chosen:
        return "no mutant has such a name"
    parts = [chosen[i::CONTROLS] for i in range(min(CONTROLS, len(chosen)))]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        specs = judge.part_spec(spec, folder, alone=True)
        sound = [pool.submit(fails_without, runner, spec, p) for p in parts]
        said = list(pool.map(lambda m: survives(runner, specs, m), chosen))
        wrong = [line for part in sound for line in part.result()]
    wrong += filter(None, said)
    rooms = collections.Counter(map(room_of, chosen))
    print("\n".join(wrong))
    print(f"{sum(not line for line in said)} of {len(chosen)} mutants are "
          "caught by their clause:",
          ", ".join(f"{count} of {room}" for room, count in rooms.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
