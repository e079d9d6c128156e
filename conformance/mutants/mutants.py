# SPDX-License-Identifier: MIT
"""The mutants as they are written down in the *.mut files beside this one."""
import collections
import pathlib
import re

Mutant = collections.namedtuple(
    "Mutant", "name file case sentence old new place")

HEAD = re.compile(r"(lib/[\w/]+\.[ch]) · ([\w.-]+/[\w+]+)")


def fail(place, text):
    raise SystemExit(f"{place}: {text}")


def side_of(hunk, sign):
    """Returns the text of a hunk before ('-') or after ('+') the edit."""
    return "".join(line[1:] + "\n" for line in hunk if line[0] in (" ", sign))


def parse_one(place, block):
    name, head, sentence, *rest = block
    found = HEAD.fullmatch(head)
    if not found:
        fail(place, f"no 'lib/FILE · CLAUSE/METHOD' but '{head}'")
    hunk = [line[4:] for line in rest if line]
    for line in rest:
        if line and (line[:4] != "    " or line[4:5] not in ("-", "+", " ")):
            fail(place, f"no line of an edit: '{line}'")
    old, new = side_of(hunk, "-"), side_of(hunk, "+")
    if old == new:
        fail(place, f"{name} changes nothing")
    return Mutant(name, found[1], found[2], sentence, old, new, place)


def parse(path):
    """Returns the mutants of one file, in its order."""
    mutants, block = [], None
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines + ["### "], 1):
        if not line.startswith("### "):
            if block is not None:
                block.append(line)
            continue
        if block is not None:
            if len(block) < 5 or block[3] != "":
                fail(place, "no name, head, sentence, blank line and edit")
            mutants.append(parse_one(place, block))
        place, block = f"{path}:{number}", [line[4:]]
    return mutants


def parse_all(paths):
    """Returns the mutants of all files; no two have one name."""
    mutants = [mutant for path in sorted(paths) for mutant in parse(path)]
    names = collections.Counter(mutant.name for mutant in mutants)
    for mutant in mutants:
        if names[mutant.name] > 1:
            fail(mutant.place, f"another mutant is named {mutant.name}")
    return mutants


def apply(mutant, text):
    """Returns a file's text with the mutant's edit; what it changes is there
    exactly once, or the mutant has to be written anew."""
    count = ("\n" + text).count("\n" + mutant.old)
    if count != 1:
        fail(mutant.place, f"what {mutant.name} changes is in {mutant.file} "
                           f"{count} times, not once")
    return ("\n" + text).replace("\n" + mutant.old, "\n" + mutant.new)[1:]
