# SPDX-License-Identifier: MIT
"""The tables of //tools:compare, and how the figures stand to their targets."""
import os

ENDS = ("first_instruction", "joined")
IMPLS = ("raw", "brood", "cpython", "billiard")
# What each method is measured against, and the method's rows.
BASELINES = {"fork": "fork", "forkserver": "fork", "spawn": "posix_spawn"}

# Brood's joined figure at parent_mib, over another figure: at most this much.
AT_MOST = (
    # (method, parent_mib), (impl, method, parent_mib), limit
    (("fork", 0), ("raw", "fork", 0), 1.25),
    (("spawn", 0), ("raw", "posix_spawn", 0), 1.15),
    (("forkserver", 0), ("raw", "fork", 0), 1.5),
    (("forkserver", 1024), ("brood", "forkserver", 0), 1.1),
)
# CPython's joined figure over Brood's: at least this much.
AT_LEAST = (("fork", 8), ("forkserver", 40), ("spawn", 30))


class Figures:
    def __init__(self, records):
        self.records = records
        self.by_key = {(r["impl"], r["method"], r["end"], r["parent_mib"]): r
                       for r in records}

    def p50(self, impl, method, parent_mib=0, end="joined"):
        record = self.by_key.get((impl, method, end, parent_mib))
        return record["p50_us"] if record else None

    def subjects(self):
        """Returns (impl, method, baseline), by method, raw calls first."""
        seen = {(r["impl"], r["method"]) for r in self.records}
        rows = []
        for method, baseline in BASELINES.items():
            if method != "forkserver":  # it shares its baseline with fork
                rows.append(("raw", baseline, baseline))
            rows += [(impl, method, baseline) for impl in IMPLS[1:]]
        return [row for row in rows if row[:2] in seen]


def us(number):
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def ratio(number, base):
    return f"{number / base:.2f}" if number and base else "-"


def print_methods(figures):
    print("An empty parent; microseconds; "
          "ratios are of medians, start to joined\n")
    print(f"{'':22}{'first instruction':^24}{'joined':^24}{'times':>8}"
          f"{'times':>8}")
    columns = "".join(f"{name:>8}" for name in ("p50", "p90", "p99") * 2)
    print(f"{'':22}{columns}{'raw':>8}{'Brood':>8}")
    above = "fork"
    for impl, method, baseline in figures.subjects():
        own = "spawn" if method == "posix_spawn" else method
        if own != above:
            print()
        above = own
        cells = ""
        for end in ENDS:
            record = figures.by_key.get((impl, method, end, 0), {})
            cells += "".join(f"{us(record.get(name)):>8}"
                             for name in ("p50_us", "p90_us", "p99_us"))
        joined = figures.p50(impl, method)
        print(f"{impl:<10}{method:<12}{cells}"
              f"{ratio(joined, figures.p50('raw', baseline)):>8}"
              f"{ratio(joined, figures.p50('brood', own)):>8}")


def print_sizes(figures):
    sizes = sorted({r["parent_mib"] for r in figures.records})
    if len(sizes) < 2:
        return
    print("\nA parent that holds memory; medians in microseconds; "
          "n is that of the largest\n")
    head = "".join(f"{f'{mib} MiB':>10}" for mib in sizes)
    print(f"{'':22}{'':<19}{head}{'growth':>9}{'n':>7}")
    for end in ENDS:
        for impl, method, _ in figures.subjects():
            last = figures.by_key.get((impl, method, end, sizes[-1]))
            if not last:
                continue
            row = [figures.p50(impl, method, mib, end) for mib in sizes]
            cells = "".join(f"{us(number):>10}" for number in row)
            print(f"{impl:<10}{method:<12}{end.replace('_', ' '):<19}{cells}"
                  f"{ratio(row[-1], row[0]):>9}{last['n']:>7}")


def print_target(text, value, base, limit, at_most):
    if not value or not base:
        print(f"  not measured  {text}")
        return
    met = value / base <= limit if at_most else value / base >= limit
    word = "at most" if at_most else "at least"
    print(f"  {'met   ' if met else 'missed'}  {text}: {value / base:.2f}"
          f" ({word} {limit:g}; {us(value)} over {us(base)} us)")


def print_targets(figures):
    print("\nTargets (medians, start to joined, this run)\n")
    for (method, mib), other, limit in AT_MOST:
        held = f" at {mib} MiB" if mib else ""
        name = f"{other[0]} {other[1]}"
        if other == ("brood", method, 0):
            name = "its own with an empty parent"
        print_target(f"brood {method}{held} / {name}",
                     figures.p50("brood", method, mib), figures.p50(*other),
                     limit, True)
    for method, limit in AT_LEAST:
        print_target(f"cpython {method} / brood {method}",
                     figures.p50("cpython", method),
                     figures.p50("brood", method), limit, False)


def print_notes(samples):
    notes = [f"absent: {name}: {reason}"
             for name, reason in samples.absent.items()]
    notes += [f"{impl} {version}"
              for impl, version in samples.versions.items()]
    if not samples.optimized:
        notes.append("//bench:startup was built without -c opt; "
                     "its figures say little")
    load = os.getloadavg()[0]
    if load > 1.5:  # this program itself accounts for about one
        notes.append(f"load average {load:.1f}: the machine does other work; "
                     "trust ratios more than figures")
    print("\n" + "\n".join(f"  {note}" for note in notes))


def print_all(records, samples):
    figures = Figures(records)
    print_methods(figures)
    print_sizes(figures)
    print_targets(figures)
    print_notes(samples)
