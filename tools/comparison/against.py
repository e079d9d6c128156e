# SPDX-License-Identifier: MIT
"""This run beside an earlier one: what became slower, and whether that is sure.

Samples of one round share whatever the machine did meanwhile, so a test of all
samples would be surer than it may be. A round counts as one observation: its
median. The test is Mann and Whitney's, exact and one-sided, on the old medians
made worse by the threshold: it asks whether the new ones are worse even so. Five
rounds of each run are the least that it can tell anything from. It cannot see
what all rounds of one run share, and with hundreds of rows one or another is
wrong by chance: measure again what it names.
"""
import collections
import functools
import math
import statistics

from comparison.samples import MEDIANS, PERCENTILES, SIZES, medians

ALPHA = .01
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


def compare(old, new, threshold):
    """Returns the Row of two records of the same thing."""
    before, after = medians(old), medians(new)
    middle, now = statistics.median(before), statistics.median(after)
    unit = next(iter(new["rounds"]))
    if unit in MEDIANS and unit not in SIZES:  # a rate: less is slower
        before, after = [1 / x for x in before], [1 / x for x in after]
        middle, now = 1 / middle, 1 / now
    if 1 / math.comb(len(before) + len(after), len(before)) > ALPHA:
        return Row(name(new), UNSURE, now / middle - 1, None)
    worse = p_greater([x * (1 + threshold) for x in before], after)
    better = p_greater([x * (1 + threshold) for x in after], before)
    verdict = (SLOWER if worse <= ALPHA else FASTER if better <= ALPHA else SAME)
    return Row(name(new), verdict, now / middle - 1, min(worse, better))


def positive(record):
    return all(each > 0 for each in medians(record))


def rows(old, new, threshold):
    """Of each thing that both runs have."""
    before = {key(record): record for record in old["records"]
              if positive(record)}
    return [compare(before[key(record)], record, threshold)
            for record in new["records"]
            if key(record) in before and positive(record)]


def print_all(found, threshold, loads):
    """loads: the load averages of both runs. Returns whether anything is
    slower."""
    print(f"\nBeside the earlier run (a change of more than "
          f"{threshold:.0%}, sure to {1 - ALPHA:.0%}; Mann-Whitney of the "
          "rounds' medians)\n")
    for verdict in (SLOWER, FASTER):
        for row in sorted((r for r in found if r.verdict == verdict),
                          key=lambda r: -abs(r.change)):
            print(f"  {verdict}  {row.name}: {row.change:+.0%} "
                  f"(p = {row.p:.2g})")
    counted = collections.Counter(row.verdict for row in found)
    print("  " + ", ".join(f"{counted[verdict]} {verdict}" for verdict in
                           (SLOWER, FASTER, SAME, UNSURE)))
    if counted[UNSURE]:
        print("  Of too few rounds nothing is sure, however large a change: "
              "leave out --quick, in both runs.")
    if max(loads) > BUSY:
        print(f"  The load average was {loads[0]:.1f} then and is {loads[1]:.1f} "
              "now: what all rounds of a run share may be other work.")
    return counted[SLOWER] > 0
