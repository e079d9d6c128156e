#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much of the suite an adapter passes that does not do what it is asked.

    cheats.py areas [AREA...]      constants for all that an area's objects do
    cheats.py members [TYPE...]    a lie about one member after the other

By hand: each takes some minutes. From the root of the tree, with the runner
built (bazel build //conformance/runner). An area is the clauses of the features
that are about its types, as far as they want an answer of its objects. Only
cases count that the honest adapter passes, and a clause is passed if each of
its cases is.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the modules are sources
ROOT = pathlib.Path.cwd()
sys.path.insert(0, str(ROOT / "conformance/mutants"))
import judge  # noqa: E402
import cheat  # noqa: E402  (its tables)

RUNNER = os.environ.get("RUNNER", "bazel-bin/conformance/runner/runner")
ADAPTER = f"/usr/bin/python3 -B {ROOT}/conformance/fakes/cheat.py"
AT_ONCE = 4
SCALE = 0.1
MOST_PERCENT = 3

FEATURES = {
    "context": ["method", "context"], "process": ["process"],
    "lock": ["lock"], "condition": ["condition"], "event": ["event"],
    "barrier": ["barrier"], "shared": ["shared"], "pipe": ["pipe"],
    "queue": ["queue", "joinable", "simple"],
    "pool": ["pool", "pool.imap", "pool.callback", "pool.initializer",
             "pool.recycle"],
}
WHATS = ("kind", "null", "true", "0", "text", "last")

# Members that may do nothing, or whose lie is the truth.
NO_OPS = {
    "mp.freeze_support": "does nothing in a program that is not frozen",
}

Case = collections.namedtuple("Case", "name clause spec feature steps")


def scenarios(spec):
    """Yields each clause of a spec with its feature and its steps."""
    for chapter in sorted(spec.glob("*.md")):
        blocks = re.split(r"^### ", chapter.read_text(), flags=re.MULTILINE)
        for block in blocks[1:]:
            lines = block.split("\n")
            steps = "\n".join(line for line in lines
                              if line.startswith("    "))
            yield lines[0], lines[1].split(" · ")[2], steps


def read_cases(specs, *options):
    """The cases that the adapter is asked; one of each clause if --sparse."""
    about = {clause: (feature, steps) for clause, feature, steps
             in scenarios(ROOT / "conformance/spec")}
    listed = subprocess.run(
        [RUNNER, f"--adapter={ADAPTER} none",
         f"--spec={ROOT}/conformance/spec", *options, "--list"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    cases = []
    for line in listed.splitlines():
        name, _, rest = line.partition("  ")
        clause = name.partition("/")[0]
        if "UN" not in rest and clause in specs:
            cases.append(Case(name, clause, specs[clause], *about[clause]))
    return cases


def verdicts(pool, lie, cases, scale=SCALE):
    """Returns the verdict of each case for an adapter that lies so."""
    parts = collections.defaultdict(list)
    for case in cases:
        parts[case.spec].append(case.name)
    jobs = [(spec, names[i:i + 10]) for spec, names in parts.items()
            for i in range(0, len(names), 10)]

    def run(job):
        return judge.run(RUNNER, job[0], f"{ADAPTER} {lie}", job[1], scale)

    return {f"{result['clause']}/{result['method']}": result["verdict"]
            for results in pool.map(run, jobs) for result in results}


def honest(pool, cases):
    passed = verdicts(pool, "none", cases, 1)
    return [case for case in cases if passed.get(case.name) == "PASS"]


def members():
    """Yields the types and members of PROTOCOL.md's tables, but for those of the
    brood profile: the adapter that lies is Python's."""
    owner, is_ours = None, False
    text = (ROOT / "conformance/PROTOCOL.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        head = re.match(r"\| `(\w+)` name \|", line)
        if line.startswith(("#", "Only in the brood profile")):
            is_ours = not line.startswith("#")
        if head:
            owner = None if is_ours else head[1]
        elif not line.startswith("|"):
            owner = None
        elif owner and not line.startswith("|---"):
            for name in re.findall(r"`(\w+)(?:\([^`]*\))?`",
                                   line.split(" | ")[0]):
                yield owner, name


# Types of which an object is asked by the names of another.
HEIRS = {
    "Lock": ["Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition",
             "Value", "Array"],
    "Semaphore": ["Semaphore", "BoundedSemaphore"],
    "Value": ["Value", "RawValue"], "Array": ["Array", "RawArray"],
    "Queue": ["Queue", "JoinableQueue"], "mp": ["mp", "Context"],
}


def asks(area):
    """Matches a step that wants an answer of one of an area's objects."""
    names = [name for owner, name in members() if name not in cheat.MAKERS and
             set(HEIRS.get(owner, [owner])) & cheat.AREAS[area]]
    called = rf"\.(?:{'|'.join(names)})\b(?:\(.*\))?"
    return re.compile(rf"= [^\n]*{called}|{called} (?:[=!<>]|is|in|raises|"
                      "blocks|contains|lacks|unordered)")


def all_passed(pool, lie, first, rest):
    """The clauses of which each case passes for an adapter that lies so."""
    passed = {name.partition("/")[0] for name, verdict
              in verdicts(pool, lie, first).items() if verdict == "PASS"}
    others = [case for case in rest if case.clause in passed]
    seen = verdicts(pool, lie, others)
    failed = [case for case in others if seen.get(case.name) != "PASS"]
    return passed - {case.clause for case in honest(pool, failed)}


def measure_area(pool, area, cases, all_cases):
    asked = asks(area)
    first = honest(pool, [case for case in cases
                          if case.feature in FEATURES[area] and
                          asked.search(case.steps)])
    names = {case.name for case in first}
    rest = [case for case in all_cases if case.name not in names]
    ever, wrong = set(), False
    for what in WHATS:
        passed = all_passed(pool, f"area {area} {what}", first, rest)
        ever |= passed
        percent = 100 * len(passed) / len(first)
        wrong |= percent >= MOST_PERCENT
        print(f"{area} {what}: {len(passed)} of {len(first)} pass, "
              f"{percent:.1f} %", flush=True)
    print("".join(f"    {name}\n" for name in sorted(ever)), flush=True)
    return wrong


def is_believed(lie, case):
    """Whether the honest adapter passes, and this one does not."""
    return judge.is_killed(RUNNER, case.spec, f"{ADAPTER} {lie}",
                           f"{ADAPTER} none", case.name)[0]


def measure_member(pool, owner, name, cases):
    """Returns whether a clause sees that this member is not called."""
    member, lie = f"{owner}.{name}", f"member {owner} {name} null"
    if member in NO_OPS:
        print(f"{member}: {NO_OPS[member]}", flush=True)
        return True
    area = next((a for a, types in cheat.AREAS.items() if owner in types), "")
    of_it = re.compile(rf"\.{name}\b|\"{name}\"")
    chosen = [case for case in cases if of_it.search(case.steps)]
    chosen.sort(key=lambda case: case.feature not in FEATURES.get(area, ()))
    for begin in range(0, len(chosen), 12):
        some = {case.name: case for case in chosen[begin:begin + 12]}
        for found, verdict in verdicts(pool, lie, some.values()).items():
            if verdict == "FAIL" and is_believed(lie, some[found]):
                print(f"{member}: seen by {found}", flush=True)
                return True
    print(f"{member}: NOT SEEN by {len(chosen)} clauses that use the name",
          flush=True)
    return False


def main():
    what, *names = sys.argv[1:]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        specs = judge.part_spec(ROOT / "conformance/spec", folder)
        cases = read_cases(specs, "--sparse")
        if what == "areas":
            all_cases = read_cases(specs)
            for area in names or FEATURES:
                wrong += measure_area(pool, area, cases, all_cases)
        else:
            for owner, name in members():
                for heir in HEIRS.get(owner, [owner]):
                    if not names or heir in names:
                        wrong += not measure_member(pool, heir, name, cases)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
