# SPDX-License-Identifier: MIT
"""This run beside an earlier one: what became slower, and whether that is sure.

Samples of one round share whatever the machine did meanwhile, so a test of all
samples would be surer than it may be. A round counts as one observation: its
median. The test is Mann and Whitney's, exact and one-sided, on the old medians
made worse by the threshold: it asks whether the new ones are worse even so. It
can tell something of two runs of five rounds, and not of two of four; where one
has fewer, the other needs more. A median is all that it looks at, not p99. It
cannot see what all rounds of one run share, and with hundreds of rows one or
another is wrong by chance: measure again what it names. What only the earlier
run has is not slower, but named.
"""
import collections
import functools
import math
import statistics

from comparison.samples import MEDIANS, PERCENTILES, SIZES, medians

ALPHA = .01
SAID_TWICE = ("mib_per_s",)  # by msgs_per_s
BUSY = 2.5  # as load average: a run itself accounts for up to two
SLOWER, FASTER, SAME, UNSURE = "slower", "faster", "same", "too few rounds"

Row = collections.namedtuple("Row", "name verdict change p")


@functools.lru_cache(maxsize=None)
def ways(m, n, u):
    """How many orders of m and n observations have Mann and Whitney's U."""
    if u < 0 or m < 0 or n < 0:
        return 0
    if m == 0 or n == 0:
        return u == 0
    return ways(m - 1, n, u - n) + ways(m, n - 1, u)


def p_greater(old, new):
    """How likely new would be this much greater by chance. A pair of equals is
    counted as if the old one were the greater: that is never too sure."""
    u = sum(before < after for before in old for after in new)
    m, n = len(old), len(new)
    above = sum(ways(m, n, each) for each in range(u, m * n + 1))
    return above / math.comb(m + n, m)


def identity(record):
    """Returns what was measured: all but the figures."""
    figures = tuple(f"{name}_" for name, _ in PERCENTILES)
    return {name: value for name, value in record.items()
            if name not in ("n", "rounds", *MEDIANS)
            and not name.startswith(figures)}


def key(record):
    return tuple(sorted(identity(record).items()))


def name(record):
    return " ".join(value if isinstance(value, str) else f"{field} {value}"
                    for field, value in identity(record).items())


def change(before, after):
    if before == after:
        return 0
    return after / before - 1 if before else math.inf


def compare(old, new, threshold, unit=None):
    """Returns the Row of two records of the same thing: of their first unit, or
    of another, which is then named."""
    what = f"{name(new)} {unit}" if unit else name(new)
    before, after = medians(old, unit), medians(new, unit)
    unit = unit or next(iter(new["rounds"]))
    if unit in MEDIANS and unit not in SIZES:  # a rate: less is slower
        before, after = ([1 / x if x else math.inf for x in each]
                         for each in (before, after))
    changed = change(statistics.median(before), statistics.median(after))
    if 1 / math.comb(len(before) + len(after), len(before)) > ALPHA:
        return Row(what, UNSURE, changed, None)
    worse = p_greater([x * (1 + threshold) for x in before], after)
    better = p_greater([x * (1 + threshold) for x in after], before)
    verdict = (SLOWER if worse <= ALPHA else FASTER if better <= ALPHA else SAME)
    return Row(what, verdict, changed, min(worse, better))


def rows(old, new, threshold):
    """Of each thing that both runs have, and each of its units."""
    before = {key(record): record for record in old["records"]}
    return [compare(before[key(record)], record, threshold,
                    unit if i > 0 else None)
            for record in new["records"] if key(record) in before
            for i, unit in enumerate(record["rounds"])
            if unit not in SAID_TWICE
            and unit in before[key(record)]["rounds"]]


def missing(old, new):
    """Returns the names of what only the earlier run has."""
    now = {key(record) for record in new["records"]}
    return [name(record) for record in old["records"] if key(record) not in now]


def notes(old, new, found):
    """Returns what makes the comparison less sure than it looks."""
    said = []
    if any(row.verdict == UNSURE for row in found):
        quick = old["options"].get("quick") or new["options"].get("quick")
        said.append("Of too few rounds nothing is sure, however large a change: "
                    + ("leave out --quick, in both runs." if quick else
                       "the seconds of a part were over before its rounds."))
    for when, run in (("the earlier", old), ("this", new)):
        if run["unoptimized"]:
            said.append(f"Of {when} run these were built without -c opt: "
                        f"{', '.join(run['unoptimized'])}.")
    if max(old["load"], new["load"]) > BUSY:
        said.append(f"The load average was {old['load']:.1f} then and is "
                    f"{new['load']:.1f} now: what all rounds of a run share may "
                    "be other work.")
    return said


def print_all(old, new, threshold):
    """Returns whether anything is slower."""
    found, gone = rows(old, new, threshold), missing(old, new)
    print(f"\nBeside the earlier run (a change of more than "
          f"{threshold:.0%}, sure to {1 - ALPHA:.0%}; Mann-Whitney of the "
          "rounds' medians)\n")
    for verdict in (SLOWER, FASTER):
        for row in sorted((r for r in found if r.verdict == verdict),
                          key=lambda r: -abs(r.change)):
            print(f"  {verdict}  {row.name}: {row.change:+.0%} "
                  f"(p = {row.p:.2g})")
    if old["options"] == new["options"]:  # else it may not be asked for
        print("".join(f"  missing  {each}\n" for each in gone), end="")
    counted = collections.Counter(row.verdict for row in found)
    print("  " + ", ".join(f"{counted[verdict]} {verdict}" for verdict in
                           (SLOWER, FASTER, SAME, UNSURE))
          + f", {len(gone)} missing")
    print("".join(f"  {note}\n" for note in notes(old, new, found)), end="")
    return counted[SLOWER] > 0
