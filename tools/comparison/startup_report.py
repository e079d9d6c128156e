# SPDX-License-Identifier: MIT
"""The tables about starting processes, and how the figures stand to their
targets."""
from comparison.samples import find
from comparison.table import figure, noise_text, print_target, ratio

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

    def p50(self, impl, method, parent_mib=0, end="joined"):
        return self.find(impl, method, parent_mib, end).get("p50_us")

    def find(self, impl, method, parent_mib, end):
        return find(self.records, bench="startup", impl=impl, method=method,
                    end=end, parent_mib=parent_mib)

    def subjects(self):
        """Returns (impl, method, baseline), by method, raw calls first."""
        seen = {(r["impl"], r["method"]) for r in self.records
                if r["bench"] == "startup"}
        rows = []
        for method, baseline in BASELINES.items():
            if method != "forkserver":  # it shares its baseline with fork
                rows.append(("raw", baseline, baseline))
            rows += [(impl, method, baseline) for impl in IMPLS[1:]]
        return [row for row in rows if row[:2] in seen]


def print_methods(figures):
    print("An empty parent; microseconds; "
          "ratios are of medians, start to joined\n")
    print(f"{'':22}{'first instruction':^24}{'joined':^24}{'times':>8}"
          f"{'times':>8}")
    columns = "".join(f"{name:>8}" for name in ("p50", "p90", "p99") * 2)
    print(f"{'':22}{columns}{'raw':>8}{'Brood':>8}  noise")
    above = "fork"
    for impl, method, baseline in figures.subjects():
        own = "spawn" if method == "posix_spawn" else method
        if own != above:
            print()
        above = own
        cells = ""
        row = [figures.find(impl, method, 0, end) for end in ENDS]
        for record in row:
            cells += "".join(f"{figure(record.get(name)):>8}"
                             for name in ("p50_us", "p90_us", "p99_us"))
        joined = figures.p50(impl, method)
        print(f"{impl:<10}{method:<12}{cells}"
              f"{ratio(joined, figures.p50('raw', baseline)):>8}"
              f"{ratio(joined, figures.p50('brood', own)):>8}  "
              + noise_text(*row))


def print_others(figures):
    """What many at once cost each, and what memory a child has."""
    sizes = sorted({r["parent_mib"] for r in figures.records
                    if r["bench"] == "memory"})
    if not sizes:
        return
    print("\nSixteen at once, start to joined, the share of each in "
          "microseconds, and times one alone;\nmemory that only a child has, "
          "and its part of what it shares as well (Pss), in KiB\n")
    print(f"{'':22}{'burst':>10}{'times':>8}"
          + "".join(f"{f'parent {mib} MiB':>18}" for mib in sizes))
    print(f"{'':22}{'p50':>10}{'alone':>8}"
          + f"{'own':>9}{'Pss':>9}" * len(sizes) + "  noise")
    for impl, method, _ in figures.subjects():
        what = {"impl": impl, "method": method}
        burst = find(figures.records, bench="burst", **what)
        cells = ""
        row = [find(figures.records, bench="memory", parent_mib=mib, **what)
               for mib in sizes]
        for record in row:
            cells += "".join(f"{figure(record.get(name)):>9}"
                             for name in ("private_kib", "pss_kib"))
        print(f"{impl:<10}{method:<12}{figure(burst.get('p50_us')):>10}"
              f"{ratio(burst.get('p50_us'), figures.p50(impl, method)):>8}"
              f"{cells}  {noise_text(burst, *row)}")


def print_linkages(figures):
    """What the dynamic linker has to do costs each child of a spawn."""
    seen = dict.fromkeys(r["linkage"] for r in figures.records
                         if r["bench"] == "linkage")
    if not seen:
        return
    print("\nHow the program of a spawned child is linked; start to joined, "
          "microseconds, and times the first\n")
    print(f"{'':22}{'raw posix_spawn':^24}{'brood spawn':^24}")
    columns = "".join(f"{name:>8}" for name in ("p50", "p99", "times") * 2)
    print(f"{'':22}{columns}  noise")
    first = {}
    for linkage in seen:
        cells = ""
        row = {impl: find(figures.records, bench="linkage", impl=impl,
                          linkage=linkage) for impl in ("raw", "brood")}
        for impl, record in row.items():
            p50 = record.get("p50_us")
            cells += (f"{figure(p50):>8}{figure(record.get('p99_us')):>8}"
                      f"{ratio(p50, first.setdefault(impl, p50)):>8}")
        print(f"{linkage:<22}{cells}  {noise_text(*row.values())}")


def print_sizes(figures):
    sizes = sorted({r["parent_mib"] for r in figures.records
                    if r["bench"] == "startup"})
    if len(sizes) < 2:
        return
    print("\nA parent that holds memory; microseconds; n is that of the largest, "
          "noise that of all\n")
    head = "".join(f"{f'{mib} MiB':>10}" for mib in sizes)
    print(f"{'':22}{'':<23}{head}{'growth':>9}{'n':>7}  noise")
    for end in ENDS:
        for impl, method, _ in figures.subjects():
            row = [figures.find(impl, method, mib, end) for mib in sizes]
            if sum(map(bool, row)) > 1:
                print_size_rows(f"{impl:<10}{method:<12}"
                                f"{end.replace('_', ' '):<19}", row)


def print_size_rows(name, row):
    for field in ("p50_us", "p99_us"):
        values = [record.get(field) for record in row]
        cells = "".join(f"{figure(number):>10}" for number in values)
        print(f"{name:<41}{field[:3]:<4}{cells}"
              f"{ratio(values[-1], values[0]):>9}"
              + (f"{row[-1].get('n', '-'):>7}  {noise_text(*row)}"
                 if name else ""))
        name = ""


def print_targets(figures):
    print("\nTargets (medians, start to joined, this run)\n")
    for (method, mib), other, limit in AT_MOST:
        held = f" at {mib} MiB" if mib else ""
        name = f"{other[0]} {other[1]}"
        if other == ("brood", method, 0):
            name = "its own with an empty parent"
        print_target(f"brood {method}{held} / {name}",
                     [("", figures.p50("brood", method, mib),
                       figures.p50(*other))], limit, True, "us")
    for method, limit in AT_LEAST:
        print_target(f"cpython {method} / brood {method}",
                     [("", figures.p50("cpython", method),
                       figures.p50("brood", method))], limit, False, "us")


def print_all(records):
    figures = Figures(records)
    print("Starting processes\n")
    print_methods(figures)
    print_others(figures)
    print_linkages(figures)
    print_sizes(figures)
    print_targets(figures)
