# SPDX-License-Identifier: MIT
"""Which start method to use on a machine, and why: one sentence, where the
methods break even, and what else each of them demands."""
from comparison.samples import find

METHODS = ("fork", "spawn", "forkserver")
# README.md has these at length.
HAZARDS = (
    "fork with threads: the child has copies of locks that no thread of it "
    "will release",
    "spawn, forkserver: brood_init comes first in main, targets are registered "
    "(BROOD_TARGET), and what they need is passed as arguments",
    "a set-uid program starts processes by fork only",
)


def duration(us):
    if us >= 1e6:
        return f"{us / 1e6:.1f} s"
    return f"{us / 1e3:.1f} ms" if us >= 1000 else f"{us:.0f} us"


def curves(records):
    """Returns {method: {MiB: record}} of Brood's, from start to joined."""
    return {method: {r["parent_mib"]: r for r in records
                     if find([r], bench="startup", impl="brood", end="joined",
                             method=method)}
            for method in METHODS}


def break_even(fork, other):
    """Returns from how many MiB on fork costs more: 0 if always, None if not
    even at the last size. Both are [(MiB, figure), ...] of the same sizes;
    between two of them a straight line holds, which suits what fork does."""
    more = [(mib, mine - theirs)
            for (mib, mine), (_, theirs) in zip(fork, other)]
    if more[-1][1] <= 0:
        return None
    below = [i for i, (_, difference) in enumerate(more) if difference <= 0]
    if not below:
        return 0
    (mib, less), (next_mib, greater) = more[below[-1]:below[-1] + 2]
    return mib + (next_mib - mib) * -less / (greater - less)


def medians(curve, sizes):
    return [(mib, curve[mib]["p50_us"]) for mib in sizes]


def rounds_of(record):
    """Returns {which round: median}."""
    return {each.get("round", i): each["p50"]  # older runs have no number
            for i, each in enumerate(record["rounds"]["us"], 1)}


def rounds_between(one, other, sizes):
    """Returns break_even of each round alone that has all sizes of both: how
    sure that of all is."""
    fork, rival = ({mib: rounds_of(curve[mib]) for mib in sizes}
                   for curve in (one, other))
    rounds = set.intersection(*map(set, (*fork.values(), *rival.values())))
    return [break_even(*([(mib, of[mib][number]) for mib in sizes]
                         for of in (fork, rival)))
            for number in sorted(rounds)]


def mib_text(mib):
    return f"{mib:.1f} MiB" if mib < 10 else f"{mib:.0f} MiB"


def break_even_text(method, fork, other, sizes):
    begin = f"{method} is cheaper than fork"
    found = break_even(medians(fork, sizes), medians(other, sizes))
    rounds = rounds_between(fork, other, sizes)
    spread = ""
    if len(rounds) > 1:
        ends = [float("inf") if each is None else each for each in rounds]
        low, high = (mib_text(end) if end != float("inf") else "never"
                     for end in (min(ends), max(ends)))
        spread = f" (single rounds: {low} to {high})"
    if found is None:
        return (f"{begin} never within what was measured, up to "
                f"{sizes[-1]} MiB{spread}")
    if found == 0:
        return f"{begin} even for the smallest parent that was measured{spread}"
    return f"{begin} once the parent holds {mib_text(found)}{spread}"


def for_size(all_curves, mib, machine):
    """The sentence about a parent of this size, which was measured."""
    costs = {method: curve[mib]["p50_us"]
             for method, curve in all_curves.items() if mib in curve}
    best, *others = sorted(costs, key=costs.get)
    rest = ", ".join(f"{method} {duration(costs[method])} "
                     f"({costs[method] / costs[best]:.1f} times)"
                     for method in others)
    return (f"Use {best} for a program that holds {mib} MiB on {machine}: it "
            f"starts and joins a process in {duration(costs[best])}"
            + (f"; {rest}." if rest else "."))


def for_any_size(all_curves, sizes, machine):
    """The sentence about all sizes: fork beside the cheaper of the others."""
    last = {method: curve[sizes[-1]]["p50_us"]
            for method, curve in all_curves.items()}
    rival = min(("spawn", "forkserver"), key=last.get)
    fork = medians(all_curves["fork"], sizes)
    other = medians(all_curves[rival], sizes)
    found = break_even(fork, other)
    why = (f"from {sizes[0]} to {sizes[-1]} MiB of the parent's memory a start "
           f"by fork takes {duration(fork[0][1])} to {duration(fork[-1][1])}, "
           f"by {rival} {duration(other[0][1])} to {duration(other[-1][1])}.")
    if found is None:
        return f"Use fork on {machine}: {why}"
    if found == 0:
        return f"Use {rival} on {machine}, whatever the program holds: {why}"
    return (f"Use fork on {machine} while the program holds less than "
            f"{mib_text(found)}, {rival} from there on: {why}")


def for_threads(all_curves, mib, threads, machine):
    """The sentence about a program that has several, and this memory: fork is
    none of the choices, whatever it costs."""
    others = {method: curve[mib]["p50_us"]
              for method, curve in all_curves.items() if method != "fork"}
    best, other = sorted(others, key=others.get)
    fork_us = all_curves["fork"][mib]["p50_us"]
    return (f"Use {best} for a program of {threads} threads on {machine}: of "
            f"those a fork copies only one, with the locks of all. It starts and "
            f"joins a process in {duration(others[best])}, {other} in "
            f"{duration(others[other])}, where fork would take "
            f"{duration(fork_us)}, for a parent of {mib} MiB.")


def lines(records, holds_mib=None, threads=1, machine="this machine"):
    """Returns the answer; the first line is the sentence."""
    all_curves = curves(records)
    sizes = sorted(set.intersection(*map(set, all_curves.values())))
    if not sizes:
        absent = [method for method in METHODS if not all_curves[method]]
        return ["No answer: nothing was measured of "
                + (", ".join(absent) or "the same size by every method")]
    if threads > 1:
        mib = holds_mib if holds_mib in sizes else sizes[0]
        said = [for_threads(all_curves, mib, threads, machine)]
    elif holds_mib in sizes:
        said = [for_size(all_curves, holds_mib, machine)]
    else:
        said = [for_any_size(all_curves, sizes, machine)]
    if holds_mib is not None and holds_mib not in sizes:
        said.append(f"A parent of {holds_mib} MiB was not measured.")
    said += [break_even_text(method, all_curves["fork"], all_curves[method],
                             sizes) for method in ("forkserver", "spawn")]
    return said + [f"Mind: {hazard}." for hazard in HAZARDS]
